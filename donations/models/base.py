"""The column types and the row identity that all models share. No table is defined here."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Index, Integer, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from donations.extensions import db

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """What the type checker sees of db.Model, whose class is only made when the program runs."""
else:
    Model = db.Model

MAX_ID = 2**63 - 1  # What is larger is no row's number, and no database takes it.
BigInt = BigInteger().with_variant(Integer, "sqlite")
# None is NULL, so that NOT NULL means something; otherwise it would be stored as JSON null.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite has no zones, so there it is stored naive and returned aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "times are aware"
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    """A named CHECK that the column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def not_under_offline_key(table: str) -> Index:
    """The rows of a table that the offline key has not sealed yet, for the job that does it."""
    sqlite, postgresql = text("under_offline_key = 0"), text("NOT under_offline_key")
    return Index(f"ix_{table}_not_under_offline_key", "id", sqlite_where=sqlite, postgresql_where=postgresql)


def new_id() -> int:
    """A row's id that needs no round trip to the database: milliseconds since 1970, then 21 random bits (63 in all)."""
    return (time.time_ns() // 1_000_000) << 21 | secrets.randbits(21)


def least_id(moment: datetime) -> int:
    """The least id that new_id makes from that moment on."""
    return int(moment.timestamp() * 1000) << 21


_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def new_reference() -> str:
    """A reference of ours for the outside world: 20 characters, 98 random bits, none that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def new_link() -> str:
    """What opens a page of one thing, in a signed link: 128 random bits, as 22 characters."""
    return secrets.token_urlsafe(16)


def new_opaque_id() -> str:
    """A short name for the outside world that says nothing: 12 characters, 58 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))
