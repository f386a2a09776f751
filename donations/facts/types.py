"""The facts reported about a payment, one by one and all together, as plain values. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from donations.money import Money
from donations.stripe_statuses import ChargeStatus, DisputeStatus, RefundStatus


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as Stripe reports it; times are aware. `changed_at` is when it became that, as far as this report can
    tell: a bank debit is begun days before it succeeds or fails. None: when it was charged. `authorized`: what was held
    on a card, where not all of it was captured at once; then `amount` is what was. `for_account`: the other Stripe
    account whose money it is."""

    charge_id: str
    intent_id: str | None
    reference: str | None  # our own, from its metadata; None if the charge is not of our making
    amount: Money
    status: ChargeStatus
    charged_at: datetime
    method: str | None
    failure_code: str | None
    balance_transaction_id: str | None
    changed_at: datetime | None = None
    had_succeeded: bool = False  # it failed after it had succeeded, as its session tells
    authorized: Money | None = None
    is_captured: bool = True
    for_account: str | None = None


@dataclass(frozen=True, slots=True)
class Classified:
    """What a treasurer decided that a balance transaction of an unknown kind is: the ledger account on its other side,
    and whose money it is."""

    account: int
    fund_id: int


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """A balance transaction: net = amount - fee, whole minor units of the settlement currency."""

    id: str
    source_id: str | None
    charge_id: str | None  # the charge it belongs to, if it belongs to one
    type: str
    reporting_category: str
    balance_type: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: str | None
    created_at: datetime
    available_on: date
    description: str | None
    classified: Classified | None = None
    behind: Thing | None = None  # what it comes from, where it was told with it


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as Stripe reports it, in the charge's currency. Canceled counts as failed."""

    id: str
    charge_id: str | None
    amount: Money
    status: str
    created_at: datetime
    reason: str | None = None
    failure_reason: str | None = None
    balance_transaction_id: str | None = None
    failure_transaction_id: str | None = None
    failed_at: datetime | None = None
    reference: str | None = None  # our own, from its metadata, if it was asked for here
    pending_reason: str | None = None
    said_at: datetime | None = None

    @property
    def failed(self) -> bool:
        return RefundStatus.of(self.status).has_failed


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as Stripe reports it; `said_at` is when, by Stripe's clock. Its money is in its balance
    transactions."""

    id: str
    charge_id: str
    amount: Money
    status: str
    reason: str
    created_at: datetime
    said_at: datetime
    due_by: datetime | None = None
    closed_at: datetime | None = None
    transactions: tuple[BalanceTransaction, ...] = ()
    has_evidence: bool | None = None  # whether any was written at Stripe
    submissions: int | None = None  # how often it was sent to the bank

    @property
    def standing(self) -> DisputeStatus:
        return DisputeStatus.of(self.status)


@dataclass(frozen=True, slots=True)
class FraudWarning:
    """A card network's warning about a charge."""

    id: str
    charge_id: str
    fraud_type: str
    actionable: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as Stripe reports it, in minor units; negative where it debits the bank account."""

    id: str
    amount_minor: int
    currency: str
    status: str
    automatic: bool
    reconciliation_status: str
    trace_id: str | None
    failure_code: str | None
    balance_transaction_id: str | None
    failure_transaction_id: str | None
    created_at: datetime
    arrival_on: date
    said_at: datetime
    destination: str | None = None
    original_id: str | None = None  # the payout that this one takes back


Thing = Charge | Refund | Dispute | FraudWarning | Payout


class Stray(StrEnum):
    """Why a charge is not the payment of the donation whose reference it carries."""

    OTHER_CURRENCY = "other_currency"
    PAID_ALREADY = "paid_already"
    OTHER_ACCOUNT = "other_account"


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Everything known of one payment, as plain values: what bookkeeping works with. `shares` are (fund id, minor
    units intended); a payment not assigned to a fund has none and belongs to the suspense fund. `settled_owed` is
    what had bounced and was repaid by bank or kept, when and how much, in the settlement currency. `is_part_captured`:
    less came than was held on the card, and the rest was released."""

    payment_id: int
    charge_id: str
    amount: Money | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    shares: tuple[tuple[int, int], ...]
    fee_bearer: str
    general_fund_id: int | None
    suspense_fund_id: int
    settlement_currencies: tuple[str, ...]
    transactions: tuple[BalanceTransaction, ...]
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    settled_owed: tuple[tuple[datetime, int], ...] = ()
    method: str | None = None
    is_part_captured: bool = False

    def is_release(self, refund: Refund) -> bool:
        """Whether a refund is none: what was held on the card and not captured was released, and no money moves."""
        has_moved = refund.balance_transaction_id is not None or any(
            transaction.source_id == refund.id for transaction in self.transactions
        )
        return self.is_part_captured and not has_moved


@dataclass(frozen=True, slots=True)
class Known:
    """A payment's root, locked for the rest of this transaction. `is_new` says that it was made just now, so that
    nothing hangs on it yet."""

    row: Any
    is_new: bool


@dataclass(frozen=True, slots=True)
class Checkout:
    """The Checkout session that a payment was made in, as far as a donation is made again from it. `email_from_us`: the
    address that we gave it, not one that was typed at Stripe."""

    id: str
    state: str
    client_reference: str | None
    product_ids: tuple[str, ...]
    locale: str | None
    email_from_us: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Root:
    """Everything known of a payment, with what the steps after posting need."""

    payment: Any
    is_new: bool
    donation: Any | None
    facts: PaymentFacts
    timezone: str
    closed_until: date | None
    others: tuple[PaymentFacts, ...] = ()  # the donation's other payments that ever succeeded
    strays: Mapping[int, Stray] = field(default_factory=dict)  # which of its payments are held for a person, and why

    @property
    def is_first_success(self) -> bool:
        """A payment heard of for the first time, which succeeded, of a donation that had received nothing before: then
        nothing else that is known can change what it comes to."""
        payment, donation = self.payment, self.donation
        return (
            self.is_new
            and donation is not None
            and donation.settled_at is None
            and donation.state in ("pending", "processing")
            and payment.succeeded_at is not None
            and payment.failed_at is None
            and payment.currency == donation.currency
            and payment.for_account is None
        )

    @property
    def counting(self) -> tuple[PaymentFacts, ...]:
        """The payments that pay for the donation."""
        return tuple(one for one in (self.facts, *self.others) if one.payment_id not in self.strays)
