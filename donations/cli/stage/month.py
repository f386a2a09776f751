"""What supporters and Stripe do in the month before the demo is opened: donations through the real form and the
sandbox's clock, a refund, a dispute, payouts. What the treasurers do meanwhile is in desk.py. No invented people: no
names."""

from __future__ import annotations

from collections.abc import Callable

from donations.cli.stage import desk
from donations.cli.stage import visitor as web
from donations.cli.stage.processes import Stage

DAYS = 35
DAY_SECONDS = 24 * 3600
GOOD = "4242 4242 4242 4242"
# Days ago, appeal, fund (empty: by the appeal's shares), amount, currency, and the region it counts for, if one.
DONATIONS = (
    (35, "fighting-fund", "general", "50", "GBP", "London"),
    (34, "fighting-fund", "general", "20", "GBP"),
    (34, "hands-off-ali", "", "100", "GBP"),
    (32, "fighting-fund", "general", "250", "GBP", "Wales"),
    (31, "hands-off-ali", "ali", "25", "GBP"),
    (29, "fighting-fund", "general", "10", "GBP", "West Midlands"),
    (28, "campaign-kazakhstan", "", "60", "GBP"),
    (27, "hands-off-ali", "", "30", "GBP"),
    (26, "karaganda-four", "", "40", "EUR"),
    (25, "fighting-fund", "general", "120", "GBP", "Yorkshire"),
    (24, "hands-off-ali", "ali-family", "50", "GBP"),
    (22, "fighting-fund", "general", "20", "GBP"),
    (21, "hands-off-ali", "", "200", "GBP"),
    (20, "campaign-kazakhstan", "", "15", "GBP"),
    (18, "fighting-fund", "general", "75", "GBP", "London"),
    (17, "hands-off-ali", "sakharovo", "40", "GBP"),
    (15, "fighting-fund", "general", "500", "GBP", "Bristol and the South West"),
    (14, "hands-off-ali", "", "20", "GBP"),
    (13, "karaganda-four", "", "35", "EUR"),
    (12, "fighting-fund", "general", "30", "GBP", "East Midlands"),
    (11, "hands-off-ali", "ali", "150", "GBP"),
    (9, "fighting-fund", "general", "5", "GBP", "Wales"),
    (8, "campaign-kazakhstan", "", "90", "GBP"),
    (7, "hands-off-ali", "", "60", "GBP"),
    (6, "fighting-fund", "general", "40", "GBP", "London"),
    (4, "hands-off-ali", "", "25", "GBP"),
    (3, "fighting-fund", "general", "100", "GBP"),
    (2, "hands-off-ali", "ali", "10", "GBP"),
    (1, "fighting-fund", "general", "15", "GBP", "Yorkshire"),
)


def live_through(stage: Stage, tell: Callable[[str], None]) -> None:
    """Let the month pass. The sandbox must have begun DAYS ago, and ends at the present."""
    past = _Past(stage)
    tell("A month passes: donations, payouts, a bank statement ...")
    for day in range(DAYS, -1, -1):
        past.go_to(day)
        for _day, slug, fund, amount, currency, *area in (one for one in DONATIONS if one[0] == day):
            past.give(slug, fund, amount, currency, *area)
        if day in _ELSE:
            _ELSE[day](past)
    past.end()
    desk.work_through(stage)


class _Past:
    """The sandbox's time, and what happens in it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.days_ago = DAYS
        self.charges: list[str] = []

    def go_to(self, days_ago: int) -> None:
        if days_ago < self.days_ago:
            self._ask("clock/advance", seconds=(self.days_ago - days_ago) * DAY_SECONDS)
        self.days_ago = days_ago

    def give(self, slug: str, fund: str, amount: str, currency: str, area: str = "") -> None:
        fields = {"amount": amount, "currency": currency, "fund": fund, "area": area}
        session = web.give(self._stage.url, slug, fields).rpartition("/")[2]
        self.charges.append(str(self._ask("pay", session=session, card=GOOD, email="supporter@demo.example")["charge"]))

    def refund(self) -> None:
        """A supporter gave by mistake and asked for a refund."""
        self._ask("refunds", charge=self.charges[-1], reason="requested_by_customer")

    def dispute(self) -> None:
        """A bank asks about a donation of some days ago, and waits for an answer."""
        self._ask("disputes", charge=self.charges[-3])

    def warn(self) -> None:
        """The network suspects a card."""
        self._ask("early_fraud_warnings", charge=self.charges[-1])

    def pay_out(self) -> None:
        self._ask("payouts", to="paid", reconcile=True)

    def end(self) -> None:
        """Everything that was sent has arrived."""
        assert self._ask("deliveries/wait", seconds=60)["settled"], "deliveries did not come to an end"

    def _ask(self, path: str, **said: object) -> dict[str, object]:
        return web.post_json(f"{self._stage.sandbox_url}/sandbox/{path}", said)


_ELSE: dict[int, Callable[[_Past], None]] = {
    26: _Past.pay_out,
    19: _Past.pay_out,
    12: _Past.pay_out,
    9: _Past.refund,
    5: _Past.pay_out,
    4: _Past.dispute,
    3: _Past.warn,
}
