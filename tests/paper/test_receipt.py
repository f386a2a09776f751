"""A receipt on paper: one page that can be archived and read aloud, and says what was frozen in whatever letters."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from donations import paper, receipts
from donations.database import write_unit
from donations.paper import typst_documents
from tests.fixtures.receipts import Freeze
from tests.paper.pdf_text import claims, words

pytestmark = pytest.mark.databases("sqlite")
PAGE = "https://fund.example.org/receipts/check"
MARKUP = r"""#panic("x") \ $ *b* _i_ <l> @r // /* ``` #{1+1} = h " ' [x] #let a = 1 \u{41}"""
GREEK_TO_ARABIC = ("Ζωή", "שלום", "سلام", "Ünï Łódź", "Ӱйӱк")


def printed(label: str, *, copy: bool = False, language: str = "en") -> bytes:
    with force_locale(language):
        return paper.receipt_pdf(receipts.by_label(label), copy=copy, check_page=PAGE)


def test_a_receipt_says_what_was_frozen(freeze: Freeze) -> None:
    label = freeze(
        person="Rosa Example", appeal_title="Hands Off Ali", fund_names=["Ali Feruz", "His family"],
        restriction="What is left goes to the others.", legal_name="SFF Ltd",
    )  # fmt: skip

    said = words(printed(label))

    for text in (
        "Solidarity Fighting Fund", "SFF Ltd", "R-000041", "£20.50", "Twenty pounds sterling, fifty pence",
        "Rosa Example", "21 November 2026", "22 November 2026", "Card", "Hands Off Ali", "Ali Feruz, His family",
        "What is left goes to the others.", "fund.example.org/receipts/check",
    ):  # fmt: skip
        assert text in said
    assert not any(text in said for text in ("Copy", "COPY", "VOID", "REPLACED", "Replaces receipt"))


def test_a_receipt_in_russian_is_russian_throughout(freeze: Freeze) -> None:
    label = freeze(person="Роза Пример", appeal_title="Руки прочь от Али", language="ru")

    said = words(printed(label, language="ru"))

    for text in (
        "Квитанция", "20,50 £", "Двадцать британских фунтов стерлингов 50/100", "Роза Пример", "21 ноября 2026",
        "Руки прочь от Али", "Банковская карта",
    ):  # fmt: skip
        assert text in said
    assert not any(text in said for text in ("Receipt", "Received", "Issued", "Card"))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_receipt_is_one_page_to_archive_and_to_hear(freeze: Freeze, language: str) -> None:
    said = claims(printed(freeze(person="Rosa"), language=language))

    title = said.pop("title")
    assert "R-000041" in str(title)
    assert said == {
        "pages": 1, "language": language, "author": "Solidarity Fighting Fund", "tagged": True, "archive": True,
        "accessible": True,
    }  # fmt: skip


def test_the_same_receipt_printed_again_has_the_same_bytes(freeze: Freeze) -> None:
    label = freeze(person="Rosa")

    assert printed(label) == printed(label)


def test_a_copy_says_that_it_is_one_and_nothing_else_differs(freeze: Freeze) -> None:
    label = freeze(person="Rosa")

    first, again = words(printed(label)), words(printed(label, copy=True))

    assert "COPY" in again
    assert set(first.split()) <= set(again.split())


def test_a_receipt_that_is_void_says_so(freeze: Freeze) -> None:
    said = words(printed(freeze(state="void")))

    assert "VOID" in said
    assert "This receipt is void" in said
    assert "Thank you" not in said


def test_a_receipt_that_was_replaced_says_by_which_and_the_new_one_in_whose_place(freeze: Freeze) -> None:
    old = freeze(41, state="replaced")
    new = freeze(57, after=old)

    assert "REPLACED" in words(printed(old))
    assert "Receipt R-000057 has replaced this one" in words(printed(old))
    assert "Replaces receipt R-000041" in words(printed(new))


def test_a_receipt_of_somebody_who_was_erased_names_nobody(freeze: Freeze) -> None:
    label = freeze(person="Rosa Example", person_hash="ab")
    with write_unit():
        receipts.by_label(label).person_sealed = None

    said = words(printed(label))

    assert "Rosa" not in said
    assert "Received from" not in said
    assert "£20.50" in said


@pytest.mark.parametrize("text", [MARKUP, "W" * 500, "a word " * 70, *GREEK_TO_ARABIC])
def test_whatever_was_typed_is_shown_as_it_is_and_stays_on_the_page(freeze: Freeze, text: str) -> None:
    made = printed(freeze(person=text, appeal_title=text, fund_names=[text], restriction=text))

    assert claims(made)["pages"] == 1
    assert claims(made)["archive"]
    if text not in ("שלום", "سلام"):  # Written from the right, they are read out in another order.
        # A word longer than a line is read out with its lines apart.
        assert words(made).replace(" ", "").count("".join(text.split())) == 4


@pytest.mark.parametrize("text", ["中文", "Rosa 😀", "क\N{MUSICAL SYMBOL G CLEF}"])
def test_letters_that_no_font_has_do_not_keep_a_receipt_from_coming(
    freeze: Freeze, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a machine without a font
    monkeypatch.setattr(typst_documents, "_fonts", lambda *, with_machine: typst_documents.typst.Fonts(False))
    monkeypatch.setattr(typst_documents, "_own", typst_documents.threading.local())
    # then the paper comes, tagged, and does not claim what it cannot keep
    made = printed(freeze(person=text))
    assert "£20.50" in words(made)
    assert (claims(made)["tagged"], claims(made)["archive"]) == (True, False)


@pytest.mark.parametrize("text", ["Rosa\x00\x07", "\u202eRosa", "R\ue000osa", "Rosa\ufffe"])
def test_what_is_no_text_is_left_out(freeze: Freeze, text: str) -> None:
    made = printed(freeze(appeal_title=text))

    assert "Rosa" in words(made)
    assert claims(made)["archive"]
