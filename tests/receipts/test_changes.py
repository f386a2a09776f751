"""A receipt follows what remains of the donation: replaced when part of it goes, void when nothing remains, and left
alone where nothing changed; each change is mailed in the supporter's language."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from donations import ledger, mailer
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Mail, Receipt, ReceiptEvent
from tests import events
from tests.events import fresh, new_id, rows
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import plain_text
from tests.ledger import stories
from tests.ledger.stories import Payment, Said
from tests.ledger.test_every_order import hear as tell

LINK = r"http://localhost(/(?:ru/)?receipts/\S+)"


@pytest.fixture
def gift(app: Flask) -> Payment:
    """A donation of 30.00, received, with its receipt R-000001."""
    payment = begun()
    mailed()
    return payment


def begun(language: str = "en") -> Payment:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00"), language=language)
    payment = Payment(donation.reference)
    tell([payment.succeeded()])
    return payment


def receipts() -> list[tuple[str, str, int]]:
    fresh()
    return [(one.label, one.state, one.amount_minor) for one in db.session.query(Receipt).order_by(Receipt.number)]


def happened() -> list[tuple[str, str, str]]:
    """What happened to receipts: the label, what, by whom."""
    found = db.session.query(Receipt.label, ReceiptEvent.kind, ReceiptEvent.actor).join(
        ReceiptEvent, ReceiptEvent.receipt_id == Receipt.id
    )
    return sorted((label, kind, actor) for label, kind, actor in found)


def payload(label: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(db.session.query(Receipt).filter_by(label=label).one().payload)
    return said


def mails() -> list[str]:
    return sorted(mail.dedupe_key for mail in db.session.query(Mail))


def mailed(*kinds: str) -> None:
    """The donors have had the mails of these kinds, or else of their first receipts."""
    with write_unit():
        for one in db.session.query(Mail).filter(Mail.kind.in_(kinds or ("receipt",))):
            one.state, one.sent_at, one.recipient_sealed = "sent", NOON, None


def mail(key: str) -> EmailMessage:
    return mailer.compose(db.session.query(Mail).filter_by(dedupe_key=key).one(), NOON)


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def sound() -> bool:
    return ledger.check(db.session.connection(), NOON).sound


def lost(gift: Payment, status: str, *, back: bool = False) -> list[stories.Said]:
    """A dispute over the whole donation, and how it ended."""
    dispute_id = events.new_id("dp")
    moves = [gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)]
    opened = gift.dispute("needs_response", *moves, dispute_id=dispute_id, what="created")
    if back:
        moves.append(gift.listed("dispute_reversal", 3000, dispute_id, minutes=500))
    return [opened, gift.dispute(status, *moves, dispute_id=dispute_id, what="closed")]


def test_a_part_refund_replaces_the_receipt_and_the_new_one_names_the_old(gift: Payment) -> None:
    tell([gift.refund(1000)])
    assert receipts() == [("R-000001", "replaced", 3000), ("R-000002", "live", 2000)]
    assert happened() == [("R-000001", "replaced", "stripe")]
    assert payload("R-000002")["replaces"] == "R-000001"
    assert payload("R-000002")["amount_minor"] == 2000
    assert payload("R-000002")["received_on"] == payload("R-000001")["received_on"] == "2026-11-21"
    assert "replaces" not in payload("R-000001")
    assert mails() == ["receipt:R-000001", "receipt_replaced:R-000002"]
    assert sound()


def test_each_further_part_replaces_the_newest(gift: Payment) -> None:
    tell([gift.refund(1000), gift.refund(500, minutes=20), gift.refund(1500, minutes=30)])
    assert receipts() == [("R-000001", "replaced", 3000), ("R-000002", "replaced", 2000), ("R-000003", "void", 1500)]
    assert payload("R-000003")["replaces"] == "R-000002"
    assert happened() == [
        ("R-000001", "replaced", "stripe"), ("R-000002", "replaced", "stripe"), ("R-000003", "voided", "stripe"),
    ]  # fmt: skip
    assert sound()


def test_a_full_refund_voids_the_receipt_and_takes_no_number(gift: Payment) -> None:
    tell([gift.refund(3000)])
    assert receipts() == [("R-000001", "void", 3000)]
    assert happened() == [("R-000001", "voided", "stripe")]
    assert mails() == ["receipt:R-000001", "receipt_void:R-000001"]
    assert sound()


def test_the_same_refund_again_changes_no_receipt_and_sends_no_mail(gift: Payment) -> None:
    refund = gift.refund(1000)
    tell([refund] * 3)
    assert len(receipts()) == rows("mail") == 2


def test_a_dispute_that_is_won_leaves_the_receipt(gift: Payment) -> None:
    tell(lost(gift, "won", back=True))
    assert receipts() == [("R-000001", "live", 3000)]
    assert (happened(), mails()) == ([], ["receipt:R-000001"])
    assert sound()


def test_a_dispute_that_is_lost_voids_the_receipt(gift: Payment) -> None:
    tell(lost(gift, "lost"))
    assert receipts() == [("R-000001", "void", 3000)]
    assert mails() == ["receipt:R-000001", "receipt_void:R-000001"]
    assert sound()


def test_what_comes_back_after_a_lost_dispute_has_a_receipt_of_its_own(gift: Payment) -> None:
    # given a dispute that was lost, so that the receipt is void
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    tell([gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")])
    assert receipts() == [("R-000001", "void", 3000)]
    # when its money comes back all the same
    tell([gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)])
    # then there is a new receipt, and the old one stays void
    assert receipts() == [("R-000001", "void", 3000), ("R-000002", "live", 3000)]
    assert "replaces" not in payload("R-000002")
    assert sound()


def test_a_receipt_that_has_ended_never_becomes_live_again(gift: Payment) -> None:
    tell([gift.refund(3000)])
    with pytest.raises(IntegrityError, match="never returns"), write_unit() as conn:
        conn.execute(text("UPDATE receipt SET state = 'live'"))


def test_a_debit_that_failed_for_good_gets_no_receipt_again_by_itself(gift: Payment) -> None:
    tell([gift.failed(), gift.succeeded(), gift.succeeded()])
    assert receipts() == [("R-000001", "void", 3000)]


def test_a_debit_that_fails_late_voids_the_receipt(gift: Payment) -> None:
    tell([gift.failed(), gift.listed("charge_failure", -3000, gift.id, minutes=90)])
    assert receipts() == [("R-000001", "void", 3000)]
    assert mails() == ["receipt:R-000001", "receipt_void:R-000001"]
    assert sound()


@pytest.mark.parametrize("minor", [1000, 3000])
def test_a_refund_that_bounces_changes_no_receipt(gift: Payment, minor: int) -> None:
    refund = gift.refund(minor)
    refund_id = refund[1]["id"]
    tell([refund, gift.listed("refund", -minor, refund_id, minutes=11)])
    before = receipts(), happened(), mails()
    back = gift.listed("refund_failure", minor, refund_id, minutes=90)
    tell([gift.refund(minor, status="failed", refund_id=refund_id), back])
    assert (receipts(), happened(), mails()) == before
    assert sound()


def test_the_mail_of_a_new_receipt_says_what_was_given_back(gift: Payment, client: FlaskClient) -> None:
    tell([gift.refund(1000)])
    message = mail("receipt_replaced:R-000002")
    assert (message["Subject"], message["To"]) == ("Your new receipt R-000002", "maya@example.org")
    for body in (plain_text(message), html(message)):
        assert "Part of your donation was refunded." in body
        assert "Receipt R-000002 for £20.00 is valid now. It replaces receipt R-000001." in body
    found = re.search(LINK, plain_text(message))
    assert found is not None
    page = client.get(found[1])
    assert (page.status_code, "R-000002" in page.text) == (200, True)


def test_the_mail_of_a_void_receipt_says_why(gift: Payment, client: FlaskClient) -> None:
    tell([gift.refund(3000)])
    message = mail("receipt_void:R-000001")
    assert message["Subject"] == "Your receipt R-000001 is void"
    for body in (plain_text(message), html(message)):
        assert "Your donation was refunded." in body
        assert "Receipt R-000001 is void." in body
    found = re.search(LINK, plain_text(message))
    assert found is not None
    page = client.get(found[1])
    assert (page.status_code, "Void" in page.text) == (200, True)


def test_a_receipt_over_more_is_not_said_to_be_a_refund(app: Flask) -> None:
    # given donations of which a bank kept 10.00 for a while and returned it after the dispute was lost
    changed = []
    for language, number in (("en", 3), ("ru", 6)):
        for told in reinstated_after_a_loss(begun(language)):
            mailed("receipt", "receipt_replaced")
            tell([told])
        changed.append(mail(f"receipt_replaced:R-00000{number}"))
    english, russian = changed
    for body in (plain_text(english), html(english)):
        assert "refunded" not in body
        assert "We received another part of your donation." in body
        assert "Receipt R-000003 for £30.00 is valid now. It replaces receipt R-000002." in body
    for body in (plain_text(russian), html(russian)):
        assert "возвращена" not in body
        assert "Она заменяет квитанцию R-000005." in body


def reinstated_after_a_loss(payment: Payment) -> list[Said]:
    dispute_id = new_id("dp")
    taken = payment.listed("dispute", -1000, dispute_id, minutes=20)
    back = payment.listed("dispute_reversal", 1000, dispute_id, minutes=500)
    lost = payment.dispute("lost", taken, dispute_id=dispute_id, what="closed")
    return [lost, payment.dispute("lost", taken, back, dispute_id=dispute_id)]


def test_the_mails_are_written_in_russian_too(app: Flask) -> None:
    for minor in (1000, 3000):
        payment = begun("ru")
        mailed()
        tell([payment.refund(minor)])
    replaced, void = mail("receipt_replaced:R-000002"), mail("receipt_void:R-000003")
    assert (replaced["Subject"], void["Subject"]) == (
        "Ваша новая квитанция R-000002", "Ваша квитанция R-000003 аннулирована",
    )  # fmt: skip
    for body in (plain_text(replaced), html(replaced)):
        assert "Часть вашего пожертвования возвращена." in body
        assert "Она заменяет квитанцию R-000001." in body
    for body in (plain_text(void), html(void)):
        assert "Ваше пожертвование возвращено." in body
    for message in (replaced, void):
        assert "http://localhost/ru/receipts/" in plain_text(message)
        assert "Hello" not in plain_text(message)


def test_without_an_address_the_receipt_changes_and_no_mail_is_queued(app: Flask) -> None:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00"), email_sealed=None, email_hash=None)
    gift = Payment(donation.reference)
    tell([gift.succeeded(), gift.refund(1000), gift.refund(2000)])
    assert [state for _, state, _ in receipts()] == ["replaced", "void"]
    assert rows("mail") == 0
