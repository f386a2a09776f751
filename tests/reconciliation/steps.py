"""What the treasury's tests have in common: a bank account, lines on it, offline donations, and the resulting
ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from donations import giving, ledger
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import (
    Appeal,
    BankAccount,
    Donation,
    Fund,
    FundTotal,
    OfflineDonation,
    Organisation,
    Posting,
    Receipt,
    ReceiptChange,
    Statement,
    StatementLine,
)
from donations.models.base import new_id
from donations.money import Money
from donations.reconciliation import adjustments, balances, matches
from donations.worker.receipts import change_receipts
from tests.events import fresh
from tests.factories import NOON

TODAY = NOON.date()
_numbers = count(1)


def a_bank_account(name: str = "Current") -> int:
    """An account in pounds, committed. Returns its id."""
    with write_unit():
        account = BankAccount(name=name, currency="GBP")
        db.session.add(account)
        db.session.flush()
        statement = Statement(
            bank_account_id=account.id, file_name="x.csv", file_sha256="x", format="csv", lines_new=0, lines_known=0,
            imported_by="test", imported_at=NOON,
        )  # fmt: skip
        db.session.add(statement)
        db.session.flush()
        return account.id


def a_line(account_id: int, minor: int, *, on: date = TODAY, currency: str = "GBP") -> int:
    """A line of that account, committed, not matched. Returns its id."""
    with write_unit():
        statement = db.session.scalars(select(Statement).where(Statement.bank_account_id == account_id)).one()
        number = next(_numbers)
        line = StatementLine(
            id=new_id(), bank_account_id=account_id, statement_id=statement.id, position=number, booked_on=on,
            amount_minor=minor, currency=currency, personal_until=on, dedupe_key=f"{number}".encode(), occurrence=1,
        )  # fmt: skip
        db.session.add(line)
        db.session.flush()
        return line.id


def match(line_id: int, *said: matches.Said, rule: str = "by hand", at: datetime = NOON) -> None:
    with write_unit() as conn:
        matches.confirm(conn, line_id, said, rule=rule, actor="tara", at=at)


def a_gift(
    minor: int, method: str = "cash", *, fund: str | None = "ali", slug: str = "hands-off-ali", **more: Any
) -> int:
    """An offline donation as received, committed. Returns its id."""
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        chosen = next((one for one in appeal.funds if one.slug == fund), None)
        gift = giving.NewDonation(
            amount=Money(minor, "GBP"), interval="once", fund=chosen, name="Maya Example", email="maya@example.org",
            message="", display="secret", language="en", nonce=f"form {next(_numbers)}",
        )  # fmt: skip
        offline_details = OfflineDetails(method, TODAY, counted_by=("Ann", "Ben") if method == "cash" else (), **more)
        return giving.offline_donations.record(appeal, gift, offline_details, actor="tara", at=NOON).id


def accepted(minor: int, method: str = "cash", **more: Any) -> int:
    """An offline donation that counts. Returns its id."""
    offline_donation_id = a_gift(minor, method, **more)
    with write_unit() as conn:
        giving.offline_donations.accept(conn, offline_donation_id, actor="theo", at=NOON)
    return offline_donation_id


def banked(minor: int, *, fund: str = "ali", account_id: int | None = None) -> int:
    """Money that a fund has in the bank: an opening balance, committed. Returns the account's id."""
    number = account_id or a_bank_account()
    with write_unit() as conn:
        fund_id = db.session.scalars(select(Fund.id).where(Fund.slug == fund)).one()
        asked = adjustments.Asked(
            f"opening {next(_numbers)}", "opening", fund_id, Money(minor, "GBP"), TODAY, "agreed", "committee",
            bank_account_id=number,
        )  # fmt: skip
        adjustments.ask(conn, asked, actor="tara", at=NOON)
    return number


def raised(slug: str = "hands-off-ali") -> int:
    """What is stored of an appeal's pounds, over all its funds."""
    fresh()
    funds = [fund.id for fund in Appeal.any_by_slug(slug).funds]
    return sum(db.session.scalars(select(FundTotal.raised_minor).where(FundTotal.fund_id.in_(funds))).all())


def settled() -> None:
    """The two hours are over in which the team may undo what changes a receipt."""
    fresh()
    change_receipts(db.session.scalar(select(func.max(ReceiptChange.due_at))) or NOON)
    fresh()


def receipts_of(offline_donation_id: int) -> list[tuple[str, int]]:
    """(state, minor units) of each receipt of a donation, in order of number."""
    fresh()
    donation_id = db.session.get_one(OfflineDonation, offline_donation_id).donation_id
    rows = db.session.scalars(select(Receipt).where(Receipt.donation_id == donation_id).order_by(Receipt.number))
    return [(row.state, row.amount_minor) for row in rows]


def live_or_waiting(offline_donation_id: int) -> int | None:
    """The amount on a donation's valid receipt, 0 where none is valid; None while it waits for the two hours to be
    over."""
    live = [minor for state, minor in receipts_of(offline_donation_id) if state == "live"]
    donation_id = db.session.get_one(OfflineDonation, offline_donation_id).donation_id
    return None if db.session.get(ReceiptChange, donation_id) else sum(live)


def state_of(offline_donation_id: int) -> str:
    fresh()
    return db.session.get_one(Donation, db.session.get_one(OfflineDonation, offline_donation_id).donation_id).state


def sound() -> Sequence[Any]:
    """The findings of the ledger's own checks."""
    fresh()
    return ledger.check(db.session.connection(), NOON).findings


def free(slug: str) -> int:
    """What a fund has free, in pence."""
    fund_id = db.session.scalars(select(Fund.id).where(Fund.slug == slug)).one()
    return balances.free(db.session.connection(), fund_id, "GBP")


def in_bank(account_id: int, fund: str = "") -> int:
    """The ledger's balance of a bank account, of all funds or of one, in its minor units."""
    asked = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(Posting.account == 1000)
    if fund:
        asked = asked.join(Fund, Fund.id == Posting.fund_id).where(Fund.slug == fund)
    return int(db.session.scalars(asked.where(Posting.clear_ref == f"bank:{account_id}")).one())


def uncommitted(fund: str) -> int:
    """What all bank accounts have of a fund, less what is approved and not seen in a bank yet, in pence."""
    fresh()
    asked = text(
        "SELECT (SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = 1000 AND currency = 'GBP' AND"
        " fund_id = f.id) - (SELECT coalesce(sum(amount_minor), 0) FROM payment_request WHERE fund_id = f.id AND"
        " currency = 'GBP' AND state IN ('approved', 'sent')) FROM fund f WHERE f.slug = :fund"
    )
    return int(db.session.execute(asked, {"fund": fund}).scalar_one())


def expect(fits: bool, refused: type[DonationsError], act: Callable[[Connection], Any]) -> bool:
    """Do it in a write unit, if it should go; else it must be refused in just that way. Returns whether it was done."""
    if fits:
        with write_unit() as conn:
            act(conn)
        return True
    with pytest.raises(refused), write_unit() as conn:
        act(conn)
    return False


def approvals_are(required: int) -> None:
    with write_unit():
        Organisation.get().approvals_required = required


@contextmanager
def two_approvals() -> Iterator[None]:
    approvals_are(2)
    try:
        yield
    finally:
        approvals_are(1)
