"""A receipt as a page and as PDF: what was frozen, the person if there is one, and its state; and the page that says
whether a receipt is genuine."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import create_app, receipts, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import ReceiptEvent
from tests.events import rows
from tests.factories import NOON
from tests.paper.pdf_text import claims, words

pytestmark = pytest.mark.databases("sqlite")
LABEL = "R-000041"


@pytest.fixture
def issued(freeze):
    """Writes a receipt for an appeal that may be named; gives the path of its page."""
    return lambda **said: f"/receipts/{tokens.for_receipt(freeze(**{'appeal_title': 'Hands Off Ali', **said}))}"


def test_a_receipt_shows_what_was_frozen(client: FlaskClient, issued) -> None:
    answer = client.get(issued(person="Rosa Example", fund_names=["Ali Feruz"], legal_name="SFF Ltd"))

    for text in (LABEL, "£20.50", "21 November 2026", "22 November 2026", "Hands Off Ali", "Ali Feruz", "SFF Ltd"):
        assert text in answer.text
    assert "Rosa Example" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_receipt_names_nobody_and_nothing_that_was_not_frozen_into_it(client: FlaskClient, issued) -> None:
    page = client.get(issued(appeal_title="")).text

    assert "Received from" not in page
    assert "Appeal" not in page
    assert "<dt>Fund</dt>" not in page


@pytest.mark.parametrize(("state", "said"), [("replaced", "A newer receipt"), ("void", "This receipt is void")])
def test_a_receipt_that_no_longer_stands_says_so(client: FlaskClient, issued, state: str, said: str) -> None:
    assert said in client.get(issued(state=state)).text


def test_a_replaced_receipt_leads_to_the_one_that_took_its_place(client: FlaskClient, issued, freeze) -> None:
    path = issued(state="replaced")
    assert "Thank you for your support" not in client.get(path).text
    freeze(57, after=LABEL)

    page = client.get(path).text

    assert f'href="/receipts/{tokens.for_receipt("R-000057")}">Receipt R-000057 has replaced this one.' in page


CAUSES = {
    "refunded": "because the donation was refunded",
    "lost": "because the bank reversed the donation",
    "failed": "because the payment failed",
    "corrected": "because the donation was recorded by mistake",
    None: "This receipt is void.",
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_void_receipt_says_why_wherever_it_is_read(client: FlaskClient, issued, cause: str | None) -> None:
    path = issued(state="void")
    with write_unit():
        about = {"receipt_id": receipts.by_label(LABEL).id, "kind": "voided", "actor": "stripe", "at": NOON}
        db.session.add(ReceiptEvent(id=1, cause=cause, **about))

    for page in (client.get(path).text, client.get(check_path()).text, words(client.get(f"{path}.pdf").data)):
        assert CAUSES[cause] in page
        assert "the money went back" not in page


def test_a_receipt_is_read_in_russian_too(client: FlaskClient, issued) -> None:
    page = client.get(f"/ru{issued()}").text

    assert "Квитанция" in page
    assert "21 ноября 2026" in page


def test_nothing_on_a_receipt_becomes_markup(client: FlaskClient, issued) -> None:
    page = client.get(
        issued(person="<script>alert(1)</script>", appeal_title="<img src=x>", restriction="<b>b</b>")
    ).text

    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>b</b>" not in page


@pytest.mark.parametrize("token", ["invented", "R-000041"])
def test_an_invented_link_finds_no_receipt(client: FlaskClient, token: str) -> None:
    assert client.get(f"/receipts/{token}").status_code == 404


def test_a_signed_link_to_no_receipt_finds_nothing(client: FlaskClient) -> None:
    assert client.get(f"/receipts/{tokens.for_receipt('R-999999')}").status_code == 410


def test_a_receipt_is_fetched_as_pdf_from_its_page(client: FlaskClient, issued) -> None:
    path = issued(person="Rosa Example")

    answer = client.get(f"{path}.pdf")

    assert f'href="{path}.pdf"' in client.get(path).text
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="R-000041.pdf"'
    assert (claims(answer.data)["pages"], claims(answer.data)["archive"]) == (1, True)
    assert "Rosa Example" in words(answer.data)
    assert "localhost/receipts/check" in words(answer.data)


def test_the_pdf_speaks_the_language_of_its_address(client: FlaskClient, issued) -> None:
    pdf = client.get(f"/ru{issued()}.pdf").data

    assert claims(pdf)["language"] == "ru"
    assert "Квитанция" in words(pdf)
    assert "localhost/ru/receipts/check" in words(pdf)


def test_whoever_fetches_a_receipt_first_takes_nothing_from_its_owner(client: FlaskClient, issued) -> None:
    # given a scanner of mail, a preview and a viewer that asks twice
    path = issued()
    before = everything()
    client.head(f"{path}.pdf")
    said = [words(client.get(f"{prefix}{path}.pdf").data) for prefix in ("", "", "/ru", "")]
    # then nothing was used up, and each print is the receipt itself
    assert not any("copy" in text.lower() or "копия" in text.lower() for text in said)
    assert said[0] == said[1] == said[3]
    assert everything() == before


def everything() -> dict[str, int]:
    """How many rows each table has that a look at a receipt could write to."""
    db.session.rollback()
    return {table: rows(table) for table in ("receipt", "receipt_event", "mail", "audit", "receipt_change")}


def test_a_print_that_an_earlier_version_recorded_changes_nothing(client: FlaskClient, issued) -> None:
    path = issued()
    with write_unit():
        db.session.add(
            ReceiptEvent(id=1, receipt_id=receipts.by_label(LABEL).id, kind="printed", actor="supporter", at=NOON)
        )
    assert "COPY" not in words(client.get(f"{path}.pdf").data)


def test_asking_for_the_head_answers_without_a_body(client: FlaskClient, issued) -> None:
    head = client.head(f"{issued()}.pdf")

    assert (head.status_code, head.data, head.mimetype) == (200, b"", "application/pdf")


def test_a_pdf_cannot_be_posted_to(client: FlaskClient, issued) -> None:
    assert client.post(f"{issued()}.pdf").status_code == 405


@pytest.mark.parametrize("path", ["/receipts/invented.pdf", "/ru/receipts/invented.pdf", "/receipts/.pdf"])
def test_an_invented_link_finds_no_pdf(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def check_path(label: str = LABEL) -> str:
    receipt = receipts.by_label(label)
    return f"/receipts/check/{label}/{tokens.check_code(label, receipt.payload)}"


def test_the_code_on_the_paper_leads_to_the_answer(client: FlaskClient, freeze) -> None:
    freeze(person="Rosa Example", appeal_title="Hands Off Ali", fund_names=["Ali Feruz"])

    answer = client.get(check_path())

    assert answer.status_code == 200
    for text in ("Valid", LABEL, "£20.50", "22 November 2026"):
        assert text in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


def test_a_check_says_nothing_of_the_person_the_purpose_or_the_day_of_the_gift(client: FlaskClient, freeze) -> None:
    freeze(person="Rosa Example", appeal_title="Hands Off Ali", fund_names=["Ali Feruz"], restriction="What is left")

    for prefix in ("", "/ru"):
        page = client.get(prefix + check_path()).text
        assert not any(word in page for word in ("Rosa", "Hands Off", "Feruz", "What is left", "21 ", "maya"))


def test_a_check_tells_what_became_of_a_receipt(client: FlaskClient, freeze) -> None:
    freeze(41, state="replaced")
    freeze(57, after=LABEL)
    freeze(60, state="void")

    assert "Receipt R-000057 has replaced this one" in client.get(check_path()).text
    assert "This receipt is void" in client.get(check_path("R-000060")).text
    assert "Аннулирована" in client.get(f"/ru{check_path('R-000060')}").text


def test_a_tampered_code_and_an_unknown_number_get_the_same_answer(client: FlaskClient, freeze) -> None:
    freeze()
    good = check_path().rpartition("/")[2]
    wrong = ("0" if good[0] != "0" else "1") + good[1:]
    paths = [f"/receipts/check/{LABEL}/{wrong}", f"/receipts/check/R-000042/{good}", f"/receipts/check/x/{good}"]

    answers = [client.get(path) for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    for answer in answers:
        assert "We have no receipt with this number and check code" in answer.text
        assert "£20.50" not in answer.text


def test_a_code_proves_every_byte_that_was_frozen(client: FlaskClient, freeze) -> None:
    freeze(amount_minor=2050)
    path = check_path()
    forged = receipts.by_label(LABEL).payload.replace("2050", "9050")

    assert tokens.check_code(LABEL, forged) not in path
    assert not tokens.fits_check_code(path.rpartition("/")[2], LABEL, forged)


def ask(client: FlaskClient, number: str, code: str) -> TestResponse:
    """The form of the check, filled in and sent; a redirect is followed."""
    answer = client.post("/receipts/check", data={"number": number, "code": code})
    return client.get(answer.headers["Location"]) if answer.status_code == 303 else answer


@pytest.mark.parametrize("number", [LABEL, " r-000041 ", "41", "R-000041 "])
def test_number_and_code_can_be_typed(client: FlaskClient, freeze, number: str) -> None:
    freeze()
    code = check_path().rpartition("/")[2]

    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "O").replace("1", "l")):
        answer = ask(client, number, typed)
        assert (answer.status_code, "Valid" in answer.text) == (200, True), typed


def test_a_code_typed_on_a_russian_keyboard_is_understood(app) -> None:
    twins = str.maketrans("ABEKMHPCTX", "АВЕКМНРСТХ")
    payload = next(str(n) for n in range(999) if "A" in tokens.check_code(LABEL, str(n)))
    code = tokens.check_code(LABEL, payload)

    assert code.translate(twins) != code
    assert tokens.fits_check_code(code.translate(twins), LABEL, payload)


@pytest.mark.parametrize("typed", [{}, {"number": LABEL}, {"number": "  ", "code": "///"}, {"code": "ABCDE-FGHJK"}])
def test_a_form_that_lacks_something_says_so(client: FlaskClient, typed: dict[str, str]) -> None:
    answer = client.post("/receipts/check", data=typed)

    assert answer.status_code == 422
    assert "Enter both the receipt number and the check code" in answer.text


@pytest.mark.parametrize("typed", ["../../treasury", "<script>", "%2e%2e", "а" * 500, "\x00", "²"])
def test_nothing_typed_into_the_check_breaks_it(client: FlaskClient, typed: str) -> None:
    answer = ask(client, typed, typed)

    assert answer.status_code in (404, 422)
    assert "<script>alert" not in answer.text


def test_another_site_cannot_post_the_check(client: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}

    assert client.post("/receipts/check", data={"number": "1", "code": "1"}, headers=headers).status_code == 403


def test_paper_from_before_a_change_of_keys_is_still_genuine(client: FlaskClient, freeze, environ) -> None:
    freeze()
    path = check_path()
    rotated = {**environ, "SECRET_KEY": "n" * 40, "SECRET_KEY_FALLBACKS": environ["SECRET_KEY"]}
    forgotten = {**environ, "SECRET_KEY": "n" * 40}

    answers = [create_app(each, TESTING=True).test_client().get(path) for each in (rotated, forgotten)]

    assert [answer.status_code for answer in answers] == [200, 404]
