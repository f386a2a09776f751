"""What an account remembers of its CSV and QIF files: what a person entered, and what a file showed for certain. A
guess is made again for every file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from donations.reconciliation.readers import ColumnMap, Memory, ReadStatements, column_maps

DETAILS = frozenset({"dates", "decimal", "currency", "delimiter"})
Kept = Mapping[str, Any]


def opened(kept: Kept | None) -> Memory:
    """The memory of an account. Rows stored before guesses and a person's answers were kept apart have neither part."""
    if not kept:
        return Memory()
    if not {"said", "told", "qif"} & set(kept):
        return _older(kept)
    return Memory(*(_made(kept.get(part)) for part in ("said", "older", "told", "qif")))


def after(kept: Kept | None, read: ReadStatements, given: Mapping[str, object] | None) -> dict[str, Any] | None:
    """What to remember after importing a file for which a person entered `given`."""
    if read.format not in ("CSV", "QIF"):
        return dict(kept) if kept else None
    memory: dict[str, Any] = dict(kept or {})
    if memory and not {"said", "told", "qif"} & set(memory):
        older = _older(kept or {})
        memory = {"told": _json(older.told), "older": _json(older.older)}
    part = "said" if read.format == "CSV" else "qif"
    if given:
        before = memory.get(part) if set(given) <= DETAILS or part == "qif" else None
        said = column_maps.made(given, _made(before))
        memory[part] = said.as_json()
        if part == "said" and said.is_complete:
            memory.pop("older", None)
    memory["told"] = {**(memory.get("told") or {}), **read.told}
    return {name: value for name, value in memory.items() if value} or None


def _older(kept: Kept) -> Memory:
    """A map kept by an earlier version. Where the file did not tell, it kept a day order and a decimal sign by default:
    those are not believed."""
    columns = column_maps.made(kept)
    told = {
        word: value
        for word, value in (("dates", columns.dates), ("decimal", columns.decimal))
        if value not in ("", "ymd", ".")
    }
    columns = column_maps.made({"dates": "", "decimal": "", "bank": ""}, columns)
    return Memory(older=None if kept.get("bank") else columns, told=_made(told))


def _made(kept: Kept | None) -> ColumnMap | None:
    return column_maps.made(kept) if kept else None


def _json(columns: ColumnMap | None) -> dict[str, object]:
    return columns.as_json() if columns else {}
