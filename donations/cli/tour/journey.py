"""What every step of the tour is measured by: the public total, the ledger and what the sandbox has witnessed, each
since the tour began, so that a database that is not empty can be walked too."""

from __future__ import annotations

import json
from typing import Any

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.cli.stage import Stage
from donations.cli.stage import visitor as web

PUBLIC = ("fighting-fund", "hands-off-ali")
KEY = {"Authorization": "Bearer sk_test_sandbox"}
BALANCE, IN_SETTLEMENT, FEES, UNIDENTIFIED, OFFLINE = 1100, 1105, 5000, 2010, 4010


class Journey:
    """The stage and the figures it began with. Amounts are pence."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._totals = {slug: self._total(slug) for slug in PUBLIC}
        self._balances = self._trial_balance()

    def raised(self, slug: str) -> tuple[int, int]:
        """Pence and gifts since the tour began, as the public sees them."""
        now, then = self._total(slug), self._totals[slug]
        return now["raised_minor"] - then["raised_minor"], now["donations"] - then["donations"]

    def wait_for_total(self, slug: str, minor: int, gifts: int) -> None:
        web.wait_for(f"{slug} to stand at {minor} from {gifts} gifts", lambda: self.raised(slug) == (minor, gifts))

    def witness(self) -> dict[str, Any]:
        return web.get_json(f"{self.stage.sandbox_url}/sandbox/summary")

    def ask_sandbox(self, path: str, **said: Any) -> dict[str, Any]:
        return web.post_json(f"{self.stage.sandbox_url}/sandbox/{path}", said)

    def deliveries_end(self) -> None:
        """Wait until everything that was sent has been answered."""
        assert self.ask_sandbox("deliveries/wait", seconds=30)["settled"], "deliveries did not come to an end"

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
        """Total, ledger and sandbox say the same, to the penny, once the books have caught up with what is settled."""
        self.deliveries_end()
        web.wait_for("Stripe's fees", lambda: self.witness()["without_balance_transaction"] == 0)
        web.wait_for("the balance transactions to be booked", lambda: self.moved(BALANCE) == self._net())
        said: dict[str, Any] = json.loads(self.stage.command("ledger", "check", "--json"))
        now = self._by_account(said)
        moved = {account: minor - self._balances.get(account, 0) for account, minor in now.items()}
        pounds = self.witness()["money"].get("gbp", {})
        public = sum(self.raised(slug)[0] for slug in PUBLIC)
        booked = -sum(moved.get(account, 0) for account in PUBLIC_ACCOUNTS)
        sworn = pounds.get("raised", 0) + pounds.get("raised_without_reference", 0) + moved.get(UNIDENTIFIED, 0)
        sworn -= moved.get(OFFLINE, 0)  # What came by bank the sandbox cannot know; the step says what it should be.
        assert said["sound"], f"the books are not sound: {said['findings']}"
        assert public == booked == sworn, f"total {public}, ledger {booked} and sandbox {sworn} differ"
        assert moved.get(FEES, 0) == pounds.get("fees", 0), f"fees: {moved.get(FEES, 0)} and {pounds.get('fees', 0)}"
        return (
            f"total {public} = ledger {booked} = sandbox {sworn}; fees {moved.get(FEES, 0)} = {pounds.get('fees', 0)};"
            f" Stripe balance {moved.get(BALANCE, 0)} = {self._net()}; in settlement {moved.get(IN_SETTLEMENT, 0)}"
        )

    def _net(self) -> int:
        return int(self.witness()["settled"].get("gbp", {"net": 0})["net"])

    def _trial_balance(self) -> dict[int, int]:
        return self._by_account(json.loads(self.stage.command("ledger", "check", "--json")))

    def _by_account(self, said: dict[str, Any]) -> dict[int, int]:
        return {line["account"]: line["minor"] for line in said["trial_balance"] if line["currency"] == "GBP"}

    def _total(self, slug: str) -> dict[str, Any]:
        return web.get_json(f"{self.stage.url}/appeals/{slug}/total.json")
