"""Begin a donation: what the supporter asked for, kept with its personal data sealed and its terms frozen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from donations import privacy
from donations.appeals import subscribers, wordings
from donations.extensions import db
from donations.models import Allocation, Appeal, AppealWording, Donation, Fund, Organisation
from donations.models.base import new_reference
from donations.money import Money, apportion, check_chargeable


@dataclass(frozen=True, slots=True)
class Gift:
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


def begin(appeal: Appeal, gift: Gift, at: datetime, *, shown_at: datetime | None = None) -> Donation:
    """A pending donation, or the one there is already if the same form with the same content was sent before. It keeps
    the wording that was in force when its donor was shown it, if that was before.

    Raises AppealPaused, AppealClosed, AmountTooSmall, AmountTooLarge, TooManyDecimals; then nothing is written."""
    appeal.check_takes_gifts()
    check_chargeable(gift.amount)
    key = _form_key(appeal, gift)
    again = _begun_with(key)
    if again is not None:
        return again
    donation = _kept(_new(appeal, gift, key, at, shown_at or at), key)
    if gift.updates and gift.email:
        subscribers.ask(appeal, gift.email, gift.language, donation, at)
    return donation


def _new(appeal: Appeal, gift: Gift, key: str, at: datetime, shown_at: datetime) -> Donation:
    organisation, reference = Organisation.get(), new_reference()
    parts, wording_id = parts_of(appeal, gift), wordings.version_at(appeal.id, shown_at)
    wording = db.session.get(AppealWording, wording_id) if wording_id is not None else None
    funds = [fund for fund, _ in parts]
    return Donation(
        reference=reference,
        appeal_id=appeal.id,
        area_id=gift.area_id,
        form_key=key,
        source="card",
        state="pending",
        amount_minor=gift.amount.minor,
        currency=gift.amount.currency,
        interval=gift.interval,
        language=gift.language,
        display=gift.display,
        fee_bearer=appeal.fee_bearer,
        terms=terms_of(organisation, appeal, funds, gift.language, wording.surplus if wording is not None else None),
        wording_id=wording_id,
        donor_id=new_reference(),
        personal_until=privacy.donor_data_until(organisation.day_of(at)),
        created_at=at,
        allocations=[Allocation(fund_id=fund.id, amount_minor=part) for fund, part in parts],
        **sealed_parts(reference, gift),
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


def _form_key(appeal: Appeal, gift: Gift) -> str:
    content = [
        appeal.slug, gift.nonce, gift.amount.minor, gift.amount.currency, gift.interval,
        gift.fund.slug if gift.fund else "", gift.name, gift.email, gift.message, gift.display, gift.updates,
        gift.area_id,
    ]  # fmt: skip
    # Hashed first: a look-up hash folds case, and a name typed again with other capital letters is another form.
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return privacy.lookup_hash(digest, "form").hex()


def terms_of(
    organisation: Organisation, appeal: Appeal, funds: list[Fund], language: str, surplus: dict[str, str] | None = None
) -> dict[str, Any]:
    """What was shown when the donation was made, frozen in the donor's language. What a receipt must not say is not in
    here. `surplus` by language, if it was not the appeal's of today."""

    def told(texts: dict[str, str]) -> str:
        return texts.get(language) or texts.get(organisation.default_language) or next(iter(texts.values()), "")

    named = appeal.names_on_receipt
    return {
        "organisation": organisation.name,
        "legal_name": organisation.legal_name,
        "statement_descriptor": organisation.statement_descriptor,
        "restriction": told(appeal.surplus if surplus is None else surplus) if named else "",
        "appeal_title": told(appeal.title) if named else "",
        "fund_names": [told(fund.name) for fund in funds] if named else [],
    }


def sealed_parts(reference: str, gift: Gift) -> dict[str, bytes | None]:
    def sealed(column: str, text: str) -> bytes | None:
        return privacy.seal(text, f"donation:{reference}:{column}") if text else None

    return {
        "name_sealed": sealed("name", gift.name),
        "email_sealed": sealed("email", gift.email),
        "message_sealed": sealed("message", gift.message),
        "email_hash": privacy.lookup_hash(gift.email, "email") if gift.email else None,
    }


def parts_of(appeal: Appeal, gift: Gift) -> list[tuple[Fund, int]]:
    """The allocation of the donation to its funds in minor units: all to the chosen one, else by shares; a fund that
    gets nothing is left out."""
    return [(gift.fund, gift.amount.minor)] if gift.fund is not None else by_shares(appeal, gift.amount.minor)


def by_shares(appeal: Appeal, minor: int) -> list[tuple[Fund, int]]:
    """So many minor units over an appeal's funds by their shares of today, equal if there are none."""
    shares = [fund.share for fund in appeal.funds]
    if not any(shares):
        shares = [1] * len(shares)
    parts = apportion(minor, shares)
    return [(fund, part) for fund, part in zip(appeal.funds, parts, strict=True) if part]
