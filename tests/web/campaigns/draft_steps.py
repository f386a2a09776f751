"""What the tests of writing and publishing have in common: what is typed, kept, published and recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from donations.extensions import db
from donations.models import AppealDraft, AuditRecord
from tests.web.campaigns.conftest import fields_of
from tests.web.staff.conftest import Browser

NEW = {
    "slug": "free-maya", "title-en": "Free Maya", "title-ru": "Свободу Майе", "summary-en": "Held for a year.",
    "story-en": "She **wrote**.\n\nNow she is held.", "target": "1,200", "currency": "GBP", "fee_bearer": "fund",
    "suggested": "5, 10 20", "discreet": "yes", "funds-0-kind": "detainee", "funds-0-slug": "maya",
    "funds-0-name-en": "Maya", "events-0-on": "2026-03", "events-0-text-en": "Arrested.", "areas-1-name": "London",
    "areas-1-target": "600", "form_key": "k1", "version": "0",
}  # fmt: skip


def draft() -> AppealDraft:
    db.session.rollback()
    return db.session.scalars(select(AppealDraft)).one()


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def acts(name: str) -> list[AuditRecord]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditRecord).where(AuditRecord.act == name)))


def write(browser: Browser, which: str, **typed: str) -> Any:
    sent = fields_of(browser.get(f"/campaigns/{which}/edit").text)
    return browser.post(f"/campaigns/{which}/edit", **{**sent, **typed})


def publish(browser: Browser, version: int | None = None) -> Any:
    number, known = draft().id, draft().version
    return browser.post(f"/campaigns/drafts/{number}/publish", version=str(version or known))
