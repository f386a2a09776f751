"""The evidence for a line being a donation, in points and reasons: the table of docs/matching.md, row by row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from donations import references
from donations.reconciliation.matching import in_words, reason_labels
from donations.reconciliation.matching.decisions import decide
from donations.reconciliation.matching.items import Candidate, Items, Line, OpenDonation, OpenPayingInSlip, PayerKnown
from donations.reconciliation.matching.names import closeness, words_of
from donations.reconciliation.matching.scores import POINTS

DAY = date(2026, 11, 20)
ALI, OTHER = references.code_of_appeal_id(1), references.code_of_appeal_id(2)
MAYA = b"account of Maya"
FUNDS = {1: frozenset({11, 12}), 2: frozenset({21})}
PEOPLE = {"PAYER": PayerKnown(frozenset({2000}), frozenset({b"maya's mail"}), frozenset({11}))}


def a_line(text: str = "", *, number: int = 1, minor: int = 2000, name: str = "", on: date = DAY, **more: Any) -> Line:
    given: dict[str, Any] = {
        "account_id": 1, "currency": "GBP", "payer": None, "funds": frozenset(), "refused": frozenset(),
        "touched": False, "codes": tuple(references.find(text, {ALI, OTHER})), **more,
    }  # fmt: skip
    return Line(
        number, booked_on=on, minor=minor, name=name, names=words_of(name), words=words_of(text), plain=text.lower(),
        **given,
    )  # fmt: skip


def a_gift(number: int = 1, *, minor: int = 2000, name: str = "", on: date = DAY, **more: Any) -> OpenDonation:
    given: dict[str, Any] = {
        "currency": "GBP", "appeal_id": 1, "funds": frozenset({11}),
        "codes": (references.code_of_offline_donation(number),), "payer": None, "email": None, **more,
    }  # fmt: skip
    return OpenDonation(number, minor, names=words_of(name), on=on, **given)


def best(line: Line, *gifts: OpenDonation, **more: Any) -> Candidate | None:
    decision = decide(Items((line,), gifts, appeal_funds=FUNDS, **more))[0]
    return decision.certain or (decision.proposed[0] if decision.proposed else None)


CODE = references.code_of_offline_donation(1)
KNOWN = {MAYA: PEOPLE["PAYER"]}
LATE, MONTHS = DAY + timedelta(days=10), DAY - timedelta(days=60)
# the line, the donation -> points, reasons
TABLE: dict[str, tuple[dict[str, Any], dict[str, Any], int, tuple[str, ...]]] = {
    "its code": ({"text": CODE, "on": LATE}, {}, 8, ("reference",)),
    "its code, mistyped": ({"text": f"{CODE[:3]} {CODE[3:]}", "on": LATE}, {}, 5, ("reference_repaired",)),
    "the appeal's code": ({"text": ALI, "on": LATE}, {"codes": (ALI,)}, 8, ("reference",)),
    "the payer's account": ({"payer": b"x", "on": LATE}, {"payer": b"x"}, 4, ("payer",)),
    "the payer, by an earlier gift": (
        {"payer": MAYA, "on": LATE}, {"email": b"maya's mail"}, 6, ("payer", "usual_amount"),
    ),
    "the name": ({"name": "EXAMPLE MAYA", "on": LATE}, {"name": "Maya Example"}, 3, ("name",)),
    "an initial": ({"name": "MRS M EXAMPLE", "on": LATE}, {"name": "Maya Example"}, 3, ("name",)),
    "in Cyrillic letters": ({"name": "YULIYA IVANOVA", "on": LATE}, {"name": "Юлия Иванова"}, 3, ("name",)),
    "the name, in the text": ({"text": "GIFT MAYA EXAMPLE", "on": LATE}, {"name": "Maya Example"}, 3, ("name",)),
    "a part of the name": ({"name": "BEN EXAMPLE", "on": LATE}, {"name": "Maya Example"}, 1, ("name_part",)),
    "the day": ({}, {}, 1, ("date_near",)),
    "far off": ({"text": CODE}, {"on": MONTHS}, 5, ("reference", "date_far")),
    "another fund": ({"text": CODE, "funds": frozenset({21})}, {}, 3, ("reference", "date_near", "other_fund")),
    "another appeal's code": ({"text": f"{CODE} {OTHER}", "on": LATE}, {}, 2, ("reference", "other_fund")),
    "a rule": (
        {"payer": b"ruled", "on": LATE}, {}, 4, ("learnt",),
    ),
    "all at once": (
        {"text": CODE, "payer": MAYA, "name": "Maya Example"},
        {"name": "Maya Example", "email": b"maya's mail"},
        18,
        ("reference", "payer", "name", "usual_amount", "date_near"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLE)
def test_points_and_their_reasons(what: str) -> None:
    of_line, of_donation, points, reasons = TABLE[what]
    payers = {**KNOWN, b"ruled": PayerKnown(learnt=frozenset({11}))}
    found = best(a_line(**of_line), a_gift(**of_donation), payers=payers)
    assert found is not None
    assert (found.kind, found.target, found.score, found.reasons) == ("offline_gift", "1", points, reasons)


GATES: dict[str, dict[str, Any]] = {
    "another currency": {"currency": "EUR"},
    "another amount": {"minor": 2001},
    "money that went out": {"minor": -2000},
}


@pytest.mark.parametrize("what", GATES)
def test_what_does_not_pass_the_gates_is_not_looked_at(what: str) -> None:
    assert best(a_line(CODE, name="Maya Example", **GATES[what]), a_gift(name="Maya Example")) is None


def is_certain(line: Line, *gifts: OpenDonation, **more: Any) -> bool:
    return decide(Items((line,), gifts, appeal_funds=FUNDS, **more))[0].certain is not None


def test_eight_points_with_a_reference_are_certain() -> None:
    assert is_certain(a_line(CODE, on=LATE), a_gift())
    assert is_certain(a_line(f"{CODE[:3]} {CODE[3:]}", on=LATE, name="Maya Example"), a_gift(name="Maya Example"))


def test_seven_points_are_not() -> None:
    line = a_line(f"{CODE[:3]} {CODE[3:]}", name="Ben Example")
    assert best(line, a_gift(name="Maya Example")).score == 7  # type: ignore[union-attr]
    assert not is_certain(line, a_gift(name="Maya Example"))


def test_without_a_reference_nothing_is_certain() -> None:
    line = a_line(payer=MAYA, name="Maya Example")
    gift = a_gift(name="Maya Example", email=b"maya's mail")
    assert best(line, gift, payers=KNOWN).score == 10  # type: ignore[union-attr]
    assert not is_certain(line, gift, payers=KNOWN)


def test_three_points_ahead_are_certain_and_two_are_not() -> None:
    # given two donations that expect the appeal's code
    near, far = a_gift(1, codes=(ALI,), name="Maya Example"), a_gift(2, codes=(ALI,), name="Ben Other")
    # then the name decides, for it is three points
    assert is_certain(a_line(ALI, name="Maya Example"), near, far)
    # and a part of it does not
    assert not is_certain(a_line(ALI, name="Maya Other"), near, far)


def test_a_tie_is_never_certain() -> None:
    gifts = a_gift(1, codes=(ALI,)), a_gift(2, codes=(ALI,))
    decision = decide(Items((a_line(ALI),), gifts, appeal_funds=FUNDS))[0]
    assert decision.certain is None
    assert [one.target for one in decision.proposed] == ["1", "2"]


def test_two_lines_for_one_gift_are_a_tie_too() -> None:
    lines = a_line(CODE, number=1), a_line(CODE, number=2)
    decisions = decide(Items(lines, (a_gift(),), appeal_funds=FUNDS))
    assert [one.certain for one in decisions] == [None, None]
    assert [[each.target for each in one.proposed] for one in decisions] == [["1"], ["1"]]


def test_what_is_taken_leaves_the_rest_without_a_rival() -> None:
    # given two donations by the same code, and two lines of which one has more evidence
    gifts = a_gift(1, codes=(ALI,), name="Maya Example"), a_gift(2, codes=(ALI,))
    lines = a_line(ALI, number=1, name="Maya Example"), a_line(ALI, number=2)
    # then the second is certain once the first has found its own
    certain = [one.certain for one in decide(Items(lines, gifts, appeal_funds=FUNDS))]
    assert [one.target for one in certain if one] == ["1", "2"]


def test_a_crowd_of_equal_gifts_is_not_chosen_from() -> None:
    # given more donations of one amount and code than are looked at
    gifts = tuple(a_gift(number, codes=(ALI,)) for number in range(1, 80))
    assert not is_certain(a_line(ALI), *gifts)
    # then one that the name finds is shown, and is not sure, for those not looked at may be usual and near
    maya = a_gift(99, codes=(ALI,), name="Maya Example")
    line = a_line(ALI, name="Maya Example")
    assert [one.target for one in decide(Items((line,), (*gifts, maya)))[0].proposed] == ["99"]


def test_a_code_without_a_recorded_gift_is_a_new_gift() -> None:
    found = best(a_line(ALI))
    assert found is not None
    assert (found.kind, found.target, found.score, found.reasons) == (
        "unidentified", "appeal:1", 8, ("reference", "new_gift"),
    )  # fmt: skip
    assert is_certain(a_line(ALI))


NOT_CERTAIN = {
    "a mistyped code": {"text": f"{ALI[:3]} {ALI[3:]}"},
    "a fund of another appeal named": {"text": ALI, "funds": frozenset({21})},
    "an answer by a person before": {"text": ALI, "touched": True},
}


@pytest.mark.parametrize("what", NOT_CERTAIN)
def test_a_new_gift_is_only_proposed_with(what: str) -> None:
    assert best(a_line(**NOT_CERTAIN[what])) is not None  # type: ignore[arg-type]
    assert not is_certain(a_line(**NOT_CERTAIN[what]))  # type: ignore[arg-type]


def test_two_appeals_codes_are_nobodys_new_gift() -> None:
    assert best(a_line(f"{ALI} {OTHER}")) is None


def test_a_recorded_gift_comes_before_a_new_one() -> None:
    # given a donation with the line's name, and a line with the appeal's code: it may be that donation
    decision = decide(Items((a_line(ALI, name="Maya Example"),), (a_gift(name="Maya Example"),), appeal_funds=FUNDS))[0]
    assert decision.certain is None
    assert [one.target for one in decision.proposed] == ["1"]


def test_a_slip_is_known_by_its_number_and_its_whole_amount() -> None:
    slip = OpenPayingInSlip(7, 1, 25000, "GBP", "000104", DAY)
    whole = decide(Items((a_line("COUNTER CREDIT 000104", minor=25000),), slips=(slip,)))[0].certain
    assert whole is not None
    assert (whole.kind, whole.target, whole.score, whole.reasons) == (
        "slip", "7", 8, ("slip_number", "whole_slip", "date_near"),
    )  # fmt: skip
    # and what is less is for a person to say
    short = decide(Items((a_line("COUNTER CREDIT 000104", minor=24900),), slips=(slip,)))[0]
    assert short.certain is None
    assert [(one.target, one.minor) for one in short.proposed] == [("7", 24900)]
    # nor is more than was on it, or of another account, or from before
    for line in (
        a_line("CREDIT 000104", minor=25100),
        a_line("CREDIT 000104", minor=25000, account_id=2),
        a_line("CREDIT 000104", minor=25000, on=DAY - timedelta(days=2)),
    ):
        assert best(line, slips=(slip,)) is None


NAMES = [
    ("Maya Example", "maya EXAMPLE", 3),
    ("Dr. Maya B. Example", "Maya Example", 3),
    ("M Example", "Maya Example", 3),
    ("José Núñez", "JOSE NUNEZ", 3),
    ("ИВАНОВ ПЁТР", "Пётр Иванов", 3),
    ("Petr Ivanov", "Пётр Иванов", 3),
    ("Ekaterina Shchukina", "Екатерина Щукина", 3),
    ("Iuliia Tsvetaeva", "Юлия Цветаева", 3),
    ("Straße Müller", "STRASSE MULLER", 3),
    ("Ben Example", "Maya Example", 1),
    ("B Example", "Maya Example", 1),
    ("Maya", "Maya", 1),
    ("Maya Example", "Ben Other", 0),
    ("", "Maya Example", 0),
    ("X Y", "X Y", 0),
]


@pytest.mark.parametrize(("said", "known", "points"), NAMES)
def test_names_are_compared_by_their_words(said: str, known: str, points: int) -> None:
    assert closeness(words_of(said), words_of(known)) == points
    assert closeness(words_of(known), words_of(said)) == points


def test_every_reason_has_words() -> None:
    assert set(POINTS) <= set(reason_labels._WORDS)
    assert in_words(["reference", "name"])
