"""The form of an appeals file: every fault is found at once, each with its key path and remedy."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.appeals import file
from donations.appeals.file import LANGUAGES, ReadFile
from tests.house import ROOT

GOOD = """
[organisation]
name = "Solidarity Fund"
currency = "GBP"
languages = ["en", "ru"]
timezone = "Europe/London"
settlement_currencies = ["GBP"]
offered_currencies = ["GBP", "EUR"]
statement_descriptor = "SOLIDARITY"

[[appeals]]
slug = "free-maya"
state = "open"
currency = "GBP"
target = "1,200"
title = "Free Maya"
suggested = ["5", 10]

  [[appeals.funds]]
  slug = "maya"
  kind = "detainee"
  name.en = "Maya"
  share = 1

  [[appeals.events]]
  on = "2026-03"
  text.en = "Arrested."

  [[appeals.areas]]
  name = "London"
  target = "600"
"""


def read(text: str) -> ReadFile:
    return file.read(text, None)


def faults(old: str, new: str) -> list[str]:
    """The faults of the good file with one piece of it replaced."""
    assert old in GOOD, old
    return read(GOOD.replace(old, new, 1)).faults


def test_a_good_file_has_no_fault_and_is_read_into_columns() -> None:
    found = read(GOOD)
    assert found.faults == []
    appeal = found.appeals[0]
    assert appeal.columns["goal_minor"] == 120_000
    assert appeal.columns["suggested_minor"] == [500, 1000]
    assert appeal.columns["title"] == {"en": "Free Maya"}
    assert (appeal.columns["visibility"], appeal.columns["fee_bearer"]) == ("shown", "fund")
    assert appeal.events == [{"on": date(2026, 3, 1), "month_only": True, "text": {"en": "Arrested."}, "position": 0}]
    assert appeal.areas == [{"name": "London", "target_minor": 60_000, "position": 0}]


def test_the_demos_own_file_has_no_fault() -> None:
    found = read((ROOT / "appeals.toml").read_text(encoding="utf-8"))
    assert found.faults == []
    assert [appeal.columns["slug"] for appeal in found.appeals] == [
        "hands-off-ali", "campaign-kazakhstan", "karaganda-four", "fighting-fund", "kurmanov",
    ]  # fmt: skip


# (what is replaced, by what, the key path, words of the sentence)
FAULTS = [
    ('name = "Solidarity Fund"', "", "organisation.name", "missing"),
    ('name = "Solidarity Fund"', "name = 3", "organisation.name", "in quotes"),
    ('currency = "GBP"\nlanguages', 'currency = "gbp"\nlanguages', "organisation.currency", "Did you mean GBP?"),
    ('languages = ["en", "ru"]', 'languages = ["en", "xx"]', "organisation.languages[1]", "is not a valid value"),
    ('languages = ["en", "ru"]', "languages = []", "organisation.languages", "is not a list"),
    ('languages = ["en", "ru"]', 'languages = "en"', "organisation.languages", "is not a list"),
    ('"Europe/London"', '"Europe/Londn"', "organisation.timezone", "Did you mean Europe/London?"),
    ('["GBP", "EUR"]', '["GBP", "GBP"]', "organisation.offered_currencies[1]", "twice"),
    ('["GBP"]', '["EUR"]', "organisation.settlement_currencies", "own currency GBP"),
    ('"SOLIDARITY"', '"SOLI"', "organisation.statement_descriptor", "5 to 22"),
    ('"SOLIDARITY"', '"SOLIDARITY FIGHTING FUND"', "organisation.statement_descriptor", "5 to 22"),
    ('"SOLIDARITY"', '"SOLIDARITY*"', "organisation.statement_descriptor", "do not print"),
    ('"SOLIDARITY"', '"SOLIDARITÉ"', "organisation.statement_descriptor", "do not print"),
    ('"SOLIDARITY"', '"123456"', "organisation.statement_descriptor", "no letter"),
    ('"SOLIDARITY"', '"SOLIDARITY"\ncontact_email = "nobody"', "organisation.contact_email", "fund@example.org"),
    ('"SOLIDARITY"', '"SOLIDARITY"\nbank.iban = "GB00WEST12345698765432"', "organisation.bank.iban", "check digit"),
    ('"SOLIDARITY"', '"SOLIDARITY"\nbank.ibn = "x"', "organisation.bank.ibn", "Did you mean iban?"),
    ('"SOLIDARITY"', '"SOLIDARITY"\ndescriptor = "x"', "organisation.descriptor", "this key is unknown"),
    ("[[appeals]]", "[[appeal]]\n[[appeals]]", "appeal", "Did you mean appeals?"),
    ('slug = "free-maya"', "", "appeals[0].slug", "missing"),
    ('slug = "free-maya"', 'slug = "Free Maya"', "appeals[0].slug", "cannot be used in a web address"),
    ('slug = "free-maya"', f'slug = "{"a" * 61}"', "appeals[0].slug", "60 characters at most"),
    ('state = "open"', 'state = "opne"', "appeals[0].state", "Did you mean open?"),
    ('state = "open"', "state = true", "appeals[0].state", "draft, open, paused, closed"),
    ('state = "open"', 'visibility = "hidden"', "appeals[0].visibility", "Did you mean amounts_hidden?"),
    ('state = "open"', 'closed_on = "2026-01-31"', "appeals[0].closed_on", "state of this appeal is draft"),
    ('state = "open"', 'state = "closed"\nclosed_on = "2026-01"', "appeals[0].closed_on", "2017-03-31"),
    ('state = "open"', 'period = "weekly"', "appeals[0].period", "month, quarter, year"),
    ('state = "open"', 'fee_bearer = "donor"', "appeals[0].fee_bearer", "fund, general"),
    ('state = "open"', 'discreet = "yes"', "appeals[0].discreet", "true or false"),
    ('currency = "GBP"\ntarget', 'currency = "USD"\ntarget', "appeals[0].currency", "does not take USD"),
    ('currency = "GBP"\ntarget', 'currency = "PND"\ntarget', "appeals[0].currency", "not a valid value"),
    ('currency = "GBP"\ntarget', "target", "appeals[0].currency", "missing"),
    ('target = "1,200"', 'target = "lots"', "appeals[0].target", "in figures"),
    ('target = "1,200"', "target = 1200.5", "appeals[0].target", "in quotes"),
    ('target = "1,200"', 'target = "0"', "appeals[0].target", "is zero"),
    ('target = "1,200"', 'target = "12.345"', "appeals[0].target", r"Did you mean 12345 GBP or 12.34 GBP?"),
    ('target = "1,200"', 'targets = "12"', "appeals[0].targets", "Did you mean target?"),
    ('title = "Free Maya"', "", "appeals[0].title", "missing"),
    ('title = "Free Maya"', 'title.ru = "Х"', "appeals[0].title", "the text in 'en' is missing"),
    ('title = "Free Maya"', 'title.en = "x"\ntitle.de = "y"', "appeals[0].title.de", "does not use the language 'de'"),
    ('title = "Free Maya"', 'title.en = ""', "appeals[0].title.en", "is not a text"),
    ('title = "Free Maya"', 'title = "x"\nstory.en = 5', "appeals[0].story.en", "is not a text"),
    ('["5", 10]', '["5", "5.00"]', "appeals[0].suggested[1]", "twice"),
    ('["5", 10]', '["5", "0.10"]', "appeals[0].suggested[1]", "smallest donation"),
    ('["5", 10]', "[5.5]", "appeals[0].suggested[0]", "in quotes"),
    ('["5", 10]', '"5"', "appeals[0].suggested", "is not a list"),
    ('["5", 10]', '["5"]\nstretch = ["1,200"]', "appeals[0].stretch[0]", "larger than the one before"),
    ('["5", 10]', '["5"]\nstretch = ["1,300", "1,300"]', "appeals[0].stretch[1]", "larger than the one before"),
    ('["5", 10]', '["5"]\nstretch = ["lots"]', "appeals[0].stretch[0]", "in figures"),
    ('slug = "maya"', 'slug = "suspense"', "appeals[0].funds[0].slug", "reserved for the system"),
    ('slug = "maya"', 'slug = "general"', "appeals[0].funds[0].slug", "reserved for the system"),
    ('kind = "detainee"', 'kind = "prisoner"', "appeals[0].funds[0].kind", "detainee, family, campaign, general"),
    ('kind = "detainee"', 'kind = "suspense"', "appeals[0].funds[0].kind", "not a valid value"),
    ('kind = "detainee"', "", "appeals[0].funds[0].kind", "missing"),
    ('name.en = "Maya"', "", "appeals[0].funds[0].name", "missing"),
    ("share = 1", "share = -1", "appeals[0].funds[0].share", "not a whole number, 0 or more"),
    ("share = 1", 'share = "1"', "appeals[0].funds[0].share", "without quotes"),
    ("share = 1", "share = true", "appeals[0].funds[0].share", "not a whole number, 0 or more"),
    ("share = 1", "shares = 1", "appeals[0].funds[0].shares", "Did you mean share?"),
    ('on = "2026-03"', 'on = "2026-13"', "appeals[0].events[0].on", "is not in the calendar"),
    ('on = "2026-03"', 'on = "2026-02-30"', "appeals[0].events[0].on", "is not in the calendar"),
    ('on = "2026-03"', 'on = "March"', "appeals[0].events[0].on", "not a date"),
    ('on = "2026-03"', "on = 2026-03-01T10:00:00", "appeals[0].events[0].on", "not a date"),
    ('on = "2026-03"', "", "appeals[0].events[0].on", "missing"),
    ('text.en = "Arrested."', "", "appeals[0].events[0].text", "missing"),
    ('target = "600"', "", "appeals[0].areas[0].target", "missing"),
    ('target = "600"', 'target = "600"\nsize = 3', "appeals[0].areas[0].size", "this key is unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "path", "words"), FAULTS, ids=[f"{path}: {words}" for _, _, path, words in FAULTS]
)
def test_a_fault_is_told_with_its_key_path_and_the_mend(old: str, new: str, path: str, words: str) -> None:
    found = faults(old, new)
    assert len(found) == 1, found
    assert found[0].startswith(f"{path}: ")
    assert words in found[0]
    assert found[0].endswith((".", "?"))


def test_all_faults_are_told_at_once() -> None:
    text = GOOD
    for old, new, _, _ in FAULTS[::7]:
        text = text.replace(old, new, 1)
    assert len(read(text).faults) >= len(FAULTS[::7])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[organisation]\nname = = 3", "line 2, column 8"),
        ('[organisation]\nname = "x', "line 2, column "),
        ("[[appeals]]\nslug = 'a'\nslug = 'b'", "line 3, column "),
        ("a = 1\n[a.b]", "line 2, column "),
    ],
)
def test_a_fault_of_syntax_is_told_with_its_line_and_column(text: str, where: str) -> None:
    found = read(text).faults
    assert len(found) == 1
    assert found[0].startswith(where)


MORE = """
[[appeals]]
slug = "free-nina"
currency = "EUR"
title.en = "Free Nina"
  [[appeals.funds]]
  slug = "nina"
  kind = "detainee"
  name.en = "Nina"
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('slug = "free-nina"', 'slug = "free-maya"', "appeals[1].slug: this short name is already used by appeals[0]"),
        (
            'slug = "nina"',
            'slug = "maya"',
            "appeals[1].funds[0].slug: this short name is already used by appeals[0].funds[0]",
        ),
    ],
)
def test_a_slug_that_stands_twice_is_a_fault(old: str, new: str, fault: str) -> None:
    found = read(GOOD + MORE.replace(old, new)).faults
    assert [said for said in found if said.startswith(fault)] == found != []


