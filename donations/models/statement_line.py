"""Statement lines, what identifies each, its earlier versions, and lines in doubt. Day and amount never change. The
payer is sealed beside them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, not_under_offline_key, one_of

# What tells that a line of a file is a line that is here (docs/decisions/0028-identity-of-statement-lines.md).
EVIDENCE_KINDS = ("number", "wording", "entry", "total")
QUESTION_STATES = ("open", "same", "another")


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
    # JSON of the bank's details (reconciliation/statement_lines/details.py), sealed; None once it was erased.
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
