"""What is left over on both sides and looks alike: the bank may have changed a word, a day or a number, or another
format describes the same money. A person decides; only text that a bank has added needs no decision."""

from __future__ import annotations

from datetime import date, timedelta

from donations.reconciliation.readers import ReadLine
from donations.reconciliation.statement_lines import details
from donations.reconciliation.statement_lines.evidence import Here, is_counter, number_of
from donations.reconciliation.statement_lines.held import SHIFTED, Held

# Files that tell only what has happened since the last one.
INCREMENTS = ("camt.052", "camt.054", "MT942")


def doubt(held: Held) -> None:
    """Put the lines of the file that look like lines which are here before a person: first those of the same day, then
    those with the same counter."""
    if not held.left or not (held.strays or held.renumbered):
        return
    covered = _covered(held)
    by_amount: dict[tuple[int, str], list[Here]] = {}
    for here in held.strays.values():
        by_amount.setdefault((here.amount_minor, here.currency), []).append(here)
    for find in (_twin, _renumbered, _moved):
        for place, line in list(held.left.items()):
            strays = by_amount.get((line.amount.minor, line.amount.currency), [])
            found = find(held, place, line, strays, covered)
            if found is not None and found in strays:
                strays.remove(found)


def _twin(held: Held, place: int, line: ReadLine, strays: list[Here], covered: frozenset[date]) -> Here | None:
    alike = [here for here in strays if here.booked_on == line.booked_on and _is_twin(held, line, here, covered)]
    if not alike:
        return None
    here = max(alike, key=lambda one: _likeness(held, line, one))
    if len(alike) == 1 and _says_more(held, line, here, covered):
        held.know(place, here)
    else:
        held.doubt(place, here, "twin")
    return here


def _renumbered(held: Held, place: int, line: ReadLine, strays: list[Here], covered: frozenset[date]) -> Here | None:
    here = held.renumbered.get(place)
    if here is None or here.id in held.claimed:
        return None
    held.doubt(place, here, "number")
    return here


def _moved(held: Held, place: int, line: ReadLine, strays: list[Here], covered: frozenset[date]) -> Here | None:
    here = next((here for here in strays if _has_moved(held, line, here, covered)), None)
    if here is not None:
        held.doubt(place, here, "moved")
    return here


def _covered(held: Held) -> frozenset[date]:
    """The days that the file surely covers completely: those inside it, and those of lines that it shares with stored
    ones. A file of increments covers none."""
    if held.form in INCREMENTS:
        return frozenset()
    inside = {held.first + timedelta(days=number) for number in range(1, (held.last - held.first).days)}
    return frozenset(inside | {held.lines[place].booked_on for place in held.claimed.values()})


def _is_twin(held: Held, line: ReadLine, here: Here, covered: frozenset[date]) -> bool:
    if held.family != held.family_of(here) or here.booked_on in covered:
        return True
    return bool(_likeness(held, line, here)) and not _differ(held, line, here)


def _differ(held: Held, line: ReadLine, here: Here) -> bool:
    """Whether the bank itself distinguishes them: by numbers of one kind that differ, and different people too. Some
    banks renumber whenever a file is fetched, so numbers alone are not enough."""
    said, now = held.said(here), details.of_line(line)
    theirs, ours = number_of(str(said.get("native_id", ""))), number_of(line.native_id)
    if theirs == ours or not _says_which(theirs) or not _says_which(ours) or held.family != held.family_of(here):
        return False
    return not details.is_same_party(said, now)


def _says_which(number: str) -> bool:
    return bool(number) and not is_counter(number)


def _says_more(held: Held, line: ReadLine, here: Here, covered: frozenset[date]) -> bool:
    """Whether the bank has only added words, in a file that would also hold the shorter line if it were another one."""
    said, now = held.said(here), details.of_line(line)
    both_numbered = number_of(str(said.get("native_id", ""))) and number_of(line.native_id)
    if both_numbered or held.family != held.family_of(here) or here.booked_on not in covered:
        return False
    return bool(details.words(said)) and details.words(said) <= details.words(now)


def _has_moved(held: Held, line: ReadLine, here: Here, covered: frozenset[date]) -> bool:
    away = abs(line.booked_on - here.booked_on)
    if not timedelta() < away <= SHIFTED or here.booked_on not in covered:
        return False
    if held.is_locked(here):
        return True
    said = held.said(here)
    return any(details.folded(said)) and details.folded(said) == details.folded(details.of_line(line))


def _likeness(held: Held, line: ReadLine, here: Here) -> int:
    """How many words they share; an empty text is like any other."""
    ours, theirs = details.words(details.of_line(line)), details.words(held.said(here))
    return len(ours & theirs) + (not ours or not theirs)
