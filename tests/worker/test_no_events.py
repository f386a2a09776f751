"""R20: every event is lost for good. What Stripe lists, with the sources behind it, ends in the same ledger, states,
receipts, deadlines and alarms as if each event had been received, polled once at the end or after each change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, select, update

from donations.database import write_unit
from donations.extensions import db
from donations.models import (
    CheckoutAttempt,
    Dispute,
    Donation,
    FraudWarning,
    Job,
    Mail,
    Payment,
    Payout,
    Receipt,
    Refund,
)
from donations.worker import stripe_objects, stripe_sync
from donations.worker.sessions import look_at_sessions
from tests.events import balances, fresh
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.worker.steps import begun, sound

MINUTE = timedelta(minutes=1)
Step = Callable[[Stripe, str, dict[str, str]], None]


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    told = {"STRIPE_API_BASE": at_stripe.url, "ALERT_EMAIL": "treasurer@example.org"}
    return {**environ_for(database_url), **told}


def refund(minor: int, **more: Any) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        made["refund"] = stripe.order("refunds", charge=charge, amount=minor, **more)["id"]

    return step


def refund_becomes(status: str) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        stripe.order(f"refunds/{made['refund']}/become", status=status)

    return step


def dispute(**more: Any) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        made["dispute"] = stripe.order("disputes", charge=charge, **more)["id"]

    return step


def in_dispute(what: str, **more: Any) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        stripe.order(f"disputes/{made['dispute']}/{what}", **more)

    return step


def of_charge(what: str) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        stripe.order(f"charges/{charge}/{what}")

    return step


def captured(**more: Any) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        stripe.order(f"charges/{charge}/capture", **more)

    return step


def released(**more: Any) -> Step:
    def step(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
        stripe.order(f"charges/{charge}/release", **more)

    return step


def called_off(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    stripe.order(f"payment_intents/{made['intent']}/cancel")


def warned(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    stripe.order("early_fraud_warnings", charge=charge)


def paid_out(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    made["payout"] = stripe.order("payouts", to="paid", reconcile=True)["id"]


def payout_fails(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    stripe.order(f"payouts/{made['payout']}/advance", to="failed")


def paid_out_by_hand(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    made["payout"] = stripe.order("payouts", amount=900, to="paid", method="instant", fee=9)["id"]


def payout_taken_back(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    stripe.order(f"payouts/{made['payout']}/reverse")


def paid_out_elsewhere(stripe: Stripe, charge: str, made: dict[str, str]) -> None:
    made["payout"] = stripe.order("payouts", to="paid", reconcile=True, destination=f"ba_{charge}")["id"]


# name -> (how it was paid, what happens then, the alarms that still matter at the end)
STORIES: dict[str, tuple[str, list[Step], set[str]]] = {
    "nothing else": ("pm_card_visa", [], set()),
    "refunded in part": ("pm_card_visa", [refund(500)], set()),
    "refunded in two parts": ("pm_card_visa", [refund(500), refund(1500)], set()),
    "a refund that bounced": ("pm_card_visa", [refund(2000), refund_becomes("failed")], {"refund failed"}),
    "a refund that waits": (
        "pm_card_visa", [refund(700, status="pending", pending_reason="insufficient_funds")],
        {"refund waits"},
    ),
    "a refund that was canceled": (
        "pm_card_visa", [refund(700, status="requires_action"), refund_becomes("canceled")], {"refund failed"},
    ),
    "an inquiry": ("pm_card_visa", [dispute(inquiry=True)], {"dispute"}),
    "a dispute": ("pm_card_visa", [dispute()], {"dispute"}),
    "a dispute lost": ("pm_card_visa", [dispute(), in_dispute("lose")], set()),
    "a dispute won": ("pm_card_visa", [dispute(), in_dispute("win")], set()),
    "a dispute won in part": ("pm_card_visa", [dispute(), in_dispute("win", amount=900)], set()),
    "a loss that is appealed": (
        "pm_card_visa", [dispute(), in_dispute("lose"), in_dispute("become", status="appeal_needs_response")],
        {"dispute"},
    ),
    "a dispute prevented": ("pm_card_visa", [dispute(), in_dispute("become", status="prevented")], set()),
    "a loss that is won after all": (
        "pm_card_visa", [dispute(), in_dispute("lose"), in_dispute("become", status="appeal_under_review"),
                         in_dispute("win")], set(),
    ),
    "held on the card": ("held", [], set()),
    "held and captured": ("held", [captured()], set()),
    "held and captured in part": ("held", [captured(amount=1200)], set()),
    "held and captured in part, refunded": ("held", [captured(amount=1200), refund(500)], set()),
    "held and released": ("held", [released()], set()),
    "held until its time had run out": ("held", [released(expired=True)], set()),
    "another account's": ("another account's", [], {"stray charge"}),
    "promised": ("promised", [], set()),
    "promised and called off": ("promised", [called_off], set()),
    "a warning": ("pm_card_visa", [warned], {"fraud warning"}),
    "a warning, refunded": ("pm_card_visa", [warned, refund(2000)], set()),
    "a debit on its way": ("bacs_success", [], set()),
    "a debit that came": ("bacs_success", [of_charge("succeed")], set()),
    "a debit that failed": ("bacs_success", [of_charge("fail")], set()),
    "a debit that failed after it had come": ("bacs_success", [of_charge("succeed"), of_charge("fail")], set()),
    "a payout": ("pm_card_bypassPending", [paid_out], set()),
    "a payout taken back": ("pm_card_bypassPending", [paid_out, payout_taken_back], set()),
    "an instant payout": ("pm_card_bypassPending", [paid_out_by_hand], set()),
    "a payout that goes elsewhere": ("pm_card_bypassPending", [paid_out_elsewhere], set()),
    "a payout that failed": ("pm_card_bypassPending", [paid_out, payout_fails], {"payout failed"}),
}  # fmt: skip


HOW: dict[str, dict[str, Any]] = {"held": {"hold": True}, "another account's": {"on_behalf_of": "acct_another"}}


def listen(at: datetime, *, to_events: bool) -> None:
    """What the worker does in an hour, all of it, and once more, because one listing may call for another."""
    for _ in range(2):
        with write_unit():  # No time passes in this test: without its cursors the worker lists all of it again.
            db.session.execute(delete(Job))
            db.session.execute(update(CheckoutAttempt).where(CheckoutAttempt.look_at.is_not(None)).values(look_at=at))
        if to_events:
            stripe_sync.catch_up(at)
        look_at_sessions(at + 31 * MINUTE)
        stripe_sync.sync_transactions(at)
        stripe_sync.sync_payouts(at)
        stripe_objects.sync_objects(at)


def lived(stripe: Stripe, story: str, at: datetime, *, to_events: bool, after_each: bool) -> dict[str, Any]:
    """A donation to which this happens. Gives everything it has come to, without the ids that differ."""
    card, steps, _ = STORIES[story]
    fresh()
    mails_before = set(db.session.scalars(select(Mail.id)))
    balances_before = balances()
    payouts_before = set(db.session.scalars(select(Payout.id)))
    if not to_events:
        stripe.order("events/lose", times=10_000, forget=True)
    stripe.order("fees/next", fee=62)
    donation, session_id = begun(at=at)
    made: dict[str, str] = {}
    if card == "promised":
        made["intent"] = stripe.order(f"sessions/{session_id}/promise")["payment_intent"]
    charge = "" if made else str(stripe.pay(session_id, **HOW.get(card, {"card": card}))["charge"])
    for step in steps:
        if after_each:
            listen(at, to_events=to_events)
        step(stripe, charge, made)
    listen(at, to_events=to_events)
    stripe.server.http("DELETE", "/sandbox/events/lose")
    return outcome(donation, mails_before, balances_before, payouts_before)


def outcome(
    donation: Donation, mails_before: set[int], balances_before: dict[Any, int], before: set[str]
) -> dict[str, Any]:
    fresh()
    payments = select(Payment.id).where(Payment.donation_id == donation.id)
    moved: dict[Any, int] = defaultdict(int)
    for key, minor in balances().items():
        changed = minor - balances_before.get(key, 0)
        if changed:
            moved[*key[:3], (key[3] or "")[:3]] += changed
    alarms = db.session.scalars(select(Mail).where(Mail.kind == "alarm", Mail.id.not_in(mails_before)))
    return {
        "state": Donation.by_reference(donation.reference).state,
        "books": dict(moved),
        "receipts": db.session.scalars(
            select(Receipt.amount_minor).where(Receipt.donation_id == donation.id, Receipt.state == "live")
        ).all(),
        "refunds": sorted(
            (row.amount_minor, row.status, row.failed_at is not None)
            for row in db.session.scalars(select(Refund).where(Refund.payment_id.in_(payments)))
        ),
        "disputes": [
            (row.status, row.amount_minor, row.due_by is not None, row.closed_at is not None)
            for row in db.session.scalars(select(Dispute).where(Dispute.payment_id.in_(payments)))
        ],
        "warnings": db.session.scalars(
            select(FraudWarning.actionable).where(FraudWarning.payment_id.in_(payments))
        ).all(),
        "payouts": sorted(
            (row.status, row.members_listed) for row in db.session.scalars(select(Payout)) if row.id not in before
        ),
        "alarms": {str(mail.facts["name"]).rpartition(" ")[0] for mail in alarms},
    }


# Looked at once at the end, and where more than one thing happens also after each.
LOOKS = [
    pytest.param(story, after_each, id=f"{story}, {'each change' if after_each else 'the end'} looked at")
    for story, (_, steps, _) in STORIES.items()
    for after_each in ((False, True) if len(steps) > 1 else (False,))
]


@pytest.mark.parametrize(("story", "after_each"), LOOKS)
def test_without_any_event_a_story_ends_as_if_each_had_been_heard(
    app: Flask, at_stripe: Stripe, now: datetime, story: str, after_each: bool
) -> None:
    # given what becomes of a donation when all is heard
    heard = lived(at_stripe, story, now, to_events=True, after_each=True)
    # when the same happens to another and no event of it ever comes
    unheard = lived(at_stripe, story, now, to_events=False, after_each=after_each)
    # then it ends the same, and what still needs a person is told
    needed = STORIES[story][2]
    assert needed <= unheard.pop("alarms")
    assert needed <= heard.pop("alarms")
    assert unheard == heard
    assert sound()


def test_any_number_of_new_balance_transactions_is_looked_behind_in_small_queries(
    app: Flask, at_stripe: Stripe, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given more new balance transactions than one look takes
    story = next(iter(STORIES))
    heard = lived(at_stripe, story, now, to_events=True, after_each=True)
    monkeypatch.setattr(stripe_objects, "BATCH", 1)
    sizes: list[int] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: sizes.append(len(call[3])))
    # when their sources are fetched
    stripe_objects.complete(now, [f"txn_{number}" for number in range(200)])
    # then no query carries them all, and nothing that happened is missed
    assert 0 < max(sizes) < 20
    unheard = lived(at_stripe, story, now, to_events=False, after_each=False)
    assert (unheard.pop("alarms"), unheard) == (heard.pop("alarms"), heard)
    assert sound()
