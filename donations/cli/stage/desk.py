"""What the treasurers of the demo did in its month, by the same verbs as the treasury's pages: cash counted and paid
in, a payment asked for, approved and sent, a bank statement imported and mostly matched. Some of it is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import audit, create_app, giving, references, staff
from donations.cli.stage import branches, people
from donations.cli.stage.processes import Stage
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import Appeal, BankAccount, Fund, OfflineDonation, Payout, Staff, StatementLine
from donations.money import Money
from donations.reconciliation import matches, matching, paying_in_slips, payment_requests
from donations.worker import stripe_sync

ACCOUNT = "Current account"
CASH, CHEQUE, PAID_ON, EXPECTED = (Money(minor, "GBP") for minor in (31240, 5000, 18000, 2500))
COUNTED_BY = ("Treasurer", "Admin")


def work_through(stage: Stage) -> None:
    """Do a month's work at the desk. Stripe's facts must have been recorded before."""
    people.join_all(stage.environ)
    stage.command("bank", "add-account", ACCOUNT, "--currency", "GBP")
    with _inside(stage.environ) as desk:
        desk.hear_stripe()
        desk.pay_in()
        desk.leave_on_the_desk()
        branches.submit(desk.now, desk.treasurer)
        statement = desk.statement()
    file = stage.folder / "statement.csv"
    file.write_text("".join(",".join(line) + "\r\n" for line in statement), encoding="utf-8")
    stage.command("bank", "import", str(file), "--account", ACCOUNT)
    with _inside(stage.environ) as desk:
        desk.match()


@contextmanager
def _inside(environ: Mapping[str, str]) -> Iterator[_Desk]:
    """The app, while the treasurers work."""
    with create_app(environ).app_context():
        try:
            yield _Desk()
        finally:
            db.session.remove()
            db.engine.dispose()


class _Desk:
    """Two people at it, because money needs four eyes: the treasurer asks and records, the admin counts again."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.treasurer, self.admin = _person("treasurer"), _person("admin")

    def hear_stripe(self) -> None:
        """Ask Stripe for what its events do not say; ahead of time, because the worker may have asked just now."""
        stripe_sync.sync_transactions(self.now + timedelta(minutes=2))
        stripe_sync.sync_payouts(self.now)

    def pay_in(self) -> None:
        """A collection and a cheque, counted, accepted and taken to the bank on one paying-in slip."""
        at = self._ago(24)
        donations = [self._record("cash", CASH, at), self._record("cheque", CHEQUE, at)]
        with write_unit() as conn:
            for number in donations:
                giving.offline_donations.accept(conn, number, actor=self.admin.actor, at=at)
            self._did(conn, self.admin, "gifts.accepted", f"gift:{donations[0]}", at)
        with write_unit() as conn:
            slip = paying_in_slips.pay_in(
                conn, db.session.scalars(select(BankAccount)).one(), donations, CASH + CHEQUE, count=len(donations),
                on=at.date(), number="500012", actor=self.treasurer.actor, at=at,
            )  # fmt: skip
            self._did(conn, self.treasurer, "slip.paid_in", slip.ref, at)

    def leave_on_the_desk(self) -> None:
        """Work left to do: a collection not counted a second time, a transfer that was promised."""
        self._record("cash", Money(8650, "GBP"), self._ago(2))
        self._record("bank", EXPECTED, self._ago(9))

    def pay_on(self) -> int:
        """One payment sent, one that waits for a yes. Returns the number of the first."""
        at = self._ago(10)
        first = self._ask_for("ali", PAID_ON, "Travel to the prison, for two visits", at)
        with write_unit() as conn:
            payment_requests.approve(conn, first, actor=self.admin.actor, staff_id=self.admin.id, at=at)
            self._did(conn, self.admin, "disbursement.approved", f"disbursement:{first}", at)
        with write_unit() as conn:
            payment_requests.send(conn, first, at=at)
            self._did(conn, self.treasurer, "disbursement.sent", f"disbursement:{first}", at)
        self._ask_for("ali-family", Money(3000, "GBP"), "Parcels in December", self._ago(1))
        return first

    def statement(self) -> list[tuple[str, str, str]]:
        """The month's bank statement: nearly all payouts, money paid in and out, and unexpected lines."""
        payouts = db.session.scalars(select(Payout).where(Payout.currency == "GBP").order_by(Payout.arrival_on)).all()
        code = references.code_of_appeal(Appeal.by_slug("fighting-fund"))
        promised = db.session.scalars(select(OfflineDonation).where(OfflineDonation.state == "expected")).one()
        lines = [(one.arrival_on, "STRIPE PAYMENTS UK LTD", Money(one.amount_minor, "GBP")) for one in payouts[:-1]]
        lines += [
            (self._day(22), "COUNTER CREDIT 500012", CASH + CHEQUE),
            (self._day(20), f"FASTER PAYMENT {code}", Money(3000, "GBP")),
            (self._day(16), "STANDING ORDER 4471", Money(1000, "GBP")),
            (self._day(14), "FASTER PAYMENT IN SOLIDARITY", Money(7500, "GBP")),
            (self._day(9), "BANK CHARGES", Money(-750, "GBP")),
            (self._day(9), "TRAVEL PRISON VISITS", -PAID_ON),
            (self._day(6), f"FASTER PAYMENT {_mistyped(promised.reference_code or '')}", EXPECTED),
            (self._day(5), f"FASTER PAYMENT {code}", Money(4500, "GBP")),
        ]
        told = [
            (day.isoformat(), words, amount.plain()) for day, words, amount in sorted(lines, key=lambda one: one[0])
        ]
        return [("Date", "Description", "Amount"), *told]

    def match(self) -> None:
        """By the rules what is certain: then money is in the bank that can be paid out. By hand the payment, which the
        rules only propose."""
        matching.run(write_unit, snapshot, at=self.now)
        paid_on = self.pay_on()
        said = matches.Said("disbursement", -PAID_ON.minor, target=str(paid_on))
        line = db.session.scalars(select(StatementLine).where(StatementLine.amount_minor == said.amount_minor)).one()
        with write_unit() as conn:
            matches.confirm(conn, line.id, [said], rule="by hand", actor=self.treasurer.actor, at=self.now)
            self._did(conn, self.treasurer, "line.matched", f"line:{line.id}", self.now)

    def _record(self, method: str, amount: Money, at: datetime) -> int:
        with write_unit() as conn:
            appeal = Appeal.by_slug("fighting-fund")
            new = giving.NewDonation(
                amount=amount, interval="once", fund=appeal.funds[0], name="", email="", message="", display="secret",
                language="en", nonce=f"{method} {at.isoformat()}",
            )  # fmt: skip
            offline_details = OfflineDetails(method, at.date(), counted_by=COUNTED_BY if method == "cash" else ())
            row = giving.offline_donations.record(appeal, new, offline_details, actor=self.treasurer.actor, at=at)
            if row.state == "expected":
                row.reference_code = references.code_of_offline_donation(row.id)
            self._did(conn, self.treasurer, "gift.recorded", f"gift:{row.id}", at)
            return row.id

    def _ask_for(self, fund: str, amount: Money, purpose: str, at: datetime) -> int:
        with write_unit() as conn:
            asked = payment_requests.Asked(f"demo {purpose}", amount, purpose, "The committee's account, 00012345")
            of = db.session.scalars(select(Fund).where(Fund.slug == fund)).one()
            row = payment_requests.request(conn, of, asked, actor=self.treasurer.actor, at=at)
            self._did(conn, self.treasurer, "disbursement.requested", row.ref, at)
            return row.id

    def _did(self, conn: Connection, person: Staff, act: str, about: str, at: datetime) -> None:
        audit.record(conn, person.actor, act, about, at=at)

    def _ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def _day(self, days_ago: int) -> date:
        return self._ago(days_ago).date()


def _person(role: str) -> Staff:
    person = staff.find_by_email(f"{role}@demo.example")
    assert person is not None, "they have joined before"
    return person


def _mistyped(code: str) -> str:
    """With two characters run into the word before, as people do."""
    return f"{code[:4]} {code[4:]}"
