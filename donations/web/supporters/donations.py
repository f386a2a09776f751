"""A supporter's own donation: see its outcome, try to pay it again. A return from Stripe's page proves nothing; only
our own record of the donation is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as Answer

from donations import appeals, giving, receipts, tokens
from donations.database import write_unit
from donations.errors import (
    DonationEmptied,
    DonationsError,
    PaymentOnItsWay,
    PaymentPageWait,
    PaymentReceived,
    ProofOfWorkNeeded,
)
from donations.models import Donation
from donations.web.page import asks_for_fragment, fragment, now, page
from donations.web.supporters import checkout, step_up

bp = Blueprint("donations", __name__)
OFTEN, SELDOM = "every 3s", "every 20s"
PATIENCE = timedelta(minutes=3)
# Stripe knows the address of this page, so it leads to the receipt, and the name on it, only so long.
RECEIPT_SHOWN_FOR = timedelta(hours=1)


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
    donation = _donation(token)
    if donation.emptied_at is not None:
        return _donation_page(donation, DonationEmptied.status)
    try:
        _open_page(donation)
        return to_checkout(donation)
    except (ProofOfWorkNeeded, PaymentPageWait) as error:
        return step_up.answer(error, donation.appeal, _purpose(donation))
    except PaymentReceived:
        return redirect(url_for("donations.show", token=token), 303)
    except PaymentOnItsWay as error:
        return _donation_page(donation, error.status)  # The page itself says that it is on its way.


def to_checkout(donation: Donation) -> Answer:
    """Off to Stripe's page; or to the donation's own page if Stripe does not answer, or the appeal has stopped taking
    donations meanwhile. Raises PaymentOnItsWay and PaymentReceived."""
    try:
        return redirect(checkout.open_for(donation, at=now()), 303)
    except (PaymentOnItsWay, PaymentReceived):
        raise
    except DonationsError as error:
        return _donation_page(donation, error.status, trouble=error)


def _open_page(donation: Donation) -> None:
    """Count one more payment page, unless there is one to go back to, or it may not be tried again. Raises what asks
    for a step-up."""
    at = now()
    if giving.page_of(donation, at) is None and giving.payment_progress(donation).may_be_tried_again:
        visitor = step_up.visitor(_purpose(donation))
        with write_unit() as conn:
            step_up.open_page(conn, visitor, donation, at)


def _purpose(donation: Donation) -> str:
    """What a proof of work is good for: one more payment page of this donation."""
    return f"donation:{donation.reference}:{len(donation.attempts)}"


def _donation(token: str) -> Donation:
    return Donation.by_reference(tokens.read_donation(token))


def _donation_page(donation: Donation, status: int = 200, trouble: DonationsError | None = None) -> Response:
    return page("supporters/donation.html", status, cache="no-store", trouble=trouble, **_shown(donation))


def _shown(donation: Donation) -> dict[str, Any]:
    at = now()
    outcome = giving.outcome_of(donation, at)
    receipt = outcome.receipt
    until = donation.settled_at + RECEIPT_SHOWN_FOR if receipt is not None and donation.settled_at else None
    return {
        "donation": donation,
        "appeal": donation.appeal,
        "mark": appeals.shown_mark(),
        "is_mailed": donation.email_sealed is not None,
        "outcome": outcome,
        "token": tokens.for_return(donation.reference),
        "receipt_token": receipts.token_of(receipt) if receipt is not None and until and at < until else None,
        "receipt_until": until,
        "rhythm": OFTEN if at - donation.created_at < PATIENCE else SELDOM,
    }
