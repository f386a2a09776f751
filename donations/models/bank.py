"""Bank accounts, the statements that were imported, their lines, what identifies each line, and what it was matched to.
Day and amount of a line never change; the payer is sealed beside them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, not_under_offline_key, one_of

# What a statement line, or a part of it, was matched to; bookkeeping/bank.py decides the entry of each.
MATCH_KINDS = (
    "payout", "offline_gift", "slip", "disbursement", "bounced", "offline_refund", "returned", "charge", "own_account",
    "stripe_topup", "unidentified",
)  # fmt: skip
MATCH_STATES = ("proposed", "confirmed", "refused", "undone")
# What tells that a line of a file is a line that is here (docs/decisions/0028-identity-of-statement-lines.md).
EVIDENCE_KINDS = ("number", "wording", "entry", "total")
QUESTION_STATES = ("open", "same", "another")


class BankAccount(Model):
    """An account at a bank. `column_map` holds what a person entered for its CSV statements, and what a file showed for
    certain (reconciliation/column_memory.py). `number_from` is the source of its number: a person, or a file; it is
    None where that was not kept. `evidence_complete`: every line with a number of the bank's own has its evidence."""

    __tablename__ = "bank_account"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    currency: Mapped[str] = mapped_column(Text)
    # The account's own number, as statements name it: its keyed hash, and what may be shown of it (the last four).
    identifier_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    identifier_end: Mapped[str | None] = mapped_column(Text)
    number_from: Mapped[str | None] = mapped_column(Text)
    column_map: Mapped[dict[str, object] | None] = mapped_column(Json)
    evidence_complete: Mapped[bool] = mapped_column(default=True, server_default=false())

    @property
    def ref(self) -> str:
        """What the postings of account 1000 say it is."""
        return f"bank:{self.id}"


class Statement(Model):
    """A file that was imported, whole. Opening and closing balances as it states them, in minor units. One that was
    withdrawn has no lines any more, and counts for nothing."""

    __tablename__ = "statement"
    __table_args__ = (Index("ix_statement_file", "bank_account_id", "file_sha256"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    opening_minor: Mapped[int | None] = mapped_column(BigInt)
    closing_minor: Mapped[int | None] = mapped_column(BigInt)
    lines_new: Mapped[int] = mapped_column(Integer)
    lines_known: Mapped[int] = mapped_column(Integer)
    imported_by: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    names_account: Mapped[bool] = mapped_column(default=False, server_default=false())
    column_map: Mapped[dict[str, object] | None] = mapped_column(Json)  # what the account remembered after it
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class StatementLine(Model):
    """One line of a statement: `+` came in, `-` went out. Lines are a multiset: `occurrence` is the n-th line with the
    same `dedupe_key` (a keyed hash of account, day, amount, native id and normalised text; docs/ledger.md)."""

    __tablename__ = "statement_line"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        UniqueConstraint("bank_account_id", "dedupe_key", "occurrence"),
        Index("ix_statement_line_amount", "currency", "amount_minor"),
        Index("ix_statement_line_booked_on", "bank_account_id", "booked_on"),
        not_under_offline_key("statement_line"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)  # its place in the file, from 1
    booked_on: Mapped[date] = mapped_column(Date)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    # JSON of the bank's details (statement_lines/details.py), sealed; None once it was erased.
    details_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    payer_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # keyed, of the counterparty's account
    personal_until: Mapped[date] = mapped_column(Date, index=True)
    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary)
    occurrence: Mapped[int] = mapped_column(Integer)
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())  # sealed with the offline key

    @property
    def key(self) -> str:
        """What the entry of this line is for."""
        return f"bank:{self.bank_account_id}:{self.dedupe_key.hex()}:{self.occurrence}"


class StatementLineEvidence(Model):
    """One piece of evidence by which a line is recognised; a line may have several, and more over time. `hash` is keyed
    and holds the account. `number`: the bank's own. `wording`: day, amount and text in a later file.
    `entry` and `total`: the collective entry whose part it is, by that entry's number, and by its day and amount."""

    __tablename__ = "statement_line_evidence"
    __table_args__ = (one_of("kind", EVIDENCE_KINDS, "kind_known"), {"sqlite_with_rowid": False})

    statement_line_id: Mapped[int] = mapped_column(
        ForeignKey("statement_line.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, index=True)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"))  # the file that showed it


class StatementLineVersion(Model):
    """The earlier text of a line that a later file extended or changed. The line itself has the present text."""

    __tablename__ = "statement_line_version"
    __table_args__ = (not_under_offline_key("statement_line_version"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    statement_line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), index=True)
    details_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("statement.id"))
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    personal_until: Mapped[date] = mapped_column(Date, index=True)
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())  # sealed with the offline key


class StatementLineQuestion(Model):
    """A line of a file that may be a stored one, or another one. It becomes a line only when a person decides so."""

    __tablename__ = "statement_line_question"
    __table_args__ = (
        one_of("state", QUESTION_STATES, "state_known"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        CheckConstraint("state = 'open' OR answered_by IS NOT NULL", name="answered_by_a_person"),
        not_under_offline_key("statement_line_question"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    statement_line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), index=True)  # the line it may be
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    booked_on: Mapped[date] = mapped_column(Date)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    details_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    personal_until: Mapped[date] = mapped_column(Date, index=True)
    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())  # sealed with the offline key


class Match(Model):
    """A match of a line, or of a part of it. Only its state changes; an undone match stays readable, and a later match
    is a new row. `target` is the item: a payout's id, or the number of a donation, paying-in slip or disbursement."""

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
