"""What the doctor looks at, and what it finds. A question is a function from a Patient to findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, make_url

from donations.config import Settings

CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `level` is ok, warning or fault. Only a fault fails the command."""

    level: str
    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Patient:
    """An installation whose settings can be read. `at` is the moment of the examination, `env_file` the .env file that
    they come from, if there is one."""

    settings: Settings
    app: Flask
    at: datetime
    env_file: Path | None = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of our own, which creates no file and does not wait. Raises SQLAlchemyError."""
        url = make_url(self.settings.database_url)
        kinds: dict[str, dict[str, Any]] = {
            "sqlite": {"timeout": CONNECT_SECONDS},
            "postgresql": {"connect_timeout": CONNECT_SECONDS, "options": "-c statement_timeout=10s"},
        }
        engine = create_engine(url, connect_args=kinds[url.get_backend_name()])
        try:
            with engine.connect() as conn:
                yield conn
        finally:
            engine.dispose()


def at_most(parts: Sequence[str], most: int = 5) -> str:
    """A list for one line: the first few, and how many there are beside them."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more
