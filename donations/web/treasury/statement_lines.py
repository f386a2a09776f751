"""Review of statement lines: confirm or reject suggested matches, match by hand, undo matches. It works without
JavaScript; with it, j, k and Enter go through the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import ValidationError

from donations.database import snapshot
from donations.errors import AlreadyDone, DonationsError, NotForThisLine
from donations.extensions import db
from donations.i18n import N_
from donations.models.base import MAX_ID
from donations.reconciliation import matches, matching, review_queue
from donations.reconciliation.matches import Said
from donations.reconciliation.review_queue import Shown, Target
from donations.web.page import now, page
from donations.web.treasury import funds
from donations.web.treasury.actions import Act, act, names, unit
from donations.web.treasury.forms import LineField, TreasuryForm, one_line, whole
from donations.web.treasury.offline_donation_form import chosen, purposes

bp = Blueprint("statement_lines", __name__, url_prefix="/statement-lines")
# What a line may be without naming a thing: by its side.
WITHOUT_A_THING = {True: ("unidentified", "own_account"), False: ("charge", "own_account", "stripe_topup")}


class LineForm(TreasuryForm):
    """`target` are items of the list, as kind:number; `otherwise` is what the line is without one; `purpose` and `name`
    are those of a donation not recorded before."""

    act = StringField(filters=[one_line])
    proposal = StringField(filters=[one_line])
    target = SelectMultipleField(validate_choice=False)
    otherwise = StringField(filters=[one_line])
    fund = SelectField(validate_choice=False)
    purpose = StringField(filters=[one_line])
    name = LineField(most=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund.choices = funds.choices()
        self.purpose.choices = purposes()

    def validate_purpose(self, field: Any) -> None:
        if self.act.data == "gift" and field.data not in dict(field.choices):
            raise ValidationError(_("Select the appeal or fund."))


@bp.get("")
def index() -> Response:
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    conn = db.session.connection()
    standing = request.args.get("state", "")
    standing = standing if standing in review_queue.STANDINGS else "unmatched"
    found, count = review_queue.lines(conn, standing, number, request.args.get("account", type=whole))
    offers = matching.offers(conn)
    return page(
        "treasury/statement_lines.html",
        cache="no-store",
        found=found,
        count=count,
        number=number,
        offers=offers,
        standing=standing,
        standings=review_queue.STANDINGS,
        pages=-(-count // review_queue.PAGE_LENGTH),
        known=_known(found),
        in_words=matching.in_words,
        funds=funds.named(),
    )


@bp.post("")
def run() -> Any:
    """Let the rules look at once, or answer for a rule that is offered."""
    if request.form.get("offer"):
        _answer_offer(request.form["offer"], is_refused=request.form.get("act") == "refuse")
        return redirect(url_for("treasury.statement_lines.index"), 303)
    done = matching.run(unit, snapshot, at=now())
    with act("matching.run") as recorded:
        recorded.details |= {"confirmed": done.confirmed, "proposed": done.proposed}
    flash(
        ngettext("%(count)s line was matched.", "%(count)s lines were matched.", done.confirmed, count=done.confirmed)
    )
    return redirect(url_for("treasury.statement_lines.index"), 303)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    shown = _find(number)
    return _line_page(shown, LineForm(formdata=None, data={"name": shown.details.get("name", "")}))


@bp.post("/<int:number>")
def answer(number: int) -> Any:
    form, shown = LineForm(), _find(number)
    verb = _VERBS.get(form.act.data)
    if verb is None or not form.validate():
        return _line_page(shown, form, 422)
    try:
        verb(shown, form)
    except DonationsError as error:
        return _line_page(_find(number), form, form.refuse(error))
    if form.act.data == "undo":
        return redirect(url_for("treasury.statement_lines.show", number=number), 303)
    return redirect(
        url_for("treasury.statement_lines.index", page=request.args.get("page", 1, type=int), _anchor="lines"), 303
    )


def _accept(shown: Shown, form: LineForm) -> None:
    with act("line.matched", f"line:{shown.id}", by="proposal") as done:
        matching.accept(done.conn, _proposal(shown, form), actor=done.actor, at=done.at)


def _refuse(shown: Shown, form: LineForm) -> None:
    with act("proposal.refused", f"line:{shown.id}") as done:
        matching.refuse(done.conn, _proposal(shown, form), actor=done.actor, at=done.at)


def _match(shown: Shown, form: LineForm) -> None:
    with act("line.matched", f"line:{shown.id}", by="hand") as done:
        said = _said(done, shown, form)
        if any(part.kind != "unidentified" for part in said):
            _reopen(done, shown)
        done.details["kinds"] = [part.kind for part in said]
        matches.confirm(done.conn, shown.id, said, rule="by hand", actor=done.actor, at=done.at)


def _gift(shown: Shown, form: LineForm) -> None:
    """A donation not recorded before: recorded and matched in one step."""
    appeal, fund = chosen(form.purpose.data)
    target = f"fund:{fund.id}" if fund is not None else f"appeal:{appeal.id}"
    with act("line.matched", f"line:{shown.id}", by="hand", gift="recorded from it") as done:
        _reopen(done, shown)
        matching.record_as_donation(done.conn, shown.id, target, form.name.data or "", actor=done.actor, at=done.at)


def _reopen(done: Act, shown: Shown) -> None:
    """A line that was set aside as unidentified is matched to what it is after all, in one step."""
    if matches.reopen_unidentified(done.conn, shown.id, actor=done.actor, at=done.at):
        done.details["was_unidentified"] = True


def _undo(shown: Shown, _form: LineForm) -> None:
    with act("line.unmatched", f"line:{shown.id}") as done:
        matches.undo(done.conn, shown.id, actor=done.actor, at=done.at)


_VERBS: dict[str, Callable[[Shown, LineForm], None]] = {
    "accept": _accept,
    "refuse": _refuse,
    "match": _match,
    "gift": _gift,
    "undo": _undo,
}


def _said(done: Act, shown: Shown, form: LineForm) -> list[Said]:
    """A match made by hand. One target takes the whole line; several take what is open of each."""
    if form.otherwise.data in WITHOUT_A_THING[shown.minor > 0] and not form.target.data:
        may_bear = {fund.slug: fund.id for fund in funds.named().values() if fund.kind != "suspense"}
        return [Said(form.otherwise.data, shown.minor, fund_id=may_bear.get(form.fund.data))]
    if not form.target.data:
        raise NotForThisLine(fault=N_("nothing is selected"))
    pairs = [tuple(one.split(":", 1)) for one in form.target.data if one.count(":") == 1]
    open_things = {(one.kind, one.ref): one for one in review_queue.targets(done.conn, shown)}
    found = [open_things.get((kind, ref)) for kind, ref in pairs]
    if len(found) == 1 and found[0] is not None:
        return [Said(found[0].kind, shown.minor, found[0].ref)]
    return [_whole(one) for one in found]


def _whole(target: Target | None) -> Said:
    if target is None:
        raise AlreadyDone()
    return Said(target.kind, target.minor, target.ref)


def _proposal(shown: Shown, form: LineForm) -> int:
    """The proposal that was answered; only one of this line."""
    found = next((one.id for one in shown.proposals if str(one.id) == form.proposal.data), None)
    if found is None:
        raise AlreadyDone()
    return found


def _answer_offer(said: str, *, is_refused: bool) -> None:
    payer, _colon, fund_id = said.partition(":")
    with act("match_rule.refused" if is_refused else "match_rule.accepted") as done:
        offer = next(
            (one for one in matching.offers(done.conn) if (one.payer_hash.hex(), str(one.fund_id)) == (payer, fund_id)),
            None,
        )
        if offer is None:
            raise AlreadyDone()
        done.about = f"fund:{offer.fund_id}"
        verb = matching.refuse_offer if is_refused else matching.accept_offer
        verb(done.conn, offer.payer_hash, offer.fund_id, actor=done.actor, at=done.at)


def _find(number: int) -> Shown:
    return review_queue.find(db.session.connection(), min(number, MAX_ID)) or abort(404)


def _known(found: list[Shown]) -> dict[tuple[str, str], str]:
    parts = [part for shown in found for proposal in shown.proposals for part in proposal.parts]
    return review_queue.named(db.session.connection(), [(part.kind, part.target) for part in parts])


def _line_page(shown: Shown, form: LineForm, status: int = 200) -> Response:
    conn = db.session.connection()
    past = review_queue.history(conn, shown.id)
    is_matched = any(row.state == "confirmed" for row in past)
    may_match = not is_matched or review_queue.is_unidentified(past)
    targets = [] if not may_match else review_queue.targets(conn, shown)
    pairs = [(row.kind, row.target) for row in past] + [(one.kind, one.ref) for one in targets]
    return page(
        "treasury/statement_line.html",
        status,
        cache="no-store",
        shown=shown,
        form=form,
        past=past,
        is_matched=is_matched,
        targets=targets,
        known=_known([shown]) | review_queue.named(conn, pairs),
        in_words=matching.in_words,
        names=names(),
        funds=funds.named(),
        may_match=may_match,
        receipts=review_queue.receipts_of(conn, shown.id),
        without=[kind for kind in WITHOUT_A_THING[shown.minor > 0] if not is_matched or kind != "unidentified"],
    )
