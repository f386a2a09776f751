"""Stripe's objects as plain JSON, read into our own words. Whatever does not fit raises BadEvent; no call is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from donations.errors import BadEvent
from donations.facts import Charge, Checkout, Dispute, FraudWarning, Movement, Payout, Refund, Thing
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Session:
    """How a Checkout session stands: `state` is open, complete or expired. `payment_failed`: it is complete, and the
    payment it completed with has failed; known only where its latest charge was asked for."""

    id: str
    reference: str | None
    state: str
    url: str | None
    expires_at: datetime
    charge: Charge | None  # its latest charge, where it was asked for
    payment_failed: bool = False


# Ways of paying whose charge has succeeded or failed when it is made. Any other may be begun days before: bank debits,
# transfers, vouchers, and what Stripe may bring next.
_AT_ONCE = frozenset(
    {
        "affirm", "afterpay_clearpay", "alipay", "amazon_pay", "bancontact", "blik", "card", "card_present", "cashapp",
        "crypto", "eps", "giropay", "grabpay", "ideal", "interac_present", "kakao_pay", "klarna", "kr_card", "link",
        "mb_way", "mobilepay", "naver_pay", "p24", "payco", "paynow", "paypal", "pix", "promptpay", "revolut_pay",
        "samsung_pay", "satispay", "swish", "twint", "vipps", "wechat_pay", "zip",
    }
)  # fmt: skip


def charge_of(said: Mapping[str, Any], *, said_at: datetime | None = None, is_change: bool = False) -> Charge:
    """A charge in our words. Stripe keeps only when it was begun: when it succeeded or failed is `said_at`, exactly if
    this is the word of that change (`is_change`), else at the latest. Raises BadEvent."""
    with _reading():
        metadata = said.get("metadata") or {}
        details = said.get("payment_method_details") or {}
        charged_at = time_of(said["created"])
        is_exact = not is_change and details.get("type") in _AT_ONCE
        return Charge(
            charge_id=text_of(said["id"]),
            intent_id=_id(said.get("payment_intent")),
            reference=metadata.get("donation"),
            amount=_money(said),
            status=str(said["status"]),
            charged_at=charged_at,
            method=details.get("type"),
            failure_code=said.get("failure_code"),
            balance_transaction_id=_id(said.get("balance_transaction")),
            changed_at=charged_at if is_exact or said_at is None else max(charged_at, said_at),
        )


def movement_of(said: Mapping[str, Any], *, said_at: datetime | None = None) -> Movement:
    """A balance transaction in our words; its source expanded tells which charge it belongs to, and if `said_at` says
    when it was listed, what became of that. Raises BadEvent."""
    with _reading():
        rate = said.get("exchange_rate")
        return Movement(
            id=text_of(said["id"]),
            source_id=_id(said.get("source")),
            charge_id=_charge_behind(said.get("source")),
            type=str(said["type"]),
            reporting_category=str(said["reporting_category"]),
            balance_type=said.get("balance_type"),
            amount_minor=int(said["amount"]),
            fee_minor=int(said["fee"]),
            net_minor=int(said["net"]),
            currency=str(said["currency"]).upper(),
            exchange_rate=None if rate is None else str(rate),
            created_at=time_of(said["created"]),
            available_on=time_of(said["available_on"]).date(),
            description=said.get("description"),
            behind=_behind(said, said_at),
        )


def refund_of(said: Mapping[str, Any], *, said_at: datetime | None = None) -> Refund:
    """A refund in our words. Raises BadEvent."""
    with _reading():
        metadata = said.get("metadata") or {}
        return Refund(
            id=text_of(said["id"]),
            charge_id=_id(said.get("charge")),
            amount=_money(said),
            status=str(said.get("status") or "pending"),
            created_at=time_of(said["created"]),
            reason=said.get("reason"),
            failure_reason=said.get("failure_reason"),
            balance_transaction_id=_id(said.get("balance_transaction")),
            failure_transaction_id=_id(said.get("failure_balance_transaction")),
            failed_at=said_at,
            reference=metadata.get("refund"),
        )


def dispute_of(said: Mapping[str, Any], *, said_at: datetime) -> Dispute:
    """A dispute in our words, as it was at that moment. Raises BadEvent."""
    with _reading():
        charge_id = text_of(_id(said["charge"]))
        evidence = said.get("evidence_details") or {}
        due_by = evidence.get("due_by")
        moves = [move for move in said.get("balance_transactions") or () if isinstance(move, dict)]
        return Dispute(
            id=text_of(said["id"]),
            charge_id=charge_id,
            amount=_money(said),
            status=str(said["status"]),
            reason=str(said["reason"]),
            created_at=time_of(said["created"]),
            said_at=said_at,
            due_by=None if due_by is None else time_of(due_by),
            closed_at=said_at if said["status"] in ("won", "lost", "warning_closed", "prevented") else None,
            movements=tuple(movement_of({**move, "source": said["id"]}) for move in moves),
            has_evidence=evidence.get("has_evidence"),
            submissions=evidence.get("submission_count"),
        )


def warning_of(said: Mapping[str, Any]) -> FraudWarning:
    """An early fraud warning in our words. Raises BadEvent."""
    with _reading():
        return FraudWarning(
            id=text_of(said["id"]),
            charge_id=text_of(_id(said["charge"])),
            fraud_type=str(said["fraud_type"]),
            actionable=bool(said["actionable"]),
            created_at=time_of(said["created"]),
        )


def payout_of(said: Mapping[str, Any], *, said_at: datetime) -> Payout:
    """A payout in our words, as it was at that moment. Raises BadEvent."""
    with _reading():
        trace = said.get("trace_id") or {}
        return Payout(
            id=text_of(said["id"]),
            amount_minor=int(said["amount"]),
            currency=str(said["currency"]).upper(),
            status=str(said["status"]),
            automatic=bool(said["automatic"]),
            reconciliation_status=str(said.get("reconciliation_status") or "not_applicable"),
            trace_id=trace.get("value"),
            failure_code=said.get("failure_code"),
            balance_transaction_id=_id(said.get("balance_transaction")),
            failure_transaction_id=_id(said.get("failure_balance_transaction")),
            created_at=time_of(said["created"]),
            arrival_on=time_of(said["arrival_date"]).date(),
            said_at=said_at,
        )


def session_of(said: Mapping[str, Any], *, said_at: datetime | None = None) -> Session:
    """A Checkout session in our words, as it was at that moment. Raises BadEvent."""
    with _reading():
        metadata = said.get("metadata") or {}
        intent = said.get("payment_intent")
        latest = intent.get("latest_charge") if isinstance(intent, dict) else None
        charge = charge_of(latest, said_at=said_at) if isinstance(latest, dict) else None
        if charge is not None and charge.status == "failed" and said.get("payment_status") == "paid":
            charge = replace(charge, had_succeeded=True)  # Stripe does not take the word back when the money goes.
        is_unpaid = said["status"] == "complete" and said.get("payment_status") == "unpaid"
        return Session(
            id=text_of(said["id"]),
            reference=metadata.get("donation"),
            state=str(said["status"]),
            url=said.get("url"),
            expires_at=time_of(said["expires_at"]),
            charge=charge,
            payment_failed=is_unpaid and charge is not None and charge.status == "failed",
        )


def checkout_of(said: Mapping[str, Any]) -> Checkout:
    """A Checkout session with its line items, read to make a donation again. Raises BadEvent."""
    with _reading():
        items = (said.get("line_items") or {}).get("data") or []
        products = [_id((item.get("price") or {}).get("product")) for item in items]
        return Checkout(
            id=text_of(said["id"]),
            state=str(said["status"]),
            client_reference=said.get("client_reference_id"),
            product_ids=tuple(product for product in products if product),
            locale=said.get("locale"),
            email_from_us=said.get("customer_email"),
            created_at=time_of(said["created"]),
            expires_at=time_of(said["expires_at"]),
        )


def text_of(value: Any) -> str:
    """An id as text. Raises TypeError or ValueError on anything else, or what no id of Stripe's could be."""
    if not isinstance(value, str):
        raise TypeError("not text")
    if not 1 <= len(value) <= 255:
        raise ValueError("not an id")
    return value


