"""One mail for one change: what a donor is told of a receipt is what is true when the mail goes out, against what they
were last told; what has changed and changed back is not mailed at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask

from donations import receipts
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Mail
from donations.worker.queues import send_mails
from tests import events
from tests.events import fresh
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import MailServer, plain_text
from tests.ledger.stories import Payment
from tests.ledger.test_every_order import hear as tell

SETTLED = receipts.SETTLES_WITHIN


def begun() -> Payment:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00"))
    payment = Payment(donation.reference)
    tell([payment.succeeded()])
    return payment


def sent(server: MailServer, at: datetime) -> list[str]:
    """The subjects of what goes out at a time."""
    before = len(server.mails)
    for _ in range(3):
        fresh()
        send_mails(at)
    return [mail["Subject"] for mail in server.mails[before:]]


def last(server: MailServer) -> EmailMessage:
    return server.mails[-1]


def waiting() -> int:
    fresh()
    return db.session.query(Mail).filter_by(state="due").count()


def test_the_first_receipt_is_mailed_at_once_and_a_change_once_it_has_settled(
    app: Flask, mail_server: MailServer
) -> None:
    gift = begun()
    assert sent(mail_server, NOON) == ["Your receipt R-000001"]
    tell([gift.refund(1000)])
    assert sent(mail_server, NOON + SETTLED - timedelta(seconds=1)) == []
    assert sent(mail_server, NOON + SETTLED) == ["Your new receipt R-000002"]
    assert "Part of your donation was refunded." in plain_text(last(mail_server))


def test_changes_that_settle_together_are_one_mail_that_says_what_is_true_at_the_end(
    app: Flask, mail_server: MailServer
) -> None:
    gift = begun()
    sent(mail_server, NOON)
    tell([gift.refund(1000), gift.refund(500, minutes=20), gift.refund(1500, minutes=30)])
    assert sent(mail_server, NOON + SETTLED) == ["Your receipt R-000001 is void"]
    assert "Your donation was refunded." in plain_text(last(mail_server))
    assert waiting() == 0


def test_a_loss_that_comes_back_at_once_is_no_void_and_no_first_receipt(app: Flask, mail_server: MailServer) -> None:
    # given a donor who was told of a receipt
    gift = begun()
    sent(mail_server, NOON)
    # when the money is lost and comes back before anything was mailed
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, minutes=20)
    tell([gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")])
    tell([gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)])
    # then one mail says which receipt is valid now
    assert sent(mail_server, NOON + SETTLED) == ["Your new receipt R-000002"]
    assert "It replaces receipt R-000001." in plain_text(last(mail_server))
    assert waiting() == 0


def test_what_counts_again_later_says_so_and_that_the_old_receipt_stays_void(
    app: Flask, mail_server: MailServer
) -> None:
    gift = begun()
    sent(mail_server, NOON)
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, minutes=20)
    tell([gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")])
    assert sent(mail_server, NOON + SETTLED) == ["Your receipt R-000001 is void"]
    assert "Your bank reversed your donation." in plain_text(last(mail_server))
    tell([gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)])
    assert sent(mail_server, NOON + SETTLED) == ["Your new receipt R-000002"]
    said = plain_text(last(mail_server))
    assert "Your donation counts again." in said
    assert "The earlier receipt R-000001 stays void." in said


def test_a_donor_who_was_told_nothing_yet_hears_of_the_valid_receipt_only(app: Flask, mail_server: MailServer) -> None:
    gift = begun()
    tell([gift.refund(1000)])
    assert sent(mail_server, NOON + SETTLED) == ["Your receipt R-000002"]
    assert "We received your donation of £20.00." in plain_text(last(mail_server))
    assert waiting() == 0


def test_a_donor_who_was_told_nothing_hears_nothing_of_what_is_gone(app: Flask, mail_server: MailServer) -> None:
    gift = begun()
    tell([gift.refund(3000)])
    assert sent(mail_server, NOON + SETTLED) == []
    assert waiting() == 0


def test_a_debit_that_fails_says_that_nothing_reached_us(app: Flask, mail_server: MailServer) -> None:
    gift = begun()
    sent(mail_server, NOON)
    tell([gift.failed()])
    sent(mail_server, NOON + SETTLED)
    assert "Your payment failed after we had confirmed it" in plain_text(last(mail_server))


@pytest.mark.parametrize("kind", ["receipt_replaced", "receipt_void"])
def test_a_mail_that_an_earlier_version_queued_is_still_sent(app: Flask, mail_server: MailServer, kind: str) -> None:
    # given a mail of a change as it was queued before there was a cause
    gift = begun()
    sent(mail_server, NOON)
    tell([gift.refund(1000 if kind == "receipt_replaced" else 3000)])
    with write_unit() as conn:
        conn.exec_driver_sql("UPDATE receipt_event SET cause = NULL")
    sent(mail_server, NOON + SETTLED)
    general = {"receipt_replaced": "The receipt for your donation has changed.", "receipt_void": "is void."}
    assert general[kind] in plain_text(last(mail_server))
