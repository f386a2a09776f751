"""The shape that every query of the to-do list has, so that they can be put together into one. The rows themselves are
in clearing_balances.py and waiting_by_state.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Select, Table, Text, and_, bindparam, cast, exists, literal, null, select
from sqlalchemy.sql.elements import ColumnElement

from donations import models
from donations.models.base import BigInt, UtcDateTime

_match: Table = models.Match.__table__  # type: ignore[assignment]
_dismissal: Table = models.Dismissal.__table__  # type: ignore[assignment]


def items(
    kind: str, ref: Any, *, place: Any = None, note: Any = None, minor: Any = None, currency: Any = None,
    since: Any = None, on_day: Any = None, due_by: Any = None,
) -> Select[Any]:  # fmt: skip
    """Items of a kind: `ref` names each, `place` the thing whose page it leads to (itself, if not said), `note` is a
    detail for the reader, `since` or `on_day` is when it began to wait."""
    return select(
        literal(kind).label("kind"),
        cast(ref, Text).label("ref"),
        cast(ref if place is None else place, Text).label("place"),
        (cast(null(), Text) if note is None else cast(note, Text)).label("note"),
        (cast(null(), BigInt) if minor is None else cast(minor, BigInt)).label("minor"),
        (cast(null(), Text) if currency is None else currency).label("currency"),
        (cast(null(), UtcDateTime) if since is None else since).label("since"),
        (cast(null(), Date) if on_day is None else on_day).label("on_day"),
        (cast(null(), UtcDateTime) if due_by is None else due_by).label("due_by"),
    )


def matched(kind: str, target: Any) -> ColumnElement[bool]:
    """Whether a statement line is matched to the thing."""
    return exists().where(_match.c.kind == kind, _match.c.target == cast(target, Text), _match.c.state == "confirmed")


def line_matched(line_id: Any, kind: str | None = None) -> ColumnElement[bool]:
    """Whether a statement line is matched, or matched as that."""
    said = [_match.c.statement_line_id == line_id, _match.c.state == "confirmed"]
    return exists().where(*said, *([_match.c.kind == kind] if kind else []))


def not_dismissed(kind: str, ref: Any) -> ColumnElement[bool]:
    return ~exists().where(and_(_dismissal.c.kind == kind, _dismissal.c.ref == cast(ref, Text)))


def dismissed_since(kind: str, ref: Any, moment: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(_dismissal.c.kind == kind, _dismissal.c.ref == cast(ref, Text), _dismissal.c.at > moment)


def moment(name: str) -> ColumnElement[Any]:
    """A moment that the list is told."""
    return bindparam(name, type_=UtcDateTime)


def day(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Date)
