"""The posting stop: what was found, and each correction offered for it, made from here with a reason, by two people
where money moves and the organisation requires two. Then a person resumes posting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.engine import Connection
from wtforms import SelectField
from wtforms.validators import ValidationError

from donations import inbox, ledger
from donations.database import snapshot
from donations.errors import DonationsError, NotACorrection, PaymentServiceDown
from donations.extensions import db
from donations.inbox.while_stopped import Waiting
from donations.ledger import Finding
from donations.models import Appeal, Correction, PostingStop
from donations.models.base import MAX_ID
from donations.money import Money
from donations.reconciliation import posting_stop
from donations.reconciliation.posting_stop import Asked, Option
from donations.web import seen
from donations.web.access import fresh
from donations.web.filters import in_language, money, sentence
from donations.web.page import now, page
from donations.web.treasury import funds
from donations.web.treasury.actions import act, me, names
from donations.web.treasury.forms import TEXT, ActForm, LineField, OnceForm, needed, one_line
from donations.worker.refunds import carry_out

bp = Blueprint("posting_stop", __name__, url_prefix="/posting-stop")


class CorrectionForm(OnceForm):
    reason = LineField(needed(_l("Enter a reason. The reason is kept with the accounts.")), most=TEXT)
    fund = SelectField(validate_choice=False)

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fund.choices = [(slug, words) for slug, words in funds.choices() if slug in _with_appeal()]

    def validate_fund(self, field: Any) -> None:
        if self.kind == "assign" and field.data not in dict(self.fund.choices):
            raise ValidationError(_("Select the fund."))


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as the page shows it."""

    finding: Finding
    title: str
    meaning: str
    options: list[Option]
    events: list[Waiting]


@bp.get("")
def show() -> Response:
    return _page(ActForm(formdata=None))


@bp.get("/<code>/<kind>")
@fresh
def ask(code: str, kind: str) -> Response:
    return _form_page(code, kind, CorrectionForm(kind, formdata=None))


@bp.post("/<code>/<kind>")
@fresh
def cure(code: str, kind: str) -> Any:
    form = CorrectionForm(kind)
    if not form.validate():
        return _form_page(code, kind, form, 422)
    fund_id = _with_appeal()[form.fund.data] if kind == "assign" else None
    asked = Asked(form.form_key.data, code, kind, form.reason.data, _target(), fund_id)
    needs_another = posting_stop.needs_another(kind)
    try:
        with act(posting_stop.act_name(kind, "requested" if needs_another else "made")) as done:
            row = posting_stop.ask(done.conn, asked, actor=done.actor, at=done.at)
            done.again = row.requested_at != done.at
            _what, done.about, done.details = posting_stop.act_of(row)
            number = row.id
    except DonationsError as error:
        return _page(ActForm(formdata=None), form.refuse(error), form.refusal)
    return _answer(number)


def _looked_at(number: int) -> seen.Shown:
    return [(_find(number),)]


@bp.post("/cures/<int:number>")
@fresh
@seen.decides_on(_looked_at)
def decide(number: int) -> Any:
    """The second person's answer."""
    row, form = _find(number), ActForm()
    if form.act.data not in ("approve", "refuse"):
        return _page(form, 422)
    yes = form.act.data == "approve"
    try:
        with act(posting_stop.act_name(row.kind, "made" if yes else "refused")) as done:
            row = posting_stop.decide(done.conn, row.id, yes=yes, actor=done.actor, at=done.at)
            _what, done.about, done.details = posting_stop.act_of(row)
    except DonationsError as error:
        return _page(form, form.refuse(error), form.refusal)
    return _answer(number)


@bp.post("/events/<event_id>")
@fresh
def process(event_id: str) -> Any:
    """An event that waits and is about what was found: handled now, as a correction of its own."""
    form = ActForm()
    if not form.reason.data:
        return _page(form, 422, _("Enter a reason. The reason is kept with the accounts."))
    try:
        event = _waiting(event_id)
        with act("cure.event_processed", f"event:{event_id}", reason=form.reason.data) as done:
            with posting_stop.cure(done.conn):
                done.details["state"] = inbox.handle_reread(done.conn, event_id, event, at=done.at)
            is_handled = done.details["state"] == "handled"
    except DonationsError as error:
        return _page(form, form.refuse(error), form.refusal)
    flash(_("Event processed.") if is_handled else _("The event could not be processed. It is kept and tried again."))
    return redirect(url_for("treasury.posting_stop.show"), 303)


