"""The check of a donation before it is paid: what was typed, kept sealed for a day under an address no one can guess,
and the key by which one donation comes of it, once. What a field may hold is the form's business."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from donations import privacy
from donations.errors import CheckExpired, CheckIncomplete, CheckNotFound, CheckUsed
from donations.extensions import db
from donations.giving.new_donation import NewDonation, begin
from donations.giving.outcomes import payment_progress
from donations.giving.states import PaymentProgress
from donations.models import Appeal, Donation, DonationCheck
from donations.models.base import new_id

LIFETIME = timedelta(days=1)
_RANDOM_BYTES = 24  # 192 bits
_UNPAID = (PaymentProgress.NOT_STARTED, PaymentProgress.OPEN)


def keep(appeal: Appeal, fields: Mapping[str, str], at: datetime) -> DonationCheck:
    """What was typed, sealed, under a new address."""
    code = secrets.token_urlsafe(_RANDOM_BYTES)
    check = DonationCheck(
        id=new_id(),
        code=code,
        appeal_id=appeal.id,
        fields_sealed=privacy.seal(json.dumps(dict(fields)), _identity(code)),
        key=secrets.token_urlsafe(_RANDOM_BYTES),
        created_at=at,
        expires_at=at + LIFETIME,
    )
    db.session.add(check)
    db.session.flush()
    return check


def find(code: str) -> DonationCheck:
    """Raises CheckNotFound, also for one that was deleted after its day."""
    check = db.session.scalar(select(DonationCheck).where(DonationCheck.code == code))
    if check is None:
        raise CheckNotFound()
    return check


def require_open(check: DonationCheck, at: datetime) -> None:
    """Raises CheckUsed once the donation made of it is paid, on its way or over, and CheckExpired after its day. While
    that donation waits to be paid, its supporter may come back and go on."""
    if check.donation is not None and payment_progress(check.donation) not in _UNPAID:
        raise CheckUsed()
    if check.expires_at <= at:
        raise CheckExpired()


def fields_of(check: DonationCheck) -> dict[str, str]:
    """What was typed."""
    fields: dict[str, str] = json.loads(privacy.unseal(check.fields_sealed, _identity(check.code)))
    return fields


def begin_donation(code: str, key: str, new: NewDonation, at: datetime) -> Donation:
    """The donation of this check: begun now, or the one that its key has begun before, while it is not paid.

    Raises CheckNotFound, CheckUsed, CheckExpired, CheckIncomplete for another key, and what new_donation.begin raises;
    then nothing is written."""
    check = find(code)
    db.session.refresh(check, with_for_update=True)  # Two clicks at once take turns.
    require_open(check, at)
    if not hmac.compare_digest(check.key.encode(), key.encode()):
        raise CheckIncomplete()
    if check.donation is None:
        check.donation = begin(check.appeal, new, at, shown_at=check.created_at)
        db.session.flush()
    return check.donation


def _identity(code: str) -> str:
    return f"donation_check:{code}:fields"
