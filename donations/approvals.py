"""How many people must approve: the organisation's rule, and how it is changed. Who approves what, and when, is each
act's own; hiding an appeal always needs one person, and publishing has a rule of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from donations.errors import AccessTooNew, AlreadyDone, DecisionWaiting, NeedsAnother, SentBefore
from donations.extensions import db
from donations.models import ApprovalRule, AuditRecord, Organisation
from donations.money import Money

ACCESS_IS_NEW = timedelta(days=7)
# By these one account gives another what it may do, or a new way in.
GIVES_ACCESS = (
    "staff.invited", "staff.roles_changed", "staff.enabled", "staff.factors_reset", "staff.way_in_accepted",
)  # fmt: skip


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


def check_second(*before: str, by: str, at: datetime) -> None:
    """Whether `by` is another person than each of those who asked or approved before: the one rule for every act that
    two must agree to. Raises NeedsAnother for one of them, AccessTooNew where one gave another access lately."""
    if by in before:
        raise NeedsAnother()
    if any(not are_two(one, by, at) for one in before):
        raise AccessTooNew(days=ACCESS_IS_NEW.days)


def are_two(one: str, other: str, at: datetime) -> bool:
    """Whether two accounts count as two people. One who invites an account, grants it a role or resets it could be
    both for a while, whichever of them asks first."""
    if one == other:
        return False
    gave = or_(
        and_(AuditRecord.actor == one, AuditRecord.about == other),
        and_(AuditRecord.actor == other, AuditRecord.about == one),
    )
    since = (AuditRecord.act.in_(GIVES_ACCESS), AuditRecord.at > at - ACCESS_IS_NEW)
    return db.session.scalar(select(AuditRecord.id).where(gave, *since).limit(1)) is None


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
    """The second person's answer; the requester may withdraw by a no. Raises AlreadyDone and
    what check_second raises."""
    row = db.session.get_one(ApprovalRule, number, with_for_update=True)
    if row.state != "requested":
        raise AlreadyDone()
    if yes:
        check_second(row.requested_by, by=actor, at=at)
    row.state, row.decided_by, row.decided_at = "made" if yes else "refused", actor, at
    if yes:
        house = Organisation.get()
        house.approvals_required = row.approvals_required
        house.one_approval_up_to_minor = row.one_up_to_minor
    db.session.flush()
    return row


def waiting() -> ApprovalRule | None:
    """The undecided request, if there is one."""
    return db.session.scalar(select(ApprovalRule).where(ApprovalRule.state == "requested"))


def history() -> list[ApprovalRule]:
    """Every request, the newest first."""
    return list(db.session.scalars(select(ApprovalRule).order_by(ApprovalRule.id.desc()).limit(50)))
