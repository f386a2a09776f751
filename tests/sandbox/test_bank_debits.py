"""Bank debits: promised on the page, decided later, and sometimes taken back after that."""

import pytest
import stripe

from .money import balance_is_the_sum, booked, gift, raised, since
from .processes import Running, running

PENDING = ["payment_intent.created", "payment_intent.processing", "charge.pending", "checkout.session.completed"]
SUCCEEDED = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded"]
FAILED = ["charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed"]
DEBIT = {"name": "A. Donor", "email": "a@example.org"}


@pytest.mark.parametrize(
    ("currency", "typed"),
    [
        ("gbp", {"method": "bacs_debit", "sort_code": "10-88-00", "number": "00012345"}),
        ("eur", {"method": "sepa_debit", "number": "AT61 1904 3002 3457 3201"}),
    ],
)
def test_a_debit_on_the_page_is_only_promised(sandbox: Running, currency: str, typed: dict[str, str]) -> None:
    session = sandbox.session(5000, currency)

    answer = sandbox.form(f"/c/pay/{session.id}", **DEBIT, **typed)

    done = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert answer.headers["Location"].endswith(session.id)
    assert (done.status, done.payment_status, done.payment_intent.status) == ("complete", "unpaid", "processing")
    assert done.payment_intent.latest_charge.status == "pending"
    assert done.payment_intent.latest_charge.id.startswith("py_")
    assert sandbox.types() == PENDING
    assert len(booked(sandbox, type="payment")) == 1


@pytest.mark.parametrize(("currency", "shows"), [("gbp", "108800 00012345"), ("eur", "AT61 1904 3002 3457 3201")])
def test_the_page_offers_the_debit_of_its_currency(sandbox: Running, currency: str, shows: str) -> None:
    session = sandbox.session(5000, currency)
    kind = {"gbp": "bacs_debit", "eur": "sepa_debit"}[currency]

    page = sandbox.http("GET", f"/c/pay/{session.id}")
    other = sandbox.http("GET", f"/c/pay/{session.id}?method={kind}")

    assert f"method={kind}" in page.text
    assert shows in other.text
    assert 'for="number"' in other.text


def test_the_page_says_what_is_wrong_with_an_account(sandbox: Running) -> None:
    session = sandbox.session(5000)
    typed = {"method": "bacs_debit", "sort_code": "108800", "number": "12345678"}

    answer = sandbox.form(f"/c/pay/{session.id}", **DEBIT, **typed)
    wrong = sandbox.order("pay", session=session.id, card="sepa_success")

    assert (answer.status, "Only test bank accounts" in answer.text, "Account number" in answer.text) == (
        402,
        True,
        True,
    )
    assert wrong["error"]["code"] == "payment_method_currency_mismatch"
    assert sandbox.types() == []


def test_a_debit_succeeds_days_later(sandbox: Running) -> None:
    sandbox.order("fees/next", fee=25)
    charge = gift(sandbox, 5000, "bacs_success")
    before = raised(sandbox) if "gbp" in sandbox.look("summary")["money"] else 0

    sandbox.order("later/run")

    assert before == 0
    assert sandbox.types() == PENDING + SUCCEEDED
    assert booked(sandbox) == [(5000, 25, "payment", "charge")]
    assert (sandbox.v1.charges.retrieve(charge).paid, raised(sandbox)) == (True, 5000)


def test_a_debit_fails_days_later_and_what_was_booked_is_booked_back(sandbox: Running) -> None:
    charge = gift(sandbox, 5000, "bacs_failure")

    sandbox.order("later/run")

    failed = sandbox.v1.charges.retrieve(charge, {"expand": ["failure_balance_transaction"]})
    session = sandbox.v1.checkout.sessions.list().data[0]
    assert sandbox.types() == PENDING + FAILED
    assert (failed.status, failed.failure_code) == ("failed", "insufficient_funds")
    assert failed.failure_balance_transaction.net == -5000
    assert booked(sandbox)[1:] == [(-5000, 0, "payment_failure_refund", "charge_failure")]
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert (raised(sandbox), balance_is_the_sum(sandbox)) == (0, True)


def test_a_debit_without_its_transaction_fails_without_one() -> None:
    with running(debit_books_while_pending=False) as sandbox:
        gift(sandbox, 5000, "bacs_failure")
        good = gift(sandbox, 5000, "bacs_success")
        assert booked(sandbox) == []

        sandbox.order("later/run")

        assert booked(sandbox) == [(5000, 95, "payment", "charge")]
        assert sandbox.v1.charges.retrieve(good).balance_transaction


def test_a_debit_may_be_refused_at_once(sandbox: Running) -> None:
    told = sandbox.order("pay", session=sandbox.session().id, card="108800 33333335")

    assert told["outcome"] == "failed"
    assert sandbox.types() == PENDING + FAILED


def test_a_debit_may_be_taken_back_after_it_had_succeeded(sandbox: Running) -> None:
    charge = gift(sandbox, 5000, "bacs_success")
    sandbox.order(f"charges/{charge}/succeed")
    before = sandbox.types()

    sandbox.order(f"charges/{charge}/fail", failure_code="insufficient_funds")

    assert since(sandbox, before) == ["charge.failed", "payment_intent.payment_failed"]
    assert booked(sandbox)[1:] == [(-5000, 0, "payment_failure_refund", "charge_failure")]
    assert (raised(sandbox), balance_is_the_sum(sandbox)) == (0, True)


def test_a_debit_may_be_disputed_and_lost_at_once(sandbox: Running) -> None:
    gift(sandbox, 5000, "bacs_dispute")

    sandbox.order("later/run")

    assert sandbox.types()[-3:] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed",
    ]  # fmt: skip
    assert (sandbox.v1.disputes.list().data[0].status, raised(sandbox)) == ("lost", 0)


def test_a_late_transaction_of_a_failed_debit_never_comes(sandbox: Running) -> None:
    sandbox.order("balance_transactions/hold")
    charge = gift(sandbox, 5000, "bacs_failure")
    sandbox.order(f"charges/{charge}/fail")

    sandbox.order("balance_transactions/release")

    assert booked(sandbox) == []


def test_a_debits_refund_is_pending_first_and_has_its_own_kind(sandbox: Running) -> None:
    charge = gift(sandbox, 5000, "bacs_success")
    early = sandbox.v1.refunds.create({"charge": charge, "amount": 1000})
    sandbox.order("later/run", of=charge)

    refund = sandbox.v1.refunds.create({"charge": charge, "amount": 2000})
    sandbox.order("later/run")

    assert (early.status, early.pending_reason) == ("pending", "charge_pending")
    assert (refund.id[:4], refund.status) == ("pyr_", "pending")
    assert {each.status for each in sandbox.v1.refunds.list()} == {"succeeded"}
    assert booked(sandbox, type="payment_refund") == [
        (-1000, 0, "payment_refund", "refund"), (-2000, 0, "payment_refund", "refund"),
    ]  # fmt: skip


def test_a_card_cannot_be_decided_like_a_debit(sandbox: Running) -> None:
    charge = gift(sandbox)

    answer = sandbox.order(f"charges/{charge}/fail")

    assert "no bank debit" in answer["error"]["message"]
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.charges.retrieve("py_none")
