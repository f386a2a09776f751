"""The control API and its page: orders, the log of requests, and what the sandbox swears to."""

from typing import Any

import pytest

from .processes import Receiver, Running


def test_the_summary_is_the_sum_of_what_was_charged(sandbox: Running) -> None:
    sandbox.paid(10000, payment_intent_data={"metadata": {"donation": "1"}})
    sandbox.paid(3000)
    sandbox.paid(2000, currency="eur")
    sandbox.order("pay", session=sandbox.session().id, card="pm_card_visa_chargeDeclined")

    told = sandbox.look("summary")

    assert told["charged"] == {"gbp": {"count": 2, "amount": 13000}, "eur": {"count": 1, "amount": 2000}}
    assert told["settled"]["gbp"] == {"count": 2, "gross": 13000, "fee": 235, "net": 12765}
    first = told["charges"][0]
    assert (first["amount"], first["fee"], first["net"]) == (10000, 170, 9830)
    assert first["metadata"] == {"donation": "1"}
    assert first["session"].startswith("cs_test_")
    assert {each["currency"]: each["amount"] for each in told["balance"]["pending"]} == {"gbp": 12765, "eur": 1950}
    assert told["objects"]["charge"] == 4


def test_the_log_shows_what_was_sent_but_not_the_key(sandbox: Running) -> None:
    sandbox.session(metadata={"donation": "7"})
    sandbox.v1.charges.list({"limit": 5})

    [sent] = sandbox.look("requests?path=/v1/checkout&method=POST")["requests"]
    [asked] = sandbox.look("requests?path=/v1/charges")["requests"]

    assert ["metadata[donation]", "7"] in sent["form"]
    assert sent["headers"]["Stripe-Version"] == "2026-10-28.endive"
    assert "Idempotency-Key" in sent["headers"]
    assert sent["status"] == 200
    assert asked["query"] == [["limit", "5"]]
    assert "sk_test" not in sandbox.http("GET", "/sandbox/requests").text


def test_paying_by_order_answers_like_the_page(sandbox: Running) -> None:
    session = sandbox.session()

    declined = sandbox.order("pay", session=session.id, card="4000000000009995")
    challenged = sandbox.order("pay", session=session.id, card="pm_card_authenticationRequired")
    paid = sandbox.order("pay", session=session.id, card="4242424242424242")
    again = sandbox.order("pay", session=session.id, card="4242424242424242")

    assert declined["error"]["decline_code"] == "insufficient_funds"
    assert challenged["outcome"] == "challenge"
    assert paid["outcome"] == "paid"
    assert paid["charge"].startswith("ch_")
    assert paid["success_url"].endswith(session.id)
    assert again["error"]["code"] == "checkout_session_not_open"


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("pay", {"session": "cs_test_none"}, 404),
        ("events/evt_none/deliver", {}, 404),
        ("sessions/cs_test_none/expire", {}, 404),
        ("fees/next", {}, 400),
        ("fees/next", {"fee": "-1"}, 400),
        ("deliveries/release", {"times": 1000}, 400),
        ("nothing", {}, 404),
    ],
)
def test_a_wrong_order_is_answered_clearly(sandbox: Running, path: str, values: Any, status: int) -> None:
    answer = sandbox.order(path, **values)

    assert answer["error"]["message"]
    assert sandbox.http("POST", f"/sandbox/{path}").status in (status, 404, 400, 200)


def test_a_body_that_is_no_object_is_refused(sandbox: Running) -> None:
    answer = sandbox.http("POST", "/sandbox/pay", b"[1]", Content_Type="application/json")

    assert (answer.status, answer.json["error"]["message"]) == (400, "The body must be a JSON object.")


def test_a_page_of_another_site_cannot_order_anything(sandbox: Running) -> None:
    answer = sandbox.http("POST", "/sandbox/reset", b"", Sec_Fetch_Site="cross-site")

    assert answer.status == 403


def test_a_reset_forgets_everything_but_the_named_endpoints(hooked: Running, receiver: Receiver) -> None:
    hooked.paid()
    hooked.settled()

    hooked.order("reset")

    assert hooked.look("summary")["objects"] == {"webhook_endpoint": 1}
    hooked.product = ""
    hooked.paid()
    hooked.settled()
    assert receiver.types.count("checkout.session.completed") == 2


def test_the_page_shows_what_happened_and_takes_orders(hooked: Running) -> None:
    hooked.order("balance_transactions/hold")
    charge = hooked.paid()
    open_session = hooked.session()
    hooked.settled()

    page = hooked.http("GET", "/sandbox/")
    ordered = hooked.form("/sandbox/balance_transactions/release", charge=charge.id)
    ended = hooked.form(f"/sandbox/sessions/{open_session.id}/expire", by="panel")

    for text in (charge.id, open_session.id[:20], "checkout.session.completed", "delivered (200, 1 sent)"):
        assert text in page.text
    assert "style=" not in page.text
    assert (ordered.status, ordered.headers["Location"]) == (303, "/sandbox/")
    assert ended.status == 303
    assert hooked.v1.charges.retrieve(charge.id).balance_transaction.startswith("txn_")
    assert hooked.http("GET", "/sandbox/static/sandbox.css").status == 200
