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
    # A currency named here is converted into `currency`; any other is settled as itself.
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    bt_delay_seconds: float = 1.0
    fee_percent: Decimal = Decimal("1.5")
    fee_fixed_minor: int = 20
    retry_seconds: tuple[float, ...] = (1, 2, 5, 15, 60, 300, 900)
    delivery_timeout_seconds: float = 10.0
    delivery_threads: int = 4
    webhooks: tuple[tuple[str, str], ...] = ()
    public_url: str = ""
    logged_requests: int = 5000
