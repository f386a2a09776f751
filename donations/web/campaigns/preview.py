"""The parts of a preview where supporters would type: a form that cannot be sent, and no messages."""

from __future__ import annotations

from dataclasses import dataclass, field

from donations.models import Appeal, Organisation


@dataclass(frozen=True, slots=True)
class Blank:
    """A field of the form with nothing in it."""

    name: str
    data: str = ""
    errors: tuple[str, ...] = ()


class NoDonation:
    """The form of an appeal as its template asks for it."""

    is_typed = False
    wants_updates = False
    summary: tuple[tuple[str, str], ...] = ()

    def __init__(self, appeal: Appeal) -> None:
        offered = Organisation.get().offered_currencies
        self.appeal = appeal
        self.currencies = [appeal.currency, *(code for code in offered if code != appeal.currency)]
        self._data = {"currency": appeal.currency, "interval": "once", "display": "secret"}

    def __getattr__(self, name: str) -> Blank:
        return Blank(name, self._data.get(name, ""))

    def __getitem__(self, name: str) -> Blank:
        return Blank(name, self._data.get(name, ""))


@dataclass(frozen=True, slots=True)
class NoMessages:
    messages: tuple[str, ...] = field(default=())
    newer: None = None
    older: None = None
