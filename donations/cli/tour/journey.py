"""What every step of the tour is measured by: the public total, the ledger and what the sandbox has witnessed, each
since the tour began, so that a database that is not empty can be walked too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection

from donations import create_app, ledger
from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.cli.stage import Stage
from donations.cli.stage import visitor as web
from donations.database import snapshot
from donations.extensions import db
from donations.money import Money, written

PUBLIC = ("fighting-fund", "hands-off-ali")
KEY = {"Authorization": "Bearer sk_test_sandbox"}
SECOND_OF_LOOKS = 12  # a look each tenth of a second
BALANCE, IN_SETTLEMENT, FEES, UNIDENTIFIED, OFFLINE = 1100, 1105, 5000, 2010, 4010


def gbp(pence: int) -> str:
    """£12.50"""
    return written(Money(pence, "GBP"))


class Journey:
    """The stage and the figures it began with. Amounts are pence."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        # The ledger is queried here and not by a command each time, which would take a second to start.
        self._app = create_app(stage.environ)
        self._totals = {slug: self._total(slug) for slug in PUBLIC}
        self._balances = self._trial_balance()

    def raised(self, slug: str) -> tuple[int, int]:
        """Pence and donations since the tour began, as the public sees them."""
        now, then = self._total(slug), self._totals[slug]
        return now["raised_minor"] - then["raised_minor"], now["donations"] - then["donations"]

    def wait_for_total(self, slug: str, minor: int, donations: int) -> None:
        self._says_everywhere(
            f"{slug} to stand at {minor} from {donations} donations", lambda: self.raised(slug) == (minor, donations)
        )

    def witness(self) -> dict[str, Any]:
        return web.get_json(f"{self.stage.sandbox_url}/sandbox/summary")

    def ask_sandbox(self, path: str, **said: Any) -> dict[str, Any]:
        return web.post_json(f"{self.stage.sandbox_url}/sandbox/{path}", said)

    def end(self) -> None:
        """Let go of the database, which may be about to be removed."""
        with self._app.app_context():
            db.session.remove()
            db.engine.dispose()

    def deliveries_end(self) -> None:
        """Wait until everything that was sent has been answered."""
        assert self.ask_sandbox("deliveries/wait", seconds=30)["settled"], "deliveries did not come to an end"

    @contextmanager
    def inside(self) -> Iterator[Connection]:
        """A look into the database as it is now."""
        with self._app.app_context(), snapshot() as conn:
            yield conn

    def moved(self, account: int) -> int:
        """What an account has moved by since the tour began."""
        return self._trial_balance().get(account, 0) - self._balances.get(account, 0)

    def last_charge(self) -> str:
        """The newest charge the sandbox knows, succeeded or not."""
        listed = web.get_json(f"{self.stage.sandbox_url}/v1/charges?limit=1", KEY)
        return str(listed["data"][0]["id"])

    def stripe(self, path: str) -> dict[str, Any]:
        """What Stripe answers to a question."""
        return web.get_json(f"{self.stage.sandbox_url}/v1/{path}", KEY)

    def agree(self) -> str:
        """Total, ledger and sandbox agree to the penny, once the ledger has caught up with what is settled."""
        self.deliveries_end()
        web.wait_for("Stripe's fees", lambda: self.witness()["without_balance_transaction"] == 0)
        web.wait_for("the balance transactions to be booked", lambda: self.moved(BALANCE) == self._net())
        report = self._ledger_report()
        now = self._by_account(report)
        moved = {account: minor - self._balances.get(account, 0) for account, minor in now.items()}
        pounds = self.witness()["money"].get("gbp", {})
        booked = -sum(moved.get(account, 0) for account in PUBLIC_ACCOUNTS)
        sworn = pounds.get("raised", 0) + pounds.get("raised_without_reference", 0) + moved.get(UNIDENTIFIED, 0)
        sworn -= moved.get(OFFLINE, 0)  # What came by bank the sandbox cannot know; the step says what it should be.
        public = self._settled_public(booked)
        assert report.sound, f"the books are not sound: {report.findings}"
        assert public == booked == sworn, f"total {public}, ledger {booked} and sandbox {sworn} differ"
        assert moved.get(FEES, 0) == pounds.get("fees", 0), f"fees: {moved.get(FEES, 0)} and {pounds.get('fees', 0)}"
        return (
            f"total {gbp(public)} = ledger {gbp(booked)} = sandbox {gbp(sworn)}, fees {gbp(moved.get(FEES, 0))}"
            f" = {gbp(pounds.get('fees', 0))}, Stripe balance {gbp(moved.get(BALANCE, 0))} = {gbp(self._net())},"
            f" in settlement {gbp(moved.get(IN_SETTLEMENT, 0))}"
        )

    def _settled_public(self, booked: int) -> int:
        """The public total, once every process says what is booked."""
        what = f"the public total to be {booked} everywhere"
        self._says_everywhere(what, lambda: sum(self.raised(slug)[0] for slug in PUBLIC) == booked)
        return booked

    @staticmethod
    def _says_everywhere(what: str, is_so: Callable[[], bool]) -> None:
        """Wait until it has been so for a second: each process of the web may show for a second what it has kept."""
        same = 0

        def has_been_so() -> bool:
            nonlocal same
            same = same + 1 if is_so() else 0
            return same >= SECOND_OF_LOOKS

        web.wait_for(what, has_been_so)

    def _net(self) -> int:
        return int(self.witness()["settled"].get("gbp", {"net": 0})["net"])

    def _trial_balance(self) -> dict[int, int]:
        return self._by_account(self._ledger_report())

    def _by_account(self, report: ledger.Report) -> dict[int, int]:
        return {account: minor for (account, currency), minor in report.trial_balance.items() if currency == "GBP"}

    def _ledger_report(self) -> ledger.Report:
        with self.inside() as conn:
            return ledger.check(conn, datetime.now(UTC))

    def _total(self, slug: str) -> dict[str, Any]:
        return web.get_json(f"{self.stage.url}/appeals/{slug}/total.json")