def test_an_appeal_and_a_fund_may_share_a_slug() -> None:
    assert read(GOOD + MORE.replace('slug = "nina"', 'slug = "free-nina"')).faults == []


def test_only_one_fund_of_all_appeals_is_the_general_one() -> None:
    text = (GOOD + MORE).replace('kind = "detainee"', 'kind = "general"')
    assert read(text).faults == [
        (
            "appeals[1].funds[0].kind: there can be only one general fund, and appeals[0].funds[0] already "
            "is it. Choose another kind."
        )
    ]


def test_an_area_that_stands_twice_is_a_fault() -> None:
    text = GOOD + '  [[appeals.areas]]\n  name = "London"\n  target = "1"\n'
    assert [fault.split(":")[0] for fault in read(text).faults] == ["appeals[0].areas[1].name"]


def test_an_appeal_without_a_fund_is_a_fault() -> None:
    text = re.sub(r"  \[\[appeals.funds.*?\n\n", "", GOOD, flags=re.DOTALL)
    assert [fault.split(":")[0] for fault in read(text).faults] == ["appeals[0].funds"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (GOOD.replace("[organisation]", "[[organisation]]"), "organisation"),
        ('appeals = "none"\n' + GOOD.split("[[appeals]]")[0], "appeals"),
        (MORE, "organisation"),
        ("", "organisation"),
    ],
)
def test_what_is_no_table_or_missing_altogether_is_a_fault(text: str, path: str) -> None:
    assert path in [fault.split(":")[0] for fault in read(text).faults]


