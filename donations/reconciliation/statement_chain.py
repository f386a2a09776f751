"""Statements in a row: where one ends, the next begins with the same balance (I7). Where it does not, something is
missing between them, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations.models import Statement
from donations.money import Money
from donations.reconciliation.readers import ReadStatement


@dataclass(frozen=True, slots=True)
class Break:
    """Between these two days money moved that no statement here tells of."""

    after: date
    before: date
    missing: Money  # what the lines that are missing come to

    @property
    def is_gap(self) -> bool:
        """Whether whole days lie between, so that a statement is missing; else two that touch disagree."""
        return self.before > self.after + timedelta(days=1)


class _Span(NamedTuple):
    starts_on: date
    ends_on: date
    opening: int
    closing: int


def breaks(conn: Connection, account_id: int, statements: tuple[ReadStatement, ...]) -> Iterator[Break]:
    """Where these statements do not join with each other, or with those that were imported before."""
    ours = [span for each in statements if (span := _span(each))]
    if not ours:
        return
    currency = statements[0].currency
    table = Statement
    rows: Any = conn.execute(
        select(table.starts_on, table.ends_on, table.opening_minor, table.closing_minor)
        .where(table.starts_on.is_not(None), table.ends_on.is_not(None))
        .where(table.bank_account_id == account_id, table.opening_minor.is_not(None), table.closing_minor.is_not(None))
        .where(table.withdrawn_at.is_(None))
        .order_by(table.starts_on, table.ends_on, table.id)
    )
    spans = {_Span(*row): None for row in rows}
    mine = set(ours)
    spans.update(dict.fromkeys(ours))
    in_order = sorted(spans, key=lambda span: (span.starts_on, span.ends_on))
    for before, after in pairwise(in_order):
        if (before in mine or after in mine) and after.starts_on >= before.ends_on and after.opening != before.closing:
            yield Break(before.ends_on, after.starts_on, Money(after.opening - before.closing, currency))


def _span(each: ReadStatement) -> _Span | None:
    if each.opening is None or each.closing is None or each.starts_on is None or each.ends_on is None:
        return None
    return _Span(each.starts_on, each.ends_on, each.opening.minor, each.closing.minor)
