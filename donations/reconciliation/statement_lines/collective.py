"""A collective entry and its parts are one money, in either order: the entry comes with camt.053, its parts with
camt.054 or a camt.052. The number of the entry decides, and the amount; else its day and amount."""

from __future__ import annotations

from collections.abc import Iterable

from donations.reconciliation.readers import ReadLine
from donations.reconciliation.readers.types import Entry
from donations.reconciliation.statement_lines import details, evidence
from donations.reconciliation.statement_lines.evidence import Here
from donations.reconciliation.statement_lines.held import MOVED, Held

Places = list[tuple[int, ReadLine]]


def claim(held: Held) -> None:
    """Find the parts of entries that are here, and the entries whose parts are here."""
    for entry, places in _entries(held):
        _parts_of_a_line(held, entry, places) or _parts_of_parts(held, entry, places)
    _wholes(held)


def _entries(held: Held) -> Iterable[tuple[Entry, Places]]:
    """The entries of the file whose parts are not all found, each with those parts."""
    found: dict[int, tuple[Entry, Places]] = {}
    for place, line in held.left.items():
        if line.entry is not None:
            found.setdefault(id(line.entry), (line.entry, []))[1].append((place, line))
    return list(found.values())


def _parts_of_a_line(held: Held, entry: Entry, places: Places) -> bool:
    """The parts come to a line that is here."""
    ref = held.ref(entry)
    line = places[0][1]
    if ref:
        named = held.numbered([held.hashes.number(ref)]).get(held.hashes.number(ref), [])
        wholes = [here for here in named if _is(here, line, entry.minor)]
        if len(wholes) == 1 and not _is_part(held, wholes[0]):
            return _know(held, places, wholes[0])
        if len(named) == 1 and not _is_part(held, named[0]):
            return _doubt(held, places, named[0], "entry")
    wholes = [here for here in held.strays.values() if _is(here, line, entry.minor) and not _is_part(held, here)]
    if len(wholes) == 1 and _names_nobody(held, wholes[0]) and not (ref and "number" in held.kinds(wholes[0])):
        return _know(held, places, wholes[0])
    return bool(wholes) and _doubt(held, places, wholes[0], "twin")


def _parts_of_parts(held: Held, entry: Entry, places: Places) -> bool:
    """The same parts are stored with other texts: each is the one of its amount."""
    group = _group(held, entry, places[0][1])
    group = [here for here in group if here.id not in held.claimed]
    if not group:
        return False
    if sorted(here.amount_minor for here in group) != sorted(line.amount.minor for _, line in places):
        return _doubt(held, places, group[0], "entry")
    for place, line in places:
        fitting = [here for here in group if here.amount_minor == line.amount.minor]
        wanted = details.words(details.of_line(line))
        best = max(fitting, key=lambda here: len(details.words(held.said(here)) & wanted))
        group.remove(best)
        held.know(place, best)
    return True


def _wholes(held: Held) -> None:
    """Lines of the file whose parts are here."""
    totals = {
        place: (line, held.hashes.total(line, line.amount.minor))
        for place, line in held.left.items()
        if line.entry is None
    }
    refs = {
        place: held.hashes.number(number)
        for place, (line, _) in totals.items()
        if (number := held.number(line)) and not evidence.is_counter(number)
    }
    by_ref = evidence.found(held.conn, "entry", refs.values())
    by_total = evidence.found(held.conn, "total", (total for _, total in totals.values()))
    doubts: list[tuple[int, Here]] = []
    for place, (line, total) in totals.items():
        named = [here for here in by_ref.get(refs.get(place, b""), []) if _is_near(line, here)]
        group = [here for here in named or by_total.get(total, []) if here.id not in held.claimed]
        is_certain = bool(named) or not (line.name or line.account or place in refs)
        if group and is_certain and sum(here.amount_minor for here in group) == line.amount.minor:
            for here in group[1:]:
                held.claimed.setdefault(here.id, place)
            held.know(place, group[0], "whole")
        elif group:
            doubts.append((place, group[0]))
    for place, here in doubts:
        held.doubt(place, here, "entry")


def _group(held: Held, entry: Entry, line: ReadLine) -> list[Here]:
    number = held.ref(entry)
    kind, hashed = ("entry", held.hashes.number(number)) if number else ("total", held.hashes.total(line, entry.minor))
    return evidence.found(held.conn, kind, [hashed]).get(hashed, [])


def _is_near(line: ReadLine, here: Here) -> bool:
    return abs(line.booked_on - here.booked_on) <= MOVED


def _is(here: Here, line: ReadLine, minor: int) -> bool:
    same_money = (here.amount_minor, here.currency) == (minor, line.amount.currency)
    return bool(same_money and here.booked_on == line.booked_on)


def _is_part(held: Held, here: Here) -> bool:
    return "total" in held.kinds(here)


def _names_nobody(held: Held, here: Here) -> bool:
    said = held.said(here)
    return not held.is_locked(here) and not said.get("name") and not said.get("account")


def _know(held: Held, places: Places, whole: Here) -> bool:
    for place, line in places:
        held.know(place, whole, "same" if line.amount.minor == whole.amount_minor else "part")
    return True


def _doubt(held: Held, places: Places, here: Here, reason: str) -> bool:
    for place, _ in places:
        held.doubt(place, here, reason)
    return True
