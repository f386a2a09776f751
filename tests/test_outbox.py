"""Mail to send is kept once for each cause, with its address sealed, in its cause's own transaction."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from donations import outbox, privacy
from donations.database import write_unit
from donations.errors import BadSeal
from donations.extensions import db
from donations.models import Mail
from tests.events import fresh, rows
from tests.factories import NOON


def queue(key: str = "receipt:R-1", to: str = "maya@example.org") -> None:
    with write_unit() as conn:
        outbox.queue(conn, "receipt", key, to=to, language="ru", at=NOON)


def test_a_mail_waits_to_be_sent(app: Flask) -> None:
    queue()
    mail = db.session.query(Mail).one()
    assert (mail.kind, mail.language, mail.state, mail.attempts) == ("receipt", "ru", "due", 0)
    assert (mail.next_attempt_at, mail.created_at, mail.leased_until, mail.sent_at) == (NOON, NOON, None, None)


def test_the_same_cause_sends_one_mail(app: Flask) -> None:
    queue()
    queue(to="somebody.else@example.org")
    mail = db.session.query(Mail).one()
    assert mail.recipient_sealed is not None
    assert privacy.unseal(mail.recipient_sealed, outbox.identity("receipt:R-1")) == "maya@example.org"


def test_a_cause_whose_mail_was_sent_sends_no_second(app: Flask) -> None:
    queue()
    with write_unit() as conn:
        conn.execute(text("UPDATE mail SET state = 'sent', recipient_sealed = NULL"))
    queue()
    fresh()
    assert db.session.query(Mail).one().state == "sent"


def test_the_address_is_sealed_for_this_mail_only(app: Flask) -> None:
    queue()
    raw = db.session.execute(text("SELECT * FROM mail")).mappings().one()
    for value in raw.values():
        assert b"maya" not in (value if isinstance(value, bytes) else str(value).encode())
    with pytest.raises(BadSeal):
        privacy.unseal(raw["recipient_sealed"], outbox.identity("receipt:R-2"))


def test_a_mail_goes_with_its_cause(app: Flask) -> None:
    def fail() -> None:
        with write_unit() as conn:
            outbox.queue(conn, "receipt", "receipt:R-1", to="maya@example.org", language="en", at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows("mail") == 0
