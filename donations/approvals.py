"""How many people must approve: the organisation's rule, and how it is changed. Who approves what, and when, is each
act's own; hiding an appeal always needs one person, and publishing has a rule of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from donations.errors import AlreadyDone, DecisionWaiting, NeedsAnother, SentBefore
from donations.extensions import db
from donations.models import ApprovalRule, Organisation
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule to be. `form_key` is made by the form; `one_up_to` is the amount up to which one approval is enough."""

    form_key: str
    approvals_required: int
    one_up_to: Money
    reason: str


def required(amount: Money | None = None) -> int:
    """How many approvals an act needs, 1 or 2: a close or a wording without an amount; what moves money with it. Only
    an amount in the organisation's own currency can be small enough for one."""
    house = Organisation.get()
    if amount is not None and amount.currency == house.currency and abs(amount.minor) <= house.one_approval_up_to_minor:
        return 1
    return house.approvals_required


def ask(asked: Asked, *, actor: str, at: datetime) -> ApprovalRule:
    """Ask for another rule; a second person decides, whichever rule there is now. The same form sent again is the same
    request. Raises SentBefore if the form says something else now, DecisionWaiting while another request waits."""
    db.session.execute(select(Organisation.id).with_for_update())  # Two who ask at once take turns.
    known = db.session.scalar(select(ApprovalRule).where(ApprovalRule.form_key == asked.form_key))
    if known is not None:
        if (known.approvals_required, known.one_up_to_minor) != (asked.approvals_required, asked.one_up_to.minor):
            raise SentBefore()
        return known
    if waiting() is not None:
        raise DecisionWaiting()
    row = ApprovalRule(
        form_key=asked.form_key, approvals_required=asked.approvals_required, one_up_to_minor=asked.one_up_to.minor,
        reason=asked.reason, state="requested", requested_by=actor, requested_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def decide(number: int, *, yes: bool, actor: str, at: datetime) -> ApprovalRule:
    """The second person's answer; by a no, the person who asked may withdraw it. Raises AlreadyDone, NeedsAnother."""
    row = db.session.get_one(ApprovalRule, number, with_for_update=True)
    if row.state != "requested":
        raise AlreadyDone()
    if yes and actor == row.requested_by:
        raise NeedsAnother()
    row.state, row.decided_by, row.decided_at = "made" if yes else "refused", actor, at
    if yes:
        house = Organisation.get()
        house.approvals_required = row.approvals_required
        house.one_approval_up_to_minor = row.one_up_to_minor
    db.session.flush()
    return row


def waiting() -> ApprovalRule | None:
    """The request that nobody has decided yet, if there is one."""
    return db.session.scalar(select(ApprovalRule).where(ApprovalRule.state == "requested"))


def history() -> list[ApprovalRule]:
    """Every request, the newest first."""
    return list(db.session.scalars(select(ApprovalRule).order_by(ApprovalRule.id.desc()).limit(50)))
