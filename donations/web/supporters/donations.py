"""A supporter's own donation: begin it, look what became of it, try again. The answer of Stripe's page proves nothing
here; only what giving.py says of our own row is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as Answer

from donations import giving, tokens
from donations.database import write_unit
from donations.errors import DonationsError
from donations.models import Appeal, Donation
from donations.web.page import asks_for_fragment, fragment, now, page
from donations.web.supporters import checkout
from donations.web.supporters.appeals import appeal_page
from donations.web.supporters.forms import DonationForm

bp = Blueprint("donations", __name__)
OFTEN, SELDOM = "every 3s", "every 20s"
PATIENCE = timedelta(minutes=3)


@bp.post("/appeals/<slug:slug>/donations")
def begin(slug: str) -> Answer:
    form = DonationForm(Appeal.by_slug(slug))
    if form.step.data == "change":
        return appeal_page(form)
    if not form.validate():
        return appeal_page(form, 422)
    if form.step.data == "check" and form.appeal.takes_gifts:
        return page("supporters/check.html", cache="no-store", appeal=form.appeal, form=form)
    try:
        with write_unit():  # Kept first: Stripe may call back before this request ends.
            form.appeal.check_takes_gifts()
            donation = giving.begin(form.appeal, form.gift, now())
    except DonationsError as error:
        form.refuse(error)
        return appeal_page(form, 422)
    return _to_checkout(donation)


@bp.get("/donations/<token>")
def show(token: str) -> Response:
    donation = _donation(token)
    if not giving.outcome_of(donation, now()).settled:
        checkout.look_now(donation, at=now())
    return _donation_page(donation)


@bp.get("/donations/<token>/outcome")
def outcome(token: str) -> Answer:
    if not asks_for_fragment():
        return redirect(url_for("donations.show", token=token))
    return fragment("supporters/_outcome.html", **_shown(_donation(token)))


@bp.post("/donations/<token>/again")
def again(token: str) -> Answer:
    return _to_checkout(_donation(token))


def _donation(token: str) -> Donation:
    return Donation.by_reference(tokens.read_donation(token))


def _to_checkout(donation: Donation) -> Answer:
    """Off to Stripe's page; or to the donation's own page if it is done already, Stripe does not answer, or the
    appeal has stopped taking gifts meanwhile."""
    outcome = giving.outcome_of(donation, now())
    if outcome.settled and not outcome.can_try_again:
        return redirect(url_for("donations.show", token=tokens.for_donation(donation.reference)), 303)
    try:
        return redirect(checkout.open_for(donation, at=now()), 303)
    except DonationsError as error:
        return _donation_page(donation, error.status, trouble=error)


def _donation_page(donation: Donation, status: int = 200, trouble: DonationsError | None = None) -> Response:
    return page("supporters/donation.html", status, cache="no-store", trouble=trouble, **_shown(donation))


def _shown(donation: Donation) -> dict[str, Any]:
    at = now()
    outcome = giving.outcome_of(donation, at)
    return {
        "donation": donation,
        "appeal": donation.appeal,
        "is_mailed": donation.email_sealed is not None,
        "outcome": outcome,
        "token": tokens.for_donation(donation.reference),
        "receipt_token": tokens.for_receipt(outcome.receipt.label) if outcome.receipt else None,
        "rhythm": OFTEN if at - donation.created_at < PATIENCE else SELDOM,
    }
