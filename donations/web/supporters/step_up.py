"""The step before a payment page while cards are being tested: a proof of work, or a wait without JavaScript.
card_testing decides when it is required; on a quiet day it never is."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from flask import Response, request
from sqlalchemy.engine import Connection

from donations import card_testing, proof_of_work, tokens
from donations.appeals.amounts import limited
from donations.card_testing import Visitor
from donations.errors import AmountNotProposed, BadLink, PaymentPageWait, ProofOfWorkNeeded
from donations.extensions import db
from donations.models import Appeal, Donation
from donations.web.filters import money
from donations.web.page import now, page
from donations.web.supporters.forms import DonationForm

WAIT = timedelta(minutes=2)


def visitor(purpose: str) -> Visitor:
    """Who sends this form, and what of the step-up came along with it."""
    waited = 0.0
    with suppress(BadLink):
        waited = tokens.waited_seconds(request.form.get("wait", ""), purpose)
    return Visitor(
        card_testing.network_of(request.remote_addr),
        proved=proof_of_work.is_solved(request.form.get("altcha", ""), purpose),
        waited=waited >= WAIT.total_seconds(),
    )


def check(who: Visitor, at: datetime) -> None:
    """Raises ProofOfWorkNeeded and PaymentPageWait. Writes nothing."""
    card_testing.check(db.session.connection(), who, at)


def check_amount(form: DonationForm, at: datetime) -> None:
    """Raises AmountNotProposed while only the proposed amounts are taken. Call after validate() returned True."""
    assert form.money is not None, "the form is valid"
    standing = card_testing.standing(db.session.connection(), card_testing.network_of(request.remote_addr), at)
    taken = limited(form.appeal, form.money.currency) if standing.limits_amounts else [form.money]
    if form.money not in taken:
        raise AmountNotProposed(amounts=", ".join(money(one, short=True) for one in taken))


def open_page(conn: Connection, who: Visitor, donation: Donation, at: datetime) -> None:
    """Count the payment page that is opened now. Raises what check raises."""
    card_testing.open_page(conn, who, donation.id, at)


def answer(error: ProofOfWorkNeeded | PaymentPageWait, appeal: Appeal, purpose: str, **hidden: str) -> Response:
    """The page that asks for the step-up and sends the same form again, with what is `hidden` in it."""
    at, seconds = now(), int(error.facts.get("seconds", 0))
    wait, proof = request.form.get("wait", ""), request.form.get("altcha", "")
    has_proof = proof_of_work.is_solved(proof, purpose)
    if not _is_wait(wait, purpose):
        wait = tokens.for_wait(purpose)
    response = page(
        "supporters/step_up.html", error.status, cache="no-store", appeal=appeal, action=request.path,
        hidden={**hidden, "wait": wait, **({"altcha": proof} if has_proof else {})}, seconds=seconds,
        challenge=None if has_proof else proof_of_work.challenge_for(purpose, at),
        then=request.path.removesuffix("/again"),  # Where the same is shown to who has no form to send.
        ready_at=_minute_after(at + max(timedelta(seconds=seconds), WAIT - _waited(wait, purpose))),
    )  # fmt: skip
    response.headers["Retry-After"] = str(seconds or 1)
    return response


def _is_wait(token: str, purpose: str) -> bool:
    try:
        return tokens.waited_seconds(token, purpose) < WAIT.total_seconds() + 1800
    except BadLink:
        return False


def _waited(token: str, purpose: str) -> timedelta:
    return timedelta(seconds=tokens.waited_seconds(token, purpose))


def _minute_after(moment: datetime) -> datetime:
    """The next full minute: a clock that is read by a person."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