def time_of(value: Any) -> datetime:
    return datetime.fromtimestamp(int(value), UTC)


def _money(said: Mapping[str, Any]) -> Money:
    return Money(int(said["amount"]), str(said["currency"]).upper())


def _charge_behind(source: Any) -> str | None:
    """The charge that a balance transaction comes from: charges are ch_ for cards and py_ for other methods; a refund
    or dispute names its own, where it was expanded."""
    if isinstance(source, dict):
        return _id(source.get("id") if source.get("object") == "charge" else source.get("charge"))
    return source if isinstance(source, str) and source.startswith(("ch_", "py_")) else None


def thing_of(kind: str, said: Mapping[str, Any], *, said_at: datetime) -> Thing:
    """A charge, refund, dispute, warning or payout in our words, as it was at that moment. Raises BadEvent."""
    return _READERS[kind](said, said_at)


def _behind(said: Mapping[str, Any], said_at: datetime | None) -> Thing | None:
    """What a balance transaction comes from. Money that comes back tells exactly when its thing failed."""
    source = said.get("source")
    if said_at is None or not isinstance(source, dict) or source.get("object") not in _READERS:
        return None
    failed = str(said["reporting_category"]) in ("charge_failure", "refund_failure")
    as_of = time_of(said["created"]) if failed else said_at
    try:
        return thing_of(source["object"], source, said_at=as_of)
    except BadEvent:
        return None  # The money is booked all the same, and the thing asked for by its id.


_READERS: dict[str, Callable[[Mapping[str, Any], datetime], Thing]] = {
    "charge": lambda said, said_at: charge_of(said, said_at=said_at),
    "refund": lambda said, said_at: refund_of(said, said_at=said_at),
    "dispute": lambda said, said_at: dispute_of(said, said_at=said_at),
    "payout": lambda said, said_at: payout_of(said, said_at=said_at),
    "warning": lambda said, _said_at: warning_of(said),
}


def _id(value: Any) -> str | None:
    """The id of a thing that may come as its id or expanded."""
    return value.get("id") if isinstance(value, dict) else value


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvent() from error
