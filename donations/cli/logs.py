"""How the lines of the log look, in every process: each with its time in UTC, and with the number of the request that
it is about. LOG_FORMAT says whether they are for people (text) or for programs (json, an object in each line)."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from donations import config
from donations.web import request_id


def set_up() -> None:
    """Send log lines to standard error. Raises BadSetting for a LOG_FORMAT that is none."""
    handler = logging.StreamHandler()
    handler.setFormatter(_FORMATTERS[config.log_format()]())
    handler.addFilter(_with_request)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("stripe", "alembic"):  # They would log every address that is asked, and every look at the tables.
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_request(record: logging.LogRecord) -> bool:
    """Add what is being answered to the record, as `request_id` and `route`."""
    record.request_id, record.route = request_id.current(), request_id.route()
    return True


class _Text(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        number = getattr(record, "request_id", None)
        return f"{line} [request {number}]" if number else line


class _Json(JsonFormatter):
    def __init__(self) -> None:
        names = {"levelname": "level", "name": "logger", "exc_info": "traceback"}
        super().__init__(["levelname", "name", "message", "request_id", "route"], rename_fields=names)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """The time first, as in ISO 8601, and nothing that is not there."""
        moment = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        super().add_fields(log_data, record, message_dict)
        for name in ("request_id", "route"):
            if log_data.get(name) is None:
                log_data.pop(name, None)


_FORMATTERS = {"text": _Text, "json": _Json}
