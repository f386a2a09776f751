"""Accounts at banks. How a file finds its account is in reconciliation/statement_accounts.py."""

from __future__ import annotations

from sqlalchemy import LargeBinary, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model


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
