"""Begin a donation: what the supporter asked for, kept with its personal data sealed and its terms frozen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from donations import privacy
from donations.appeals import subscribers, wordings
from donations.extensions import db
from donations.giving.terms import terms_of
from donations.models import Allocation, Appeal, AppealWording, Donation, Fund, Organisation
from donations.models.base import new_reference
from donations.money import Money, apportion, check_chargeable


@dataclass(frozen=True, slots=True)
class NewDonation:
    """What a supporter asked for, checked by the form. `fund` None means: by the appeal's shares, equal if none."""

    amount: Money
    interval: str
    fund: Fund | None
    name: str
    email: str
    message: str
    display: str
    language: str
    nonce: str  # from the form token; the same nonce and content is the same donation
    updates: bool = False  # whether the supporter subscribes to the appeal's updates
    area_id: int | None = None


def begin(appeal: Appeal, new: NewDonation, at: datetime, *, shown_at: datetime | None = None) -> Donation:
    """A pending donation, or the one there is already if the same form with the same content was sent before. It keeps
    the wording that was in force when its donor was shown it, if that was before.

    Raises AppealPaused, AppealClosed, AmountTooSmall, AmountTooLarge, TooManyDecimals; then nothing is written."""
    appeal.check_takes_donations()
    check_chargeable(new.amount)
    key = _form_key(appeal, new)
    again = _begun_with(key)
    if again is not None:
        return again
    donation = _kept(_new(appeal, new, key, at, shown_at or at), key)
    if new.updates and new.email:
        subscribers.ask(appeal, new.email, new.language, donation, at)
    return donation


def _new(appeal: Appeal, new: NewDonation, key: str, at: datetime, shown_at: datetime) -> Donation:
    organisation, reference = Organisation.get(), new_reference()
    parts, wording_id = parts_of(appeal, new), wordings.version_at(appeal.id, shown_at)
    wording = db.session.get(AppealWording, wording_id) if wording_id is not None else None
    funds = [fund for fund, _ in parts]
    return Donation(
        reference=reference,
        appeal_id=appeal.id,
        area_id=new.area_id,
        form_key=key,
        source="card",
        state="pending",
        amount_minor=new.amount.minor,
        currency=new.amount.currency,
        interval=new.interval,
        language=new.language,
        display=new.display,
        fee_bearer=appeal.fee_bearer,
        terms=terms_of(organisation, appeal, funds, new.language, wording.surplus if wording is not None else None),
        wording_id=wording_id,
        donor_id=new_reference(),
        personal_until=privacy.donor_data_until(organisation.day_of(at)),
        created_at=at,
        allocations=[Allocation(fund_id=fund.id, amount_minor=part) for fund, part in parts],
        **sealed_parts(reference, new),
    )


def _begun_with(key: str) -> Donation | None:
    return db.session.scalar(select(Donation).where(Donation.form_key == key))


def _kept(donation: Donation, key: str) -> Donation:
    """The donation, written; or the one that came first, where the same form was sent twice at once."""
    try:
        with db.session.begin_nested():
            db.session.add(donation)
    except IntegrityError:
        first = _begun_with(key)
        if first is None:
            raise
        return first
    return donation


def _form_key(appeal: Appeal, new: NewDonation) -> str:
    content = [
        appeal.slug, new.nonce, new.amount.minor, new.amount.currency, new.interval,
        new.fund.slug if new.fund else "", new.name, new.email, new.message, new.display, new.updates,
        new.area_id,
    ]  # fmt: skip
    # Hashed first: a look-up hash folds case, and a name typed again with other capital letters is another form.
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return privacy.lookup_hash(digest, "form").hex()


def sealed_parts(reference: str, new: NewDonation) -> dict[str, bytes | None]:
    def sealed(column: str, text: str) -> bytes | None:
        return privacy.seal(text, f"donation:{reference}:{column}") if text else None

    return {
        "name_sealed": sealed("name", new.name),
        "email_sealed": sealed("email", new.email),
        "message_sealed": sealed("message", new.message),
        "email_hash": privacy.lookup_hash(new.email, "email") if new.email else None,
    }


def parts_of(appeal: Appeal, new: NewDonation) -> list[tuple[Fund, int]]:
    """The allocation of the donation to its funds in minor units: all to the chosen one, else by shares; a fund that
    gets nothing is left out."""
    return [(new.fund, new.amount.minor)] if new.fund is not None else by_shares(appeal, new.amount.minor)


def by_shares(appeal: Appeal, minor: int) -> list[tuple[Fund, int]]:
    """So many minor units over an appeal's funds by their shares of today, equal if there are none."""
    shares = [fund.share for fund in appeal.funds]
    if not any(shares):
        shares = [1] * len(shares)
    parts = apportion(minor, shares)
    return [(fund, part) for fund, part in zip(appeal.funds, parts, strict=True) if part]
