"""What the tests of updates and followers have in common: write one, post it, follow an appeal, read the mails."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from sqlalchemy import select

from donations import mailer
from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, Mail, Subscriber
from tests.web.staff.conftest import Browser

WORDS = {"title-en": "He is out", "text-en": "**Free** at last.", "title-ru": "Он на воле", "form_key": "u1"}
MAYA = "maya@example.org"


def only(model: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(select(model)).one()


def mails(kind: str) -> list[Mail]:
    db.session.rollback()
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def written(mail: Mail, at: datetime) -> EmailMessage:
    """As it goes over the wire and is read again."""
    message = mailer.compose(mail, at)
    read = message_from_bytes(message.as_bytes(policy=SMTP), policy=SMTP)
    assert isinstance(read, EmailMessage)
    return read


def write(browser: Browser, slug: str = "hands-off-ali", **typed: str) -> int:
    answer = browser.post(f"/campaigns/{slug}/updates/new", **{**WORDS, **typed})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def post(browser: Browser, number: int, slug: str = "hands-off-ali") -> Any:
    shown = browser.get(f"/campaigns/{slug}/updates/{number}").text
    seen = re.search(r'name="seen" value="([^"]+)"', shown)
    return browser.post(f"/campaigns/{slug}/updates/{number}/post", seen=seen[1] if seen else "")


def follow(email: str = MAYA, slug: str = "hands-off-ali", language: str = "en") -> Subscriber:
    """A confirmed subscriber."""
    at = datetime.now(UTC)
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        donation = Donation(
            reference=f"r{email}{slug}", appeal_id=appeal.id, source="card", state="paid", amount_minor=2000,
            currency=appeal.currency, language=language, fee_bearer="fund", terms={}, donor_id=email,
            personal_until=at.date(), created_at=at,
        )  # fmt: skip
        db.session.add(donation)
        db.session.flush()
        subscribers.ask(appeal, email, language, donation, at)
        db.session.flush()
        row = db.session.scalars(select(Subscriber).order_by(Subscriber.id.desc())).first()
        assert row is not None
        row.mailed_at = at
        subscribers.confirm(row, at)
    return row


def pay() -> None:
    with write_unit():
        for donation in db.session.scalars(select(Donation)):
            donation.state = "paid"
