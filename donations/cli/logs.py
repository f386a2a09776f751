"""How the lines of the log look, in every process: each with its time in UTC."""

from __future__ import annotations

import logging
import time


def set_up() -> None:
    """Send log lines to standard error, with their time."""
    lines = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    lines.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(lines)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("stripe", "alembic"):  # They would log every address that is asked, and every look at the tables.
        logging.getLogger(name).setLevel(logging.WARNING)
