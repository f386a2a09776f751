"""What each statement line was matched to, and the rules learnt from that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

# What a statement line, or a part of it, was matched to; bookkeeping/bank.py decides the entry of each.
MATCH_KINDS = (
    "payout", "offline_gift", "slip", "disbursement", "bounced", "offline_refund", "returned", "charge", "own_account",
    "stripe_topup", "unidentified",
)  # fmt: skip
MATCH_STATES = ("proposed", "confirmed", "refused", "undone")


class Match(Model):
    """A match of a line, or of a part of it. Only its state changes; an undone match stays readable, and a later match
    is a new row. `target` is the item: a payout's id, or the number of a donation, paying-in slip or payment
    request."""

    __tablename__ = "match"
    __table_args__ = (
        one_of("kind", MATCH_KINDS, "kind_known"),
        one_of("state", MATCH_STATES, "state_known"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        Index("ix_match_target", "kind", "target"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    statement_line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    target: Mapped[str | None] = mapped_column(Text)
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    amount_minor: Mapped[int] = mapped_column(BigInt)  # signed as the line
    state: Mapped[str] = mapped_column(Text)
    score: Mapped[int | None] = mapped_column(Integer)
    reasons: Mapped[list[str]] = mapped_column(Json, default=list)
    rule: Mapped[str] = mapped_column(Text)  # exact, scored, learnt, by hand
    actor: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(Text)


class MatchRule(Model):
    """Lines from this payer are donations to that fund: offered after three equal confirmations, used once accepted.
    One that was refused is kept, so that it is not offered again."""

    __tablename__ = "match_rule"
    __table_args__ = (UniqueConstraint("payer_hash", "fund_id"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    payer_hash: Mapped[bytes] = mapped_column(LargeBinary)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    is_refused: Mapped[bool] = mapped_column(default=False, server_default=false())
    accepted_by: Mapped[str] = mapped_column(Text)  # or refused
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
