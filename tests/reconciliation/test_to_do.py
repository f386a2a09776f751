"""One thing of every kind, planted: it is on the list with its age, and off it once it was dealt with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from donations.database import write_unit
from donations.errors import AlreadyDone, CannotBeRetried, ReasonNeeded
from donations.extensions import db
from donations.models import (
    Dismissal,
    Job,
    Mail,
    StripeEvent,
)
from donations.reconciliation import payment_requests, to_do
from donations.reconciliation.matches import Said
from donations.reconciliation.to_do import KINDS, OpenItems
from tests.events import fresh
from tests.factories import NOON
from tests.reconciliation.steps import a_bank_account, a_line, banked, match
from tests.reconciliation.test_payment_requests import approve, ask_for
from tests.reconciliation.waiting_steps import LATER, PLANTED, a_job, a_mail, a_rest, add, an_event


def listed(kind: str, at: Any = LATER, **more: Any) -> OpenItems | None:
    fresh()
    return next((one for one in to_do.open_items(db.session.connection(), at, **more) if one.kind == kind), None)


@pytest.mark.parametrize("kind", KINDS)
def test_one_thing_of_each_kind_is_on_the_list_with_its_age(app: Flask, kind: str) -> None:
    # given nothing of it
    assert listed(kind) is None
    # when there is one
    PLANTED[kind]()
    # then it is on the list, with its age; on the page of its kind; and in the period in which it began
    found = listed(kind)
    assert found is not None
    assert found.count == 1
    (item,) = found.oldest
    assert NOON.date() - timedelta(days=10) <= item.since <= LATER.date()
    assert to_do.of_kind(db.session.connection(), kind, LATER) == [item]
    assert listed(kind, until=LATER.date()) == found
    assert listed(kind, until=item.since - timedelta(days=1)) is None


@pytest.mark.parametrize(
    "kind", ["gift", "payout", "settlement", "withheld", "transit", "unlinked", "refund_attempt", "refund_waiting",
             "to_pay_in", "expected"],
)  # fmt: skip
def test_what_is_young_is_on_its_way_and_not_on_the_list(app: Flask, kind: str) -> None:
    PLANTED[kind]()
    assert listed(kind, NOON + timedelta(minutes=10)) is None


def test_money_of_one_fund_is_not_covered_by_money_of_another(app: Flask) -> None:
    # given what is too much in suspense and too little in a fund, for the same thing
    a_rest(1040, "txn_1")()

    line = a_line(a_bank_account(), 300)
    match(line, Said("own_account", 300, target="txn_1"))
    # then a match that takes it from where it is leaves nothing open
    assert listed("transit") is None


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.may_retry])
def test_what_may_be_tried_again_is(app: Flask, kind: str) -> None:
    for name in ("events", "movements", "payouts"):
        if kind != "job" or name != "movements":
            add(Job(name=name, due_at=LATER + timedelta(days=9), memory={}))
    add(Job(name="x", due_at=LATER + timedelta(days=9), memory={}))
    PLANTED[kind]()
    if kind == "event":
        with write_unit():
            db.session.get_one(StripeEvent, "evt_1").payload_sealed = b"sealed"
    found = listed(kind)
    assert found is not None
    with write_unit() as conn:
        to_do.retry(conn, kind, found.oldest[0].ref, at=LATER)
    fresh()
    if kind in ("mail", "held_mail"):
        assert db.session.get_one(Mail, 1).state == "due"
    elif kind == "event":
        assert db.session.get_one(StripeEvent, "evt_1").state == "due"
    else:
        assert db.session.get_one(Job, "movements").due_at == LATER
    assert db.session.get_one(Job, "x").due_at > LATER


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.may_dismiss])
def test_what_may_be_dismissed_is_with_a_reason_and_no_other_thing_is(app: Flask, kind: str) -> None:
    PLANTED[kind]()
    found = listed(kind)
    assert found is not None
    ref = found.oldest[0].ref
    told: dict[str, Any] = {"actor": "tara", "at": LATER}
    with pytest.raises(ReasonNeeded), write_unit() as conn:
        to_do.dismiss(conn, kind, ref, reason="", **told)
    with pytest.raises(AlreadyDone), write_unit() as conn:
        to_do.dismiss(conn, "line", ref, reason="no", **told)
    with write_unit() as conn:
        to_do.dismiss(conn, kind, ref, reason="looked at", **told)
    assert listed(kind) is None
    assert db.session.get_one(Dismissal, (kind, ref)).reason == "looked at"
    with pytest.raises(AlreadyDone), write_unit() as conn:
        to_do.dismiss(conn, kind, ref, reason="again", **told)


def test_a_dismissed_email_keeps_no_address_and_a_dismissed_job_comes_back_the_next_day(app: Flask) -> None:
    a_mail()
    a_job()
    for kind, ref in (("mail", "1"), ("job", "movements")):
        with write_unit() as conn:
            to_do.dismiss(conn, kind, ref, reason="looked at", actor="tara", at=LATER)
    fresh()
    assert db.session.get_one(Mail, 1).recipient_sealed is None
    assert listed("job") is None
    assert listed("job", LATER + timedelta(days=2)) is not None
    assert listed("mail", LATER + timedelta(days=2)) is None


def test_what_is_kept_no_more_cannot_be_tried_again(app: Flask) -> None:
    an_event()
    a_mail()
    with write_unit():
        db.session.get_one(Mail, 1).recipient_sealed = None
    for kind, ref in (("event", "evt_1"), ("mail", "1")):
        with pytest.raises(CannotBeRetried), write_unit() as conn:
            to_do.retry(conn, kind, ref, at=LATER)


def test_a_payment_sent_that_the_bank_never_paid_is_marked_as_not_sent(app: Flask) -> None:
    # given one that was sent a week ago
    account = banked(80000)
    wanted = ask_for(5000)
    approve(wanted, "theo")
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    assert listed("disbursement", NOON + timedelta(days=3)) is None
    assert listed("disbursement", NOON + timedelta(days=8)) is not None
    # when a person reports it, with a reason
    with pytest.raises(ReasonNeeded), write_unit() as conn:
        payment_requests.unsend(conn, wanted, reason="", at=NOON)
    with write_unit() as conn:
        assert payment_requests.unsend(conn, wanted, reason="wrong account number", at=NOON).state == "approved"
    # then it can be sent once more, or withdrawn; one with a matched line cannot be marked so
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    match(a_line(account, -5000), Said("disbursement", -5000, target=str(wanted)))
    with pytest.raises(AlreadyDone), write_unit() as conn:
        payment_requests.unsend(conn, wanted, reason="x", at=NOON)


def test_the_planted_things_cover_every_kind() -> None:
    assert list(PLANTED) == list(KINDS)
