"""Before a command works with data, the keys of DATA_KEY are held against what the database knows of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from donations import data_keys
from donations.database import snapshot, write_unit
from donations.errors import DataKeyMissing, WrongDataKey

_MARK = "_proves_keys"


def prove_keys() -> None:
    """Record keys that the database does not know yet. Raises WrongDataKey or DataKeyMissing, a sentence for a person.
    A database that is away is no fault here: who needs it says so, and nothing is sealed before it was asked."""
    file = current_app.config["SETTINGS"].database_file
    if file is not None and not file.exists():
        return  # To ask would make it.
    with suppress(OperationalError):
        with snapshot() as conn:
            if data_keys.is_recorded(conn):
                return
        with write_unit() as conn:
            data_keys.record(conn, at=datetime.now(UTC))


def refuse_wrong_keys(app: Flask) -> None:
    """The same at the start of a web process, which records nothing. Tables that are away or of another version are for
    others to say. Raises SystemExit with the sentence."""
    try:
        file = app.config["SETTINGS"].database_file
        if file is not None and not file.exists():
            return
        with app.app_context(), suppress(OperationalError), snapshot() as conn:
            data_keys.is_recorded(conn)
    except (WrongDataKey, DataKeyMissing) as fault:
        raise SystemExit(str(fault)) from fault


def guarded(command: click.Command) -> click.Command:
    """The command, which proves the keys first. Of a group, each of its commands."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            guarded(inner)
    elif not hasattr(command, _MARK) and command.callback is not None:
        work = command.callback

        @with_appcontext
        @wraps(work)
        def proved(*args: Any, **kwargs: Any) -> Any:
            prove_keys()
            return work(*args, **kwargs)

        command.callback = proved
        setattr(command, _MARK, True)
    return command
