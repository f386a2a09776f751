"""The annual statement: the live receipts of one donor in one year, their sums, and no other donor's."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations import privacy
from tests.fixtures.receipts import Freeze
from tests.paper.pdf_text import claims, words

pytestmark = pytest.mark.databases("sqlite")
OTHER = {"email_sealed": None, "email_hash": b"somebody else"}


@pytest.fixture
def ask(app: Flask, tmp_path: Path):
    """Runs the command; gives its result and the file it wrote."""

    def run(*more: str, email: str = "Maya@Example.org ", year: str = "2026") -> tuple[Result, Path]:
        file = tmp_path / "statement.pdf"
        words_ = ["receipts", "statement", email, "--year", year, "--output", str(file), *more]
        return app.test_cli_runner().invoke(args=words_), file

    return run


def test_a_statement_lists_what_stands_and_sums_it_by_currency(freeze: Freeze, ask) -> None:
    # given donations of this donor in two currencies, and what must not be on the statement
    freeze(1, person="Maya Example", amount_minor=2050)
    freeze(2, amount_minor=1000, received_on="2026-01-01", appeal_title="Hands Off Ali")
    freeze(3, amount_minor=777, currency="EUR", received_on="2026-12-31")
    freeze(4, amount_minor=1111, state="void")
    freeze(5, amount_minor=2222, received_on="2025-12-31")
    freeze(6, amount_minor=3333, of=OTHER)
    # when the statement is asked for, the address typed in another case
    done, file = ask()
    # then it says so
    assert (done.exit_code, done.output) == (0, f"Saved 3 receipts: {file}\n")
    said = words(file.read_bytes())
    for text in (
        "Annual donation statement, 2026",
        "Maya Example", "R-000001", "R-000002", "R-000003", "Hands Off Ali", "£30.50",
        "Thirty pounds sterling, fifty pence", "€7.77", "3 donations", "31 December 2026",
    ):  # fmt: skip
        assert text in said
    assert not any(text in said for text in ("R-000004", "R-000005", "R-000006", "example.org"))
    assert said.index("R-000002") < said.index("R-000001") < said.index("R-000003")


def test_a_long_statement_goes_over_pages_that_can_be_archived(freeze: Freeze, ask) -> None:
    for number in range(1, 61):
        freeze(number)

    done, file = ask("--language", "ru")

    assert done.exit_code == 0
    assert claims(file.read_bytes()) | {"pages": 0, "title": ""} == {
        "pages": 0, "language": "ru", "title": "", "author": "Solidarity Fighting Fund", "tagged": True,
        "archive": True, "accessible": True,
    }  # fmt: skip
    assert claims(file.read_bytes())["pages"] == 3
    assert "maya@example.org" in words(file.read_bytes()).lower()


def test_only_its_owner_may_read_the_file(freeze: Freeze, ask) -> None:
    freeze()
    _, file = ask()
    file.chmod(0o644)

    ask()

    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"email": "nobody@example.org"}, 1, "This address has no valid receipt"),
        ({"year": "2024"}, 1, "This address has no valid receipt"),
        ({"year": "26"}, 2, "not in the range"),
    ],
)
def test_where_nothing_stands_no_file_is_written(
    freeze: Freeze, ask, asked: dict[str, str], code: int, said: str
) -> None:
    freeze()

    done, file = ask(**asked)

    assert done.exit_code == code
    assert said in done.output
    assert not file.exists()


def test_a_language_that_the_organisation_does_not_speak_is_refused(freeze: Freeze, ask) -> None:
    freeze()

    done, _ = ask("--language", "fr")

    assert done.exit_code == 2
    assert "en, ru" in done.output


def test_an_address_that_was_erased_finds_nothing(freeze: Freeze, ask) -> None:
    freeze(of={"email_sealed": None, "email_hash": None})

    assert privacy.lookup_hash("maya@example.org", "email")
    assert ask()[0].exit_code == 1
