"""R5: threads that do the same, or different things about one donation, at once. One entry each, one receipt, one mail,
nothing missing, no deadlock, whatever the order; many rounds, each with its own chance."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from donations import create_app, inbox, ledger, receipts, totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, Entry, Mail, Payment, PostingStop, Receipt, StripeEvent
from donations.money import Money
from donations.worker.ledger_checks import check_ledger
from donations.worker.queues import handle_events, send_mails
from tests.events import a_transaction, charge, declined, deliver, event, fresh, hear, session, succeeded
from tests.factories import a_donation, gbp
from tests.faults.conftest import Postbox

THREADS = 8
PATIENCE_SECONDS = 30
Work = Callable[[], Any]


@pytest.fixture
def rounds(proving: bool) -> int:
    return 200 if proving else 15


@pytest.fixture
def begin(app: Flask) -> Callable[[], Donation]:
    """A pending donation of 20.00 over two funds, kept."""

    def begun() -> Donation:
        with write_unit():
            return a_donation(Appeal.by_slug("hands-off-ali"), split={"ali": 1500, "sakharovo": 500})

    return begun


def at_once(app: Flask, works: Sequence[Work]) -> list[Any]:
    """Do all of it at the same moment, each in a thread with its own context; gives what came of each. A thread that
    does not come back is a deadlock."""
    barrier = threading.Barrier(len(works))
    outcomes: list[Any] = [TimeoutError("a deadlock")] * len(works)

    def run(number: int, work: Work) -> None:
        with app.app_context():
            barrier.wait(PATIENCE_SECONDS)
            try:
                outcomes[number] = work()
            except Exception as error:
                outcomes[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert failed == []
    fresh()
    return outcomes


def delivering(app: Flask, said: dict[str, Any]) -> Work:
    """Deliver an event by a client of its own; returns the text of the answer."""

    def work() -> str:
        answer = deliver(app.test_client(), said)
        assert answer.status_code == 200
        return next(iter(answer.get_json()))

    return work


def check_donation(donation: Donation, entries: int) -> None:
    """The donation is paid, counted and acknowledged once."""
    kept = db.session.get_one(Donation, donation.id)
    assert kept.state == "paid"
    assert kept.counted_in is not None
    receipt = db.session.scalars(select(Receipt).where(Receipt.donation_id == donation.id)).one()
    assert db.session.scalar(select(func.count()).where(Mail.receipt_id == receipt.id)) == 1
    reversed_ids = select(Entry.reverses).where(Entry.reverses.is_not(None))
    payments = select(Payment.id).where(Payment.donation_id == donation.id)
    stands = (Entry.reverses.is_(None), Entry.id.not_in(reversed_ids), Entry.source_id.in_(payments))
    assert db.session.scalar(select(func.count()).where(*stands)) == entries


def check_all(gifts: int) -> None:
    """The ledger is sound, the public total counts every donation, no event had to be tried twice."""
    assert ledger.check(db.session.connection(), datetime.now(UTC)).findings == ()
    public = totals.public(Appeal.by_slug("hands-off-ali"), datetime.now(UTC))
    assert (public.raised, public.donations) == (Money(2000 * gifts, "GBP"), gifts)
    assert db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all() == list(range(1, gifts + 1))
    tried = select(StripeEvent.id, StripeEvent.last_error).where(StripeEvent.attempts > 0)
    assert db.session.execute(tried).all() == []


def test_eight_threads_that_deliver_one_event_book_one_gift(
    app: Flask, begin: Callable[[], Donation], rounds: int
) -> None:
    for _ in range(rounds):
        donation = begin()
        said = succeeded(donation.reference)

        words = at_once(app, [delivering(app, said)] * THREADS)

        assert Counter(words) == {"handled": 1, "duplicate": THREADS - 1}
        check_donation(donation, entries=1)
    check_all(gifts=rounds)


def test_eight_threads_that_deliver_different_events_of_one_payment_miss_none_of_them(
    app: Flask, begin: Callable[[], Donation], chance: random.Random, rounds: int
) -> None:
    for _ in range(rounds):
        donation = begin()
        paid = charge(donation.reference)
        transaction = a_transaction(paid["id"], gbp("20.00"), 50)
        again = {**paid, "balance_transaction": transaction.id}
        works: list[Work] = [
            delivering(app, event("charge.succeeded", paid)),
            delivering(app, event("charge.succeeded", paid)),
            delivering(app, event("charge.pending", {**paid, "status": "pending"})),
            delivering(app, event("charge.updated", again)),
            delivering(app, event("charge.updated", again)),
            delivering(app, event("checkout.session.completed", session(donation.reference))),
            lambda transaction=transaction: hear(transaction),  # type: ignore[misc]
            lambda transaction=transaction: hear(transaction),  # type: ignore[misc]
        ]
        chance.shuffle(works)

        at_once(app, works)

        check_donation(donation, entries=2)
        kept = db.session.scalars(select(Payment).where(Payment.donation_id == donation.id)).one()
        assert kept.balance_transaction_id == transaction.id
    check_all(gifts=rounds)


def test_eight_threads_that_deliver_declined_cards_and_the_good_one_of_one_donation_do_not_block_each_other(
    app: Flask, begin: Callable[[], Donation], chance: random.Random, rounds: int
) -> None:
    for _ in range(rounds):
        donation = begin()
        works = [delivering(app, event("charge.failed", declined(donation.reference))) for _ in range(THREADS - 2)]
        works.append(delivering(app, succeeded(donation.reference)))
        works.append(delivering(app, event("checkout.session.completed", session(donation.reference))))
        chance.shuffle(works)

        words = at_once(app, works)

        assert set(words) == {"handled"}
        check_donation(donation, entries=1)
    check_all(gifts=rounds)


def test_a_decline_that_is_heard_of_after_the_payment_leaves_the_gift_counted(
    app: Flask, begin: Callable[[], Donation]
) -> None:
    donation = begin()
    deliver(app.test_client(), succeeded(donation.reference))

    deliver(app.test_client(), event("charge.failed", declined(donation.reference)))

    fresh()
    check_donation(donation, entries=1)
    check_all(gifts=1)


def test_gifts_that_arrive_at_once_get_numbers_without_gaps_though_some_fail_half_way(
    app: Flask, begin: Callable[[], Donation], monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    issue = receipts.issue
    poisoned: set[str] = set()

    def issue_and_fail(conn: Any, donation: Any, *args: Any, **kwargs: Any) -> str:
        label = issue(conn, donation, *args, **kwargs)
        if donation.reference in poisoned:
            raise RuntimeError("half-way")
        return label

    monkeypatch.setattr(receipts.issuance, "issue", issue_and_fail)
    for _ in range(rounds):
        donations = [begin() for _ in range(THREADS)]
        poisoned = {donation.reference for donation in donations[::2]}
        words = at_once(app, [delivering(app, succeeded(donation.reference)) for donation in donations])
        assert Counter(words) == {"handled": THREADS // 2, "due": THREADS // 2}
    numbers = db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all()
    assert numbers == list(range(1, rounds * THREADS // 2 + 1))


def test_the_books_are_found_sound_while_gifts_arrive(app: Flask, begin: Callable[[], Donation], rounds: int) -> None:
    donations = [begin() for _ in range(4 * rounds)]

    def give(number: int) -> Work:
        mine = [delivering(app, succeeded(donation.reference)) for donation in donations[number::4]]
        return lambda: [work() for work in mine]

    def look() -> None:
        for _ in range(rounds):
            check_ledger(datetime.now(UTC))
            db.session.rollback()

    at_once(app, [give(0), give(1), give(2), give(3), look, look])

    assert db.session.scalars(select(PostingStop.reason)).all() == []
    check_all(gifts=len(donations))


def test_two_workers_race_over_due_events_and_each_is_handled_once(
    app: Flask, begin: Callable[[], Donation], rounds: int
) -> None:
    donations = [begin() for _ in range(rounds * 4)]
    for donation in donations:
        deliver(app.test_client(), succeeded(donation.reference))
    later = datetime.now(UTC) + timedelta(minutes=1)
    with write_unit() as conn:
        for event_id in db.session.scalars(select(StripeEvent.id)).all():
            inbox.replay(conn, event_id, at=later)

    tried = 0
    while done := sum(at_once(app, [lambda: handle_events(later)] * 3)):
        tried += done

    assert tried == len(donations)
    states = db.session.execute(select(StripeEvent.state, func.count()).group_by(StripeEvent.state)).all()
    assert [tuple(row) for row in states] == [("handled", len(donations))]
    for donation in donations:
        check_donation(donation, entries=1)
    assert ledger.check(db.session.connection(), later).findings == ()


def test_two_workers_race_over_due_mails_and_each_is_sent_once(
    environ: dict[str, str], postbox: Postbox, rounds: int
) -> None:
    app = create_app({**environ, "SMTP_URL": postbox.url}, TESTING=True)
    with app.app_context():
        for _ in range(rounds * 2):
            with write_unit():
                donation = a_donation(Appeal.by_slug("hands-off-ali"))
            deliver(app.test_client(), succeeded(donation.reference))
        now = datetime.now(UTC) + timedelta(seconds=1)

        tried = 0
        while done := sum(at_once(app, [lambda: send_mails(now)] * 3)):
            tried += done

        assert tried == rounds * 2
        assert len(postbox.arrived) == len(set(postbox.arrived)) == rounds * 2
        assert db.session.scalars(select(Mail.state).distinct()).all() == ["sent"]
        assert db.session.scalars(select(Mail.recipient_sealed).distinct()).all() == [None]
        db.session.remove()
        db.engine.dispose()
