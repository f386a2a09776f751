"""The life of a donation: begin it, open Checkout for it, and what state its facts put it in. No HTTP and no Stripe
here; what money moved is the ledger's business."""

from __future__ import annotations

from dataclasses import dataclass

from donations.models import Fund, Receipt
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Gift:
    """What a supporter asked for, checked by the form. `fund` None means: by the appeal's shares, equal if none."""

    amount: Money
    interval: str
    fund: Fund | None
    name: str
    email: str
    message: str
    display: str
    language: str
    nonce: str  # from the form token; the same nonce and content is the same donation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a donation, for its own page. `kind` is one of waiting, declined, processing, paid, failed,
    abandoned, part_refunded, refunded, disputed, lost. `settled` says that polling may end."""

    kind: str
    settled: bool
    can_try_again: bool
    receipt: Receipt | None
