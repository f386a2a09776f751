"""Supporters' messages: which wait for moderation, what was decided, and what an appeal's page shows of them.

Only messages of donations that count are shown, only after approval, and signed as the supporter chose. A message is
unsealed when it is looked at and its plain text is stored nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select, update

from donations import privacy
from donations.data_keys.offline import is_sealed_offline
from donations.errors import NoSuchMessage
from donations.extensions import db
from donations.giving.states import COUNTED_STATES
from donations.models import Appeal, Donation, MessageDecision
from donations.models.message_decision import VERDICTS
from donations.money import Money

PAGE_LENGTH, MAX_PAGES = 10, 1000
STATES = ("waiting", *VERDICTS)
UNREADABLE = "(cannot be opened: its key is missing)"
LOCKED = "(sealed with the offline key, which is locked)"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its moderator sees it. `signed` is the name as its supporter lets it be shown, or
    empty."""

    reference: str
    appeal: str
    state: str  # one of STATES
    amount: Money
    given_at: datetime
    signed: str
    text: str
    decision: MessageDecision | None


@dataclass(frozen=True, slots=True)
class ShownMessage:
    signed: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One page of an appeal's messages, from 1, newest first. `newer` and `older` are the pages beside it, if any."""

    messages: tuple[ShownMessage, ...]
    number: int
    newer: int | None
    older: int | None


def listed(state: str, most: int) -> list[Message]:
    """The messages of donations that count in this state, oldest first."""
    asked = _of_counted_donations().order_by(Donation.settled_at, Donation.id).limit(most)
    if state == "waiting":
        asked = asked.where(MessageDecision.verdict.is_(None))
    else:
        asked = asked.where(MessageDecision.verdict == state)
    return [_message(*row) for row in db.session.execute(asked)]


def waiting() -> dict[int, int]:
    """How many messages wait for moderation, by the id of their appeal."""
    asked = _of_counted_donations().where(MessageDecision.verdict.is_(None))
    counted = asked.with_only_columns(Donation.appeal_id, func.count()).group_by(Donation.appeal_id)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def find(reference: str) -> Message:
    """Raises NoSuchMessage, also for a donation that was not received, or fully refunded or lost to a dispute."""
    row = db.session.execute(_of_counted_donations().where(Donation.reference == reference)).one_or_none()
    if row is None:
        raise NoSuchMessage(reference=reference)
    return _message(*row)


def approve(reference: str, *, by: str, at: datetime) -> MessageDecision:
    """Let a message be shown: at once, or from the next tick on where the appeal is discreet. Raises NoSuchMessage, and
    OfflineKeyLocked for one that was hidden and sealed."""
    find(reference)
    donation, decision = _decide(reference)
    if is_sealed_offline(donation.message_sealed):  # It was hidden, and is to be read by everybody now.
        _open_for_all(donation)
    if decision.verdict != "approved":
        decision.approve(by=by, at=at)
        decision.shown_since = None if donation.appeal.discreet else at
    return decision


def hide(reference: str, *, by: str, at: datetime) -> MessageDecision:
    """Hide a message at once, whatever became of its donation, or reject it before it was shown. Raises
    NoSuchMessage."""
    donation, decision = _decide(reference)
    if decision.hidden_at is None or decision.verdict != "hidden":
        decision.hide(by=by, at=at)
        # The offline key, where there is one, seals the message now. It waits for a seal that is being made.
        sealed_anew = update(Donation).where(Donation.id == donation.id).values(under_offline_key=False)
        db.session.execute(sealed_anew.execution_options(synchronize_session=False))
    return decision


def publish(at: datetime) -> None:
    """The tick: what was approved of donations that count is shown from now on, and messages whose donation no longer
    counts are withdrawn. Only discreet appeals wait for it; on the others it finds nothing new."""
    of_counted = MessageDecision.donation_id.in_(
        select(Donation.id).where(
            Donation.id == MessageDecision.donation_id,
            Donation.appeal_id == MessageDecision.appeal_id,
            Donation.state.in_(COUNTED_STATES),
        )
    )
    shown, hidden = MessageDecision.shown_since.is_not(None), MessageDecision.shown_since.is_(None)
    for now_shown, which in ((None, (shown, ~of_counted)), (at, (hidden, of_counted))):
        db.session.execute(
            update(MessageDecision)
            .where(MessageDecision.verdict == "approved", *which)
            .values(shown_since=now_shown)
            .execution_options(synchronize_session=False)
        )


