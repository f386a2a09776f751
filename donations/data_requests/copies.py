"""A copy of what is kept of a person, for machines: JSON whose names are those of the pages."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from donations.data_requests.lookup import Kept
from donations.money import Money

_OURS = ("id",)  # numbers of rows, which are of no use to a reader


def as_json(kept: Kept) -> dict[str, Any]:
    """Everything of it as plain values: days and moments in ISO 8601 (UTC), amounts in minor units with currency."""
    plain: dict[str, Any] = _plain(kept)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if is_dataclass(value):
        names = (one.name for one in fields(value) if one.name not in _OURS)
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.isoformat() if isinstance(value, datetime | date) else value
