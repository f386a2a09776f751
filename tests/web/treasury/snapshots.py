"""How the tests of the treasury look at the effect of a request: everything stored, the sentence beside a field, the
last audit log entry."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import (
    Adjustment,
    Approval,
    AuditRecord,
    BankAccount,
    BranchReturn,
    Classification,
    Dismissal,
    Entry,
    Match,
    OfflineDonation,
    PayingInSlip,
    PaymentRequest,
    Period,
    PeriodSignature,
    Receipt,
    Statement,
    StatementLine,
    StripeEvent,
)
from donations.models.match import MatchRule
from donations.staff import refusals
from tests.events import fresh

BY_STATE = (
    Adjustment,
    Classification,
    PaymentRequest,
    Match,
    OfflineDonation,
    BranchReturn,
    Period,
    Receipt,
    StripeEvent,
)
COUNTED = (
    Approval,
    AuditRecord,
    BankAccount,
    StatementLine,
    Dismissal,
    Entry,
    MatchRule,
    PeriodSignature,
    PayingInSlip,
    Statement,
)


def kept() -> dict[str, int]:
    """How many of each thing there are, by its state: two equal answers say that nothing was written between but, in
    the audit log, that something was refused."""
    fresh()
    found = {one.__tablename__: db.session.scalar(select(func.count()).select_from(one)) for one in COUNTED}
    found["audit"] = db.session.scalar(select(func.count()).where(AuditRecord.act != refusals.REFUSED))
    for one in BY_STATE:
        for state, count in db.session.execute(select(one.state, func.count()).group_by(one.state)):
            found[f"{one.__tablename__} {state}"] = count
    return found


def said_beside(answer: TestResponse, field: str) -> str:
    """The sentence beside a field, which the summary on top links to."""
    found = re.search(rf'<p class="error" id="{field}-error">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, f"nothing stands beside {field}"
    assert f'href="#{field}"' in answer.text, "the summary does not lead there"
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def refusal(answer: TestResponse) -> str:
    """What the summary on top says."""
    found = re.search(r'id="errors".*?<ul.*?>(.*?)</ul>', answer.text, re.DOTALL)
    assert found is not None, "nothing was refused"
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", found[1]).split()))


def last_act() -> tuple[str, str, dict[str, Any]]:
    """(act, about, details) of the audit's last record."""
    fresh()
    row = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc()).limit(1)).one()
    return row.act, row.about, dict(row.details)


def acts() -> list[str]:
    fresh()
    return list(db.session.scalars(select(AuditRecord.act).order_by(AuditRecord.id)))


def form_key(answer: TestResponse) -> str:
    """The key that lets the form act once."""
    found = re.search(r'name="form_key" value="([^"]+)"', answer.text)
    assert found is not None, "the form has no key"
    return found[1]


def number_in(answer: TestResponse) -> int:
    """The number at the end of where one is sent."""
    assert answer.status_code == 303, refusal(answer) if "errors" in answer.text else answer.status_code
    return int(answer.headers["Location"].rpartition("/")[2])