def test_a_file_without_an_organisation_is_held_against_the_one_there_is() -> None:
    known = {"languages": ["ru"], "offered_currencies": ["GBP"]}
    found = file.read(MORE, known).faults
    assert "appeals[0].currency: the organisation does not take EUR. Choose one of: GBP." in found
    assert any(
        fault.startswith("appeals[0].title.en: the organisation does not use the language 'en'") for fault in found
    )


def test_a_bank_account_that_adds_up_is_kept() -> None:
    found = read(GOOD.replace('"SOLIDARITY"', '"SOLIDARITY"\nbank.iban = "GB82 WEST 1234 5698 7654 32"'))
    assert found.faults == []
    assert found.organisation is not None
    assert found.organisation["bank_details"] == {"iban": "GB82 WEST 1234 5698 7654 32"}


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read("\ufeff" + GOOD).faults == []


def test_the_languages_are_those_the_pages_are_written_in() -> None:
    written = {folder.name for folder in (ROOT / "donations" / "translations").iterdir() if folder.is_dir()}
    assert written | {"en"} == set(LANGUAGES)


WORDS = re.findall(r"\w+|\S|\s", GOOD + MORE)


@given(
    st.lists(
        st.tuples(st.integers(0, len(WORDS) - 1), st.sampled_from(["", "3", '"', "[", "x", "{", "true", "-1"])),
        max_size=4,
    )
)
def test_no_file_makes_reading_fail_otherwise_than_by_faults(changes: list[tuple[int, str]]) -> None:
    words = list(WORDS)
    for index, word in changes:
        words[index] = word
    found = read("".join(words))
    assert all("\n" not in fault and ": " in fault for fault in found.faults)
