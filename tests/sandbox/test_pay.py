"""Paying a session on its page: success, declines, 3-D Secure, second clicks, and sessions that are over."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import pytest

from .processes import Running

VISA = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123", "name": "A. Donor", "email": "a@example.org"}


def page_of(session: Any) -> str:
    return f"/c/pay/{session.id}"


def test_the_page_says_what_is_paid_to_whom_and_that_no_money_moves(sandbox: Running) -> None:
    answer = sandbox.http("GET", page_of(sandbox.session(12345, submit_type="donate")))

    assert answer.status == 200
    for text in ("Sandbox: no real money", "Sandbox organisation", "Fighting fund", "123.45 GBP", "Donate"):
        assert text in answer.text
    assert 'href="http://127.0.0.1:1/appeal"' in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_every_field_has_a_label_and_every_test_card_can_be_picked(sandbox: Running) -> None:
    session = sandbox.session()
    seen = Fields()
    seen.feed(sandbox.http("GET", f"{page_of(session)}?card=378282246310005").text)

    assert seen.inputs.keys() == seen.labels
    assert seen.inputs["number"] == "3782 8224 6310 005"
    assert seen.inputs["cvc"] == "1234"


def test_the_email_of_the_session_is_filled_in(sandbox: Running) -> None:
    seen = Fields()
    seen.feed(sandbox.http("GET", page_of(sandbox.session(customer_email="a@example.org"))).text)

    assert seen.inputs["email"] == "a@example.org"


def test_a_good_card_pays_and_goes_back_to_the_app(sandbox: Running) -> None:
    session = sandbox.session(payment_intent_data={"metadata": {"donation": "7"}}, metadata={"other": "1"})

    answer = sandbox.form(page_of(session), **VISA)

    assert answer.status == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:1/thanks?session_id={session.id}"
    paid = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "a@example.org"
    assert paid.customer is None
    assert paid.payment_intent.metadata.to_dict() == {"donation": "7"}
    assert paid.payment_intent.latest_charge.metadata.to_dict() == {"donation": "7"}
    assert sandbox.types() == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip


def test_a_customer_is_made_when_asked_for(sandbox: Running) -> None:
    session = sandbox.session(customer_creation="always")

    sandbox.form(page_of(session), **VISA)

    customer = sandbox.v1.customers.retrieve(sandbox.v1.checkout.sessions.retrieve(session.id).customer)
    assert (customer.email, customer.name) == ("a@example.org", "A. Donor")


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4100000000000019", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_leaves_the_session_open(sandbox: Running, number: str, code: str, decline_code: str) -> None:
    session = sandbox.session()

    answer = sandbox.form(page_of(session), **{**VISA, "number": number})

    assert answer.status == 402
    assert 'role="alert"' in answer.text
    intent = sandbox.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    ).payment_intent
    assert intent.status == "requires_payment_method"
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == (code, decline_code)
    assert (intent.latest_charge.status, intent.latest_charge.failure_code) == ("failed", code)
    assert sandbox.types() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_after_a_decline_the_donor_may_try_again(sandbox: Running) -> None:
    session = sandbox.session()
    sandbox.form(page_of(session), **{**VISA, "number": "4000000000000002"})

    answer = sandbox.form(page_of(session), **VISA)

    assert answer.status == 303
    assert [charge.status for charge in sandbox.v1.charges.list()] == ["succeeded", "failed"]
    assert len(sandbox.v1.payment_intents.list().data) == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"number": "4242424242424241"},
        {"number": "4539578763621486"},
        {"number": ""},
        {"expiry": "12/20"},
        {"expiry": "13/40"},
        {"cvc": "12"},
        {"email": ""},
    ],
)
def test_what_is_typed_wrong_is_said_and_makes_no_charge(sandbox: Running, typed: dict[str, str]) -> None:
    session = sandbox.session()

    answer = sandbox.form(page_of(session), **{**VISA, **typed})

    assert answer.status == 402
    assert 'role="alert"' in answer.text
    assert sandbox.types() == []


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184"])
def test_the_bank_may_ask_and_the_donor_says_yes(sandbox: Running, number: str) -> None:
    session = sandbox.session()

    asked = sandbox.form(page_of(session), **{**VISA, "number": number})
    question = sandbox.http("GET", asked.headers["Location"])
    answer = sandbox.form(f"{page_of(session)}/challenge", outcome="complete")

    assert "Complete" in question.text
    assert answer.headers["Location"].startswith("http://127.0.0.1:1/thanks")
    assert sandbox.types() == [
        "payment_intent.created", "payment_intent.requires_action", "charge.succeeded", "payment_intent.succeeded",
        "checkout.session.completed",
    ]  # fmt: skip


def test_the_bank_may_ask_and_the_donor_fails(sandbox: Running) -> None:
    session = sandbox.session()
    sandbox.form(page_of(session), **{**VISA, "number": "4000002760003184"})

    answer = sandbox.form(f"{page_of(session)}/challenge", outcome="fail")

    assert answer.status == 402
    assert "unable to authenticate" in answer.text
    assert sandbox.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert sandbox.types()[-1] == "payment_intent.payment_failed"
    assert sandbox.v1.charges.list().data == []


def test_eight_clicks_at_once_make_one_charge(sandbox: Running) -> None:
    session = sandbox.session()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.form(page_of(session), **VISA), range(8)))

    assert {answer.status for answer in answers} == {303}
    assert len(sandbox.v1.charges.list().data) == 1
    assert sandbox.types().count("checkout.session.completed") == 1


def test_a_paid_session_says_so(sandbox: Running) -> None:
    session = sandbox.session()
    sandbox.form(page_of(session), **VISA)

    answer = sandbox.http("GET", page_of(session))

    assert "Nothing was charged twice" in answer.text
    assert f"session_id={session.id}" in answer.text


def test_an_expired_session_cannot_be_paid(sandbox: Running) -> None:
    session = sandbox.session()
    sandbox.v1.checkout.sessions.expire(session.id)

    answer = sandbox.form(page_of(session), **VISA)

    assert "expired" in answer.text
    assert sandbox.types() == ["checkout.session.expired"]
    assert sandbox.v1.checkout.sessions.retrieve(session.id).url is None


def test_a_session_expires_by_itself_after_a_day(sandbox: Running) -> None:
    session = sandbox.session()

    sandbox.order("clock/advance", seconds=24 * 3600 + 1)
    answer = sandbox.http("GET", page_of(session))

    assert "expired" in answer.text
    assert sandbox.types() == ["checkout.session.expired"]


def test_an_unknown_session_is_not_found(sandbox: Running) -> None:
    assert sandbox.http("GET", "/c/pay/cs_test_none").status == 404


class Fields(HTMLParser):
    """The inputs of a page with their values, and what the labels are for."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: dict[str, str] = {}
        self.labels: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input":
            self.inputs[found["id"] or ""] = found.get("value") or ""
        if tag == "label":
            self.labels.add(found["for"] or "")
