"""Giving in two steps: the form is kept sealed, and shown once more under an address of its own; the check's one button
makes the donation and leads on to Stripe's page. A used address shows nothing of anybody."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from donations import giving
from donations.database import write_unit
from donations.errors import (
    AppealNotFound,
    BadSeal,
    CheckExpired,
    CheckIncomplete,
    CheckNotFound,
    CheckUsed,
    DonationsError,
    PaymentOnItsWay,
    PaymentPageWait,
    PaymentReceived,
    ProofOfWorkNeeded,
)
from donations.giving import checks
from donations.models import Appeal, DonationCheck
from donations.web.page import now, page
from donations.web.supporters import step_up
from donations.web.supporters.appeals import appeal_page
from donations.web.supporters.donations import to_checkout
from donations.web.supporters.forms import DonationForm

bp = Blueprint("checks", __name__)
_OVER = (CheckNotFound, CheckExpired, CheckUsed)


@bp.post("/appeals/<slug:slug>/donations")
def keep(slug: str) -> Answer:
    form = DonationForm(Appeal.by_slug(slug))
    if not _is_good(form):
        return appeal_page(form, 422)
    with write_unit():
        code = checks.keep(Appeal.by_slug(slug), form.typed, now()).code
    return redirect(url_for("checks.show", check_code=code), 303)


@bp.get("/donations/check/<check_code>")
def show(check_code: str) -> Answer:
    try:
        check = _open_check(check_code)
    except _OVER as error:
        return _over_page(check_code, error)
    form = _form(check)
    return _check_page(check_code, form, check.key) if _is_good(form) else _form_page(form, 200)


@bp.get("/donations/check/<check_code>/change")
def change(check_code: str) -> Answer:
    """The form again, with what was typed."""
    try:
        return _form_page(_form(_open_check(check_code)), 200)
    except _OVER as error:
        return _over_page(check_code, error)


@bp.post("/donations/check/<check_code>")
def begin(check_code: str) -> Answer:
    try:
        check = _open_check(check_code)
        if check.donation is None:
            # Before anything is unsealed or written: a flood of programs must not hold up the others.
            step_up.check(step_up.visitor(_purpose(check)), now())
        form = _form(check)
        return _begin(check, form, request.form.get("key", "")) if form.validate() else _form_page(form, 422)
    except (*_OVER, PaymentOnItsWay, PaymentReceived) as error:
        return _over_page(check_code, error)
    except (ProofOfWorkNeeded, PaymentPageWait) as error:
        check = _open_check(check_code)
        return step_up.answer(error, check.appeal, _purpose(check), key=request.form.get("key", ""))
    except CheckIncomplete as error:
        check = _open_check(check_code)
        form = _form(check)
        return _check_page(check_code, form, check.key, error) if _is_good(form) else _form_page(form, 422)
    except (AppealNotFound, BadSeal):
        raise
    except DonationsError as error:
        form.refuse(error)
        return _form_page(form, 422)


def _begin(check: DonationCheck, form: DonationForm, key: str) -> Answer:
    at, visitor = now(), step_up.visitor(_purpose(check))
    if check.donation is None:
        step_up.check_amount(form, at)
    with write_unit() as conn:  # Kept first: Stripe may call back before this request ends.
        donation = checks.begin_donation(check.code, key, form.new_donation_of(key), at)
        if giving.page_of(donation, at) is None:
            step_up.open_page(conn, visitor, donation, at)
    return to_checkout(donation)


def _purpose(check: DonationCheck) -> str:
    """What a proof of work is good for: one payment page of this check's donation."""
    return f"check:{check.code}:{len(check.donation.attempts) if check.donation is not None else 0}"


def _is_good(form: DonationForm) -> bool:
    """Whether it can lead on to payment now. An appeal that has stopped says so on the form."""
    good: bool = form.validate()
    try:
        form.appeal.check_takes_donations()
        if good:
            step_up.check_amount(form, now())
    except DonationsError as error:
        form.refuse(error)
        return False
    return good


def _open_check(code: str) -> DonationCheck:
    """Raises AppealNotFound where the appeal is hidden, and why the check is over, if it is."""
    check = checks.find(code)
    Appeal.by_slug(check.appeal.slug)
    checks.require_open(check, now())
    return check


def _form(check: DonationCheck) -> DonationForm:
    """What was typed."""
    return DonationForm.kept(check.appeal, checks.fields_of(check))


def _check_page(code: str, form: DonationForm, key: str, trouble: DonationsError | None = None) -> Answer:
    form.validate()  # It reads the amount.
    status = trouble.status if trouble else 200
    return page(
        "supporters/check.html", status, cache="no-store", appeal=form.appeal, form=form, code=code, key=key,
        trouble=trouble,
    )  # fmt: skip


def _form_page(form: DonationForm, status: int) -> Answer:
    answer = appeal_page(form, status)
    answer.headers["Cache-Control"] = "no-store"  # Its address is private, and the page shows what was typed.
    return answer


def _over_page(code: str, error: DonationsError) -> Answer:
    """Why this form cannot continue, and where to begin again. No personal data."""
    is_used = isinstance(error, (CheckUsed, PaymentOnItsWay, PaymentReceived))
    status = CheckUsed.status if is_used else error.status
    return page(
        "supporters/check_over.html", status, cache="no-store", is_used=is_used, error=error, appeal=_appeal_of(code)
    )


def _appeal_of(code: str) -> Appeal | None:
    """The appeal to begin again at, where it may be shown to the public."""
    try:
        check: DonationCheck = checks.find(code)
        appeal = Appeal.by_slug(check.appeal.slug)
    except (CheckNotFound, AppealNotFound):
        return None
    return appeal if appeal.visibility in ("shown", "amounts_hidden") else None
