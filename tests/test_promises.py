"""Every promise of pages, mails and documents has a row in docs/promises.md, with a test that tries to break it or
the issue that it waits for. Each rule is also held against a planted fault, so that it is known to find one."""

from __future__ import annotations

from functools import cache

import pytest

from tests import promises
from tests.promises import Row

TABLE = promises.rows(promises.TABLE.read_text(encoding="utf-8"))
EXCUSED = promises.excuses(promises.NOT_PROMISES.read_text(encoding="utf-8"))
HERE = "`tests/test_promises.py::test_every_promise_names_a_test_that_exists`"


@cache
def told() -> list[str]:
    return promises.told()


def quotations(*, waiting: bool) -> list[str]:
    return [part for row in TABLE if row.is_open == waiting for part in row.quotations]


def test_every_sentence_that_promises_something_has_its_row() -> None:
    assert promises.uncovered(told(), TABLE, EXCUSED) == []


def test_every_row_is_still_said() -> None:
    assert promises.unsaid(told(), quotations(waiting=False)) == []


def test_every_promise_names_a_test_that_exists() -> None:
    assert promises.without_proof(TABLE) == []


def test_what_waits_for_an_issue_is_not_said_today() -> None:
    assert quotations(waiting=True)
    assert promises.claimed(told(), TABLE) == []


def test_every_excuse_is_needed_and_no_quotation_is_vague() -> None:
    assert promises.needless(told(), TABLE, EXCUSED) == []
    assert promises.vague([*quotations(waiting=False), *quotations(waiting=True), *EXCUSED]) == []


def test_no_promise_stands_in_the_table_twice() -> None:
    said = [part for row in TABLE for part in row.quotations]
    assert sorted(set(said)) == sorted(said)


def a_row(*said: str, proof: str = HERE) -> Row:
    return Row(said, "a page", proof)


@pytest.mark.parametrize(
    "planted",
    [
        "We never sell your address.",
        "Nobody but you sees this.",
        "Your address is erased after two weeks.",
        "The total follows within a second.",
        "It stays secret also from those who run this appeal.",
        "Your card number never reaches us.",
        "Two people must approve it.",
        "The names are kept encrypted.",
        "Everything adds up to the penny.",
        "The link works once, and for an hour.",
        "Nothing is lost: events from Stripe are kept.",
        "We will tell you before we take any money.",
        "This page sets no cookies.",
    ],
)
def test_a_planted_promise_is_found(planted: str) -> None:
    assert promises.uncovered([planted], [a_row("Another promise altogether")], ["no such sentence"]) == [planted]
    assert promises.uncovered([planted], [a_row(planted)], []) == []
    assert promises.uncovered([planted], [], [planted]) == []


def test_an_issue_covers_no_sentence() -> None:
    sentence = "Data is kept only for a limited time."
    waiting = a_row("only for a limited time", proof="issue 15")
    assert promises.uncovered([sentence], [waiting], []) == [sentence]
    assert promises.claimed([sentence], [waiting]) == ["only for a limited time"]
    assert promises.claimed(["Data is kept."], [waiting]) == []


def test_a_row_that_nobody_says_any_more_is_found() -> None:
    assert promises.unsaid(["We never sell your address."], ["We never lend your address"])
    assert promises.unsaid(["We never sell your address."], ["never sell your address"]) == []


@pytest.mark.parametrize("proof", ["", "a look at it", "`tests/nowhere.py::test_x`", "issue", "`make bench`, issue 3"])
def test_a_row_without_its_test_is_found(proof: str) -> None:
    assert promises.without_proof([a_row("We never sell your address", proof=proof)])


def test_a_row_with_one_test_that_does_not_exist_is_found() -> None:
    gone = "tests/test_promises.py::test_that_is_not"
    assert promises.without_proof([a_row("We never sell your address", proof=f"{HERE}, `{gone}`")]) == [gone]


def test_an_excuse_that_is_not_needed_is_found() -> None:
    said = ["We never sell your address.", "The form has four fields."]
    assert promises.needless(said, [], ["never sell your address", "four fields", "no such words"]) == [
        "four fields",
        "no such words",
    ]
    assert promises.needless(said, [a_row("never sell your")], ["never sell your address"])


def test_a_quotation_that_would_cover_too_much_is_found() -> None:
    assert promises.vague(["at once", "We never sell your address"]) == ["at once"]


def test_a_torn_row_is_refused() -> None:
    with pytest.raises(ValueError, match="three cells"):
        promises.rows("| We never sell your address | a page |\n")


def test_texts_are_read_as_a_reader_meets_them() -> None:
    document = "# A title\n\nWe **never** sell\nyour [address](x.md). \n\n- Nobody `sees` it.\n\n```\nnever this\n```\n"
    table = "| it says | what it means |\n|---|---|\n| kept | It is kept for ever. |\n"

    assert list(promises.of_document(document)) == ["A title", "We never sell your address.", "Nobody sees it."]
    assert "It is kept for ever." in list(promises.of_document(table))
    assert promises.says("“You’re never asked”", "you're Never") is False  # Both are made plain before.
    assert promises.says(promises.plain("“You’re never asked”"), promises.plain("You’re never"))
