"""What a stop of posting must not block: the public pages, signing in, looking, mail, exports, alarms, and events
coming in. Only what would be booked waits, and every page of the treasury says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import inbox, outbox, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Mail, PostingStop
from donations.web.page import now
from donations.worker.queues import send_mails
from tests import events
from tests.events import as_text, deliver, fresh
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import MailServer
from tests.fixtures.settings import environ_for
from tests.ledger.stories import Payment
from tests.web.staff.conftest import Browser
from tests.web.treasury.stop_steps import event_state
from tests.web.treasury.test_every_page import FORMS, PAGES, some_of_everything

PUBLIC = ("/", "/appeals/hands-off-ali", "/appeals/hands-off-ali/total.json", "/about", "/embed/hands-off-ali")

A_FAILED_PAYOUT = {
    "id": "po_1", "object": "payout", "amount": 500, "currency": "gbp", "status": "failed", "automatic": True,
    "reconciliation_status": "completed", "trace_id": None, "failure_code": "account_closed",
    "balance_transaction": None, "failure_balance_transaction": None, "created": int(NOON.timestamp()),
    "arrival_date": int(NOON.timestamp()),
}  # fmt: skip


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "ALERT_EMAIL": "treasurer@example.org",
            "SMTP_URL": mail_server.url, "MAIL_FROM": "fund@example.org"}  # fmt: skip


def halt() -> None:
    with write_unit():
        db.session.add(PostingStop(id=1, since=NOON, reason="I10: a test"))


def test_every_page_of_the_treasury_opens_and_says_that_posting_is_stopped(
    signed_in: Callable[..., Browser],
) -> None:
    some_of_everything()
    halt()
    browser = signed_in("treasurer")  # Signing in is not blocked either.
    for path in (*PAGES, *FORMS):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count("Recording is stopped") >= 1, path
        assert path == "/treasury/posting-stop" or 'href="/treasury/posting-stop"' in answer.text, path


def test_the_public_pages_open(app: Flask, client: FlaskClient) -> None:
    halt()
    for path in PUBLIC:
        assert client.get(path).status_code == 200, path


def test_the_books_leave_as_files(treasurer: Browser) -> None:
    some_of_everything()
    halt()
    for format_ in ("csv", "xlsx", "beancount", "hledger"):
        answer = treasurer.client.get(f"/treasury/exports/file?format={format_}")
        assert answer.status_code == 200, format_
        answer.get_data()
        answer.close()


def test_mail_goes_out(app: Flask, mail_server: MailServer) -> None:
    with write_unit() as conn:
        outbox.queue(conn, "alarm", "a", to="maya@example.org", language="en", at=NOON,
                     facts={"name": "posting stopped", "said": "I10"})  # fmt: skip
    halt()
    assert send_mails(now()) == 1
    assert [mail["To"] for mail in mail_server.mails] == ["maya@example.org"]


def test_an_event_is_kept_and_waits(app: Flask, client: FlaskClient) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    halt()
    said = events.succeeded(reference)
    assert deliver(client, said).status_code == 200
    assert event_state(said["id"]) == "due"


@pytest.mark.parametrize("what", ["dispute", "refund", "payout"])
def test_a_deadline_or_failure_that_is_heard_of_meanwhile_is_an_alarm_at_once(app: Flask, what: str) -> None:
    # given a donation, and posting stopped
    with write_unit():
        gift = Payment(a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00")).reference)
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    receive(*gift.succeeded())
    halt()
    # when Stripe tells of a dispute, a refund that failed or a payout that failed
    told = {
        "dispute": gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created"),
        "refund": gift.refund(3000, status="failed"),
        "payout": ("payout.failed", A_FAILED_PAYOUT),
    }[what]
    assert receive(*told) == "due"
    # then the person who must act is told now, and not after the correction
    fresh()
    names = [str(mail.facts["name"]) for mail in db.session.query(Mail).filter_by(kind="alarm")]
    assert [name.split()[0] for name in names] == [what]


def receive(kind: str, about: dict[str, object], minutes: int = 0) -> str:
    raw = as_text(events.event(kind, about, created=int(NOON.timestamp()) + 60 * minutes))
    return inbox.receive(stripe_gateway.parse_event(raw), raw.encode(), at=NOON)
