"""The redirect to Stripe's page and other calls to Stripe on a supporter's behalf. Every call is made between two write
units, never inside one."""

from __future__ import annotations

from datetime import datetime

from flask import current_app, url_for

from donations import giving, privacy, restoration, stripe_gateway, tokens
from donations.database import write_unit
from donations.errors import IdempotencyKeyUsed
from donations.extensions import db
from donations.models import Appeal, Donation, Organisation
from donations.models.installation import idempotency_suffix
from donations.worker.sessions import apply_session


def open_for(donation: Donation, at: datetime) -> str:
    """The address of Stripe's page for a donation: of the session there is, or of a new one.

    Raises PaymentOnItsWay, PaymentReceived, PaymentServiceDown, PaymentServiceRefused, AppealPaused, AppealClosed; what
    was stored so far stays, so that the next try continues there."""
    for session_id in giving.overdue_sessions(donation, at):
        apply_session(stripe_gateway.retrieve_session(session_id), at)
    product_id = _product_of(donation.appeal_id)
    with write_unit():
        kept = db.session.get_one(Donation, donation.id)
        kept.appeal.check_takes_donations()
        attempt = giving.attempt_for(kept, _params(kept, product_id), at)
        email, back = _email_of(kept), _return_url(kept)
        attempt_id, open_session = attempt.id, attempt.session_id if attempt.state == "open" else None
        asked, key = attempt.params | {"success_url": back, "cancel_url": back}, attempt.idempotency_key
    if open_session:
        session = stripe_gateway.retrieve_session(open_session)
        apply_session(session, at)
        return session.url or back
    try:
        session = stripe_gateway.start_checkout(asked, email=email, idempotency_key=key)
    except IdempotencyKeyUsed:
        with write_unit():
            giving.attempt_not_repeatable(attempt_id)
        return open_for(donation, at)
    with write_unit():
        giving.attempt_opened(attempt_id, session.id, session.expires_at)
    return session.url or back


def look_now(donation: Donation, at: datetime) -> None:
    """Ask the worker to look at the donation's session now, because its supporter has come back. Coming back proves
    nothing by itself."""
    if any(attempt.state == "open" for attempt in donation.attempts):
        donation_id = donation.id
        with write_unit():
            giving.look_soon(db.session.get_one(Donation, donation_id), at)


def _product_of(appeal_id: int) -> str:
    """Stripe's product for an appeal, made on the first donation in each of Stripe's modes. A discreet appeal's has a
    neutral name."""
    appeal, livemode = db.session.get_one(Appeal, appeal_id), current_app.config["SETTINGS"].livemode
    if appeal.stripe_product_id and appeal.stripe_product_livemode in (None, livemode):
        return appeal.stripe_product_id
    organisation = Organisation.get()
    name = organisation.name if appeal.discreet else appeal.title[next(iter(appeal.title))]
    product_id = stripe_gateway.create_product(name, f"appeal-{appeal_id}-product{idempotency_suffix()}")
    with write_unit():
        appeal = db.session.get_one(Appeal, appeal_id)
        appeal.stripe_product_id, appeal.stripe_product_livemode = product_id, livemode
    return product_id


def _params(donation: Donation, product_id: str) -> dict[str, object]:
    return stripe_gateway.checkout_params(
        reference=donation.reference,
        metadata=restoration.metadata_of(donation),
        amount=donation.amount,
        product_id=product_id,
        description=Organisation.get().name,
        language=donation.language,
    )


def _return_url(donation: Donation) -> str:
    """The address to which Stripe sends the supporter back. Anyone who has it sees what became of the donation, so it
    is stored nowhere here and built again for each call."""
    public_url: str = current_app.config["SETTINGS"].public_url
    token = tokens.for_return(donation.reference)
    return public_url + url_for("donations.show", token=token, language=donation.language)


def _email_of(donation: Donation) -> str | None:
    if donation.email_sealed is None:
        return None
    return privacy.unseal(donation.email_sealed, f"donation:{donation.reference}:email")
