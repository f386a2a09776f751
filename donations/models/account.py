"""The chart of accounts."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, one_of

ACCOUNT_KINDS = ("asset", "liability", "equity", "income", "expense", "clearing")


class Account(Model):
    """A line of the chart of accounts. `clears_by` is the kind of item for each of which its balance returns to
    zero."""

    __tablename__ = "account"
    __table_args__ = (one_of("kind", ACCOUNT_KINDS, "kind_known"),)

    code: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    clears_by: Mapped[str | None] = mapped_column(Text)
