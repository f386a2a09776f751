"""What can be chosen when a sandbox is started. Only values: nothing here acts or reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True)
class Settings:
    """The choices of one run. Amounts are in minor units, times in seconds."""

    state: Path | None = None
    organisation: str = "Sandbox organisation"
    currency: str = "gbp"
    # What the account settles in beside `currency`. If any is named, all others are converted into `currency`.
    settlement_currencies: tuple[str, ...] = ()
    # A currency named here is converted into `currency`; without settlement currencies any other settles as itself.
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    # Where a refund or a dispute is converted at another rate than the charge.
    refund_rates: Mapping[str, Decimal] = field(default_factory=dict)
    dispute_rates: Mapping[str, Decimal] = field(default_factory=dict)
    # The sandbox's time begins so long ago; the control API moves it on.
    behind_seconds: float = 0.0
    bt_delay_seconds: float = 1.0
    fee_percent: Decimal = Decimal("1.5")
    fee_fixed_minor: int = 20
    dispute_fee_minor: int = 2000
    # Until what happens later happens by itself (refunds, bank debits, disputes); negative: only when ordered.
    later_seconds: float = 60.0
    # Whether a bank debit has its balance transaction while it is still pending.
    debit_books_while_pending: bool = True
    # Pay out what is available this often; 0: only when ordered.
    payout_every_seconds: float = 0.0
    retry_seconds: tuple[float, ...] = (1, 2, 5, 15, 60, 300, 900)
    delivery_timeout_seconds: float = 10.0
    delivery_threads: int = 4
    webhooks: tuple[tuple[str, str], ...] = ()
    public_url: str = ""
    logged_requests: int = 5000