def shown(appeal: Appeal, number: int) -> ShownPage:
    """What an appeal's page shows. A number that cannot be a page's is taken for the nearest that can."""
    number = min(max(number, 1), MAX_PAGES)
    asked = (
        select(Donation)
        .join(MessageDecision, MessageDecision.donation_id == Donation.id)
        .where(MessageDecision.appeal_id == appeal.id, MessageDecision.shown_since.is_not(None))
        .where(Donation.message_sealed.is_not(None))
        # References are random: within one tick it does not reveal the order of the donations.
        .order_by(MessageDecision.shown_since.desc(), Donation.reference)
    )
    if not appeal.discreet:  # What a discreet appeal shows is what its last tick found.
        asked = asked.where(Donation.state.in_(COUNTED_STATES), Donation.appeal_id == appeal.id)
    found = db.session.scalars(asked.offset((number - 1) * PAGE_LENGTH).limit(PAGE_LENGTH + 1)).all()
    more = len(found) > PAGE_LENGTH and number < MAX_PAGES
    return ShownPage(
        messages=tuple(_readable(found[:PAGE_LENGTH])),
        number=number,
        newer=number - 1 if number > 1 else None,
        older=number + 1 if more else None,
    )


def _of_counted_donations() -> Select[Donation, str, MessageDecision]:
    """A decision counts for the appeal that it was made for: a donation that was moved to another waits again."""
    decided = and_(
        MessageDecision.donation_id == Donation.id,
        MessageDecision.appeal_id == Donation.appeal_id,
    )
    return (
        select(Donation, Appeal.slug, MessageDecision)
        .join(Appeal, Appeal.id == Donation.appeal_id)
        .outerjoin(MessageDecision, decided)
        .where(Donation.message_sealed.is_not(None), Donation.state.in_(COUNTED_STATES))
    )


def _decide(reference: str) -> tuple[Donation, MessageDecision]:
    """The donation and the row of its decision, a new one if nothing was decided for its appeal yet."""
    asked = select(Donation).where(Donation.reference == reference, Donation.message_sealed.is_not(None))
    donation = db.session.scalar(asked)
    if donation is None:
        raise NoSuchMessage(reference=reference)
    decision = db.session.get(MessageDecision, donation.id)
    if decision is None:
        decision = MessageDecision(donation_id=donation.id, appeal_id=donation.appeal_id, verdict="hidden")
        db.session.add(decision)
    elif decision.appeal_id != donation.appeal_id:
        decision.appeal_id, decision.verdict, decision.shown_since = donation.appeal_id, "hidden", None
    return donation, decision


def _message(donation: Donation, slug: str, decision: MessageDecision | None) -> Message:
    return Message(
        reference=donation.reference,
        appeal=slug,
        state=decision.verdict if decision is not None else "waiting",
        amount=donation.amount,
        given_at=donation.settled_at or donation.created_at,
        signed=signed(donation),
        text=opened(donation, "message") or (LOCKED if is_sealed_offline(donation.message_sealed) else UNREADABLE),
        decision=decision,
    )


def _readable(donations: Iterable[Donation]) -> Iterable[ShownMessage]:
    for donation in donations:
        text = opened(donation, "message")
        if text:
            yield ShownMessage(signed(donation), text)


def _open_for_all(donation: Donation) -> None:
    """Raises OfflineKeyLocked."""
    of = f"donation:{donation.reference}"
    donation.message_sealed = privacy.seal(
        privacy.unseal(donation.message_sealed or b"", f"{of}:message"), f"{of}:message"
    )
    if donation.name_sealed is not None and donation.display != "secret":
        signature_now = signature(donation.display, privacy.unseal(donation.name_sealed, f"{of}:name"))
        donation.signed_sealed = privacy.seal(signature_now, f"{of}:signed")


def signed(donation: Donation) -> str:
    """The name as its supporter lets it be shown: nothing, first and last initial, or whole."""
    if donation.signed_sealed is not None:  # Its name is sealed with the offline key.
        return opened(donation, "signed")
    return signature(donation.display, "" if donation.display == "secret" else opened(donation, "name"))


def signature(display: str, name: str) -> str:
    """What of a name is shown, as its owner chose (models.donation.DISPLAYS)."""
    if display == "secret":
        return ""
    if display == "name":
        return name
    words = name.split()
    return " ".join(f"{word[0].upper()}." for word in (words[0], *words[1:][-1:])) if words else ""


def opened(donation: Donation, column: str) -> str:
    """Empty where there is nothing, or nothing that our keys open: a page is shown without it."""
    sealed: bytes | None = getattr(donation, f"{column}_sealed")
    return privacy.unseal_or_empty(sealed, f"donation:{donation.reference}:{column}")
