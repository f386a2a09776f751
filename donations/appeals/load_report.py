"""The result of loading an appeals file, as text for a person and as fields for a machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of the database ("appeal kurmanov") and the names of what was changed in it."""

    what: str
    fields: tuple[str, ...]


@dataclass(slots=True)
class LoadReport:
    """What was created, changed and left as it was, and what the file asks for that a load does not do."""

    created: list[str] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wordings: list[str] = field(default_factory=list)  # "appeal: version", where earlier donations keep another one

    @property
    def did_anything(self) -> bool:
        return bool(self.created or self.changed)

    def lines(self) -> list[str]:
        """One line for each thing, for the terminal."""
        return [
            *(f"created    {what}" for what in self.created),
            *(f"changed    {change.what}: {', '.join(change.fields)}" for change in self.changed),
            *(f"unchanged  {what}" for what in self.unchanged),
            *(f"note       {note}" for note in self.notes),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "changed": [{"what": change.what, "fields": list(change.fields)} for change in self.changed],
            "unchanged": self.unchanged,
            "notes": self.notes,
        }