@bp.post("/resume")
@fresh
def resume() -> Any:
    form = ActForm()
    try:
        with act("ledger.resumed", "ledger") as done:
            waiting = posting_stop.resume(done.conn, at=done.at)
            done.details["due"] = waiting
    except DonationsError as error:
        return _page(form, form.refuse(error), form.refusal)
    flash(
        ngettext(
            "Recording resumed. %(count)s event is being processed.",
            "Recording resumed. %(count)s events are being processed.",
            waiting,
            count=waiting,
        )
    )
    return redirect(url_for("treasury.posting_stop.show"), 303)


def _answer(number: int) -> Any:
    """Say what became of a correction. A refund is carried to Stripe now."""
    row = db.session.get_one(Correction, number)
    said = {
        "requested": _("Correction requested. Another person must approve it."),
        "made": _("Correction made."),
        "refused": _("Correction rejected. Nothing was changed."),
    }[row.state]
    if row.state == "made" and row.refund_attempt_id is not None:
        try:
            carry_out(row.refund_attempt_id, now())
        except PaymentServiceDown:
            said = _("Stripe has not answered yet. The refund is saved, and we repeat the request automatically.")
        except DonationsError as error:
            said = sentence(error)
    flash(said)
    return redirect(url_for("treasury.posting_stop.show"), 303)


def _waiting(event_id: str) -> Any:
    """The event, if it is about what was found. Raises NotACorrection."""
    with snapshot() as conn:
        charges = {charge for one in ledger.grave(conn) for charge in posting_stop.subject_of(conn, one).charges}
        if all(one.id != event_id for one in inbox.while_stopped.about(conn, charges)):
            raise NotACorrection()
    return inbox.reread(event_id, at=now())


def _find(number: int) -> Correction:
    return db.session.get(Correction, min(number, MAX_ID)) or abort(404)


def _target() -> str:
    return one_line(request.args.get("target", ""))[:255]


def _page(form: ActForm, status: int = 200, refusal: str | None = None) -> Response:
    form.refusal = refusal
    found, waiting = _findings()
    return page(
        "treasury/posting_stop.html",
        status,
        cache="no-store",
        form=form,
        found=found,
        waiting_events=waiting,
        requested=posting_stop.waiting(),
        made=posting_stop.made(),
        names=names(),
        me=me().actor,
        kinds={name: _(kind.button) for name, kind in posting_stop.KINDS.items()},
        funds=funds.named(),
    )


def _form_page(code: str, kind: str, form: CorrectionForm, status: int = 200) -> Response:
    with snapshot() as conn:
        finding = next((one for one in ledger.grave(conn) if one.code == code), None) or abort(404)
        option = next(
            (one for one in posting_stop.options(conn, finding) if (one.kind, one.target) == (kind, _target())), None
        ) or abort(404)
    known = posting_stop.KINDS[kind]
    return page(
        "treasury/correction.html",
        status,
        cache="no-store",
        form=form,
        option=option,
        shown=_shown(finding, [option], []),
        title=_(known.button),
        effect=_(known.effect),
        needs_another=posting_stop.needs_another(kind),
        funds=funds.named(),
    )


def _findings() -> tuple[list[Shown], int]:
    """What is to be corrected, with what is offered; nothing while posting is not stopped. And how many events wait."""
    if db.session.get(PostingStop, 1) is None:
        return [], 0
    with snapshot() as conn:
        found = [
            _shown(one, posting_stop.options(conn, one), _events(conn, one)) for one in ledger.check(conn, now()).grave
        ]
        found.sort(key=lambda one: not one.options)  # What follows from the others comes last.
        return found, inbox.while_stopped.count(conn)


def _events(conn: Connection, finding: Finding) -> list[Waiting]:
    return inbox.while_stopped.about(conn, posting_stop.subject_of(conn, finding).charges)


def _shown(finding: Finding, options: list[Option], events: list[Waiting]) -> Shown:
    known = posting_stop.EXPLAINED[finding.invariant]
    told = posting_stop.told(finding).items()
    facts: dict[str, Any] = {name: money(fact) if isinstance(fact, Money) else fact for name, fact in told}
    if "fund" in facts:
        fund = funds.named().get(facts["fund"])
        facts["fund"] = in_language(fund.name) if fund is not None else facts["fund"]
    if "appeal" in facts:
        appeal = db.session.scalar(select(Appeal).where(Appeal.id == facts["appeal"]))
        facts["appeal"] = in_language(appeal.title) if appeal is not None else facts["appeal"]
    return Shown(finding, str(_(known.title, **facts)), str(_(known.meaning)), options, events)


def _with_appeal() -> dict[str, int]:
    """The funds a payment may be assigned to, by slug."""
    return {fund.slug: fund.id for fund in funds.named().values() if fund.appeal_id is not None}
