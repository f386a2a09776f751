"""Stripe's objects as plain JSON, read into our own types. Whatever does not fit raises BadEvent; no call is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from donations.errors import BadEvent
from donations.facts import BalanceTransaction, Charge, Checkout, Dispute, FraudWarning, Payout, Refund, Thing
from donations.money import Money
from donations.stripe_statuses import (
    ChargeStatus,
    DisputeStatus,
    Reconciliation,
    RefundStatus,
)

# Ways of paying whose charge has succeeded or failed when it is made. Any other may be begun days before: bank debits,
# transfers, vouchers, and what Stripe may bring next.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = frozenset(
    {
        "affirm", "afterpay_clearpay", "alipay", "amazon_pay", "bancontact", "blik", "card", "card_present", "cashapp",
        "crypto", "eps", "giropay", "grabpay", "ideal", "interac_present", "kakao_pay", "klarna", "kr_card", "link",
        "mb_way", "mobilepay", "naver_pay", "p24", "payco", "paynow", "paypal", "pix", "promptpay", "revolut_pay",
        "samsung_pay", "satispay", "swish", "twint", "vipps", "wechat_pay", "zip",
    }
)  # fmt: skip


def charge_of(said: Mapping[str, Any], *, said_at: datetime | None = None, is_change: bool = False) -> Charge:
    """A charge as our type. Stripe keeps only when it was begun: when it succeeded or failed is `said_at`, exactly if
    this is the event of that change (`is_change`), else at the latest. Raises BadEvent."""
    with own_errors():
        metadata = said.get("metadata") or {}
        details = said.get("payment_method_details") or {}
        charged_at, status = time_of(said["created"]), _status_of_charge(said)
        amount, captured = _money(said), int(said.get("amount_captured") or 0)
        is_captured = status is not ChargeStatus.AUTHORIZED and not _is_released(said)
        is_part = is_captured and 0 < captured < amount.minor
        is_later = "capture_before" in (details.get(details.get("type")) or {})  # it was only held on the card at first
        is_exact = not is_change and not is_later and details.get("type") in _AT_ONCE
        return Charge(
            charge_id=text_of(said["id"]),
            intent_id=_id(said.get("payment_intent")),
            reference=metadata.get("donation"),
            amount=Money(captured, amount.currency) if is_part else amount,
            status=status,
            charged_at=charged_at,
            method=details.get("type"),
            failure_code=said.get("failure_code") or ("authorization_released" if _is_released(said) else None),
            balance_transaction_id=_id(said.get("balance_transaction")),
            changed_at=charged_at if is_exact or said_at is None else max(charged_at, said_at),
            authorized=amount if is_part or not is_captured else None,
            is_captured=is_captured,
            for_account=_account_of(said),
        )


def _status_of_charge(said: Mapping[str, Any]) -> ChargeStatus:
    """Stripe says "succeeded" of what it only holds on a card too, and of what it has released without taking it."""
    status = ChargeStatus.of(str(said["status"]))
    if _is_released(said):
        return ChargeStatus.FAILED
    is_held = status is ChargeStatus.SUCCEEDED and said.get("captured") is False
    return ChargeStatus.AUTHORIZED if is_held else status


def _is_released(said: Mapping[str, Any]) -> bool:
    """Whether what was held on a card was given up, or its time has run out, before anything of it was captured."""
    is_held = said["status"] == "succeeded" and said.get("captured") is False
    return is_held and (bool(said.get("refunded")) or int(said.get("amount_refunded") or 0) >= int(said["amount"]))


def _account_of(said: Mapping[str, Any]) -> str | None:
    """The other account that a charge was made for: its own sale, or one whose money is passed on to it."""
    passed_on = said.get("transfer_data") or {}
    for account in (said.get("on_behalf_of"), passed_on.get("destination"), said.get("transfer")):
        if account:
            return _id(account)
    return None


def transaction_of(said: Mapping[str, Any], *, said_at: datetime | None = None) -> BalanceTransaction:
    """A balance transaction as our type; its source expanded tells which charge it belongs to, and, with `said_at` the
    time of the listing, the state of that charge. Raises BadEvent."""
    with own_errors():
        rate = said.get("exchange_rate")
        return BalanceTransaction(
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
    """A refund as our type. Raises BadEvent."""
    with own_errors():
        metadata = said.get("metadata") or {}
        return Refund(
            id=text_of(said["id"]),
            charge_id=_id(said.get("charge")),
            amount=_money(said),
            status=str(said.get("status") or RefundStatus.PENDING),
            created_at=time_of(said["created"]),
            reason=said.get("reason"),
            failure_reason=said.get("failure_reason"),
            balance_transaction_id=_id(said.get("balance_transaction")),
            failure_transaction_id=_id(said.get("failure_balance_transaction")),
            failed_at=said_at,
            reference=metadata.get("refund"),
            pending_reason=said.get("pending_reason"),
            said_at=said_at,
        )


def dispute_of(said: Mapping[str, Any], *, said_at: datetime) -> Dispute:
    """A dispute as our type, as it was at that moment. Raises BadEvent."""
    with own_errors():
        charge_id = text_of(_id(said["charge"]))
        evidence = said.get("evidence_details") or {}
        due_by = evidence.get("due_by") or None  # 0: the bank takes no answer
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
            closed_at=said_at if DisputeStatus.of(str(said["status"])).is_closed else None,
            transactions=tuple(transaction_of({**move, "source": said["id"]}) for move in moves),
            has_evidence=evidence.get("has_evidence"),
            submissions=evidence.get("submission_count"),
        )


def warning_of(said: Mapping[str, Any]) -> FraudWarning:
    """An early fraud warning as our type. Raises BadEvent."""
    with own_errors():
        return FraudWarning(
            id=text_of(said["id"]),
            charge_id=text_of(_id(said["charge"])),
            fraud_type=str(said["fraud_type"]),
            actionable=bool(said["actionable"]),
            created_at=time_of(said["created"]),
        )


def payout_of(said: Mapping[str, Any], *, said_at: datetime) -> Payout:
    """A payout as our type, as it was at that moment. Raises BadEvent."""
    with own_errors():
        trace = said.get("trace_id") or {}
        return Payout(
            id=text_of(said["id"]),
            amount_minor=int(said["amount"]),
            currency=str(said["currency"]).upper(),
            status=str(said["status"]),
            automatic=bool(said["automatic"]),
            reconciliation_status=str(said.get("reconciliation_status") or Reconciliation.NOT_APPLICABLE),
            trace_id=trace.get("value"),
            failure_code=said.get("failure_code"),
            balance_transaction_id=_id(said.get("balance_transaction")),
            failure_transaction_id=_id(said.get("failure_balance_transaction")),
            created_at=time_of(said["created"]),
            arrival_on=time_of(said["arrival_date"]).date(),
            said_at=said_at,
            destination=_id(said.get("destination")),
            original_id=_id(said.get("original_payout")),
        )


def checkout_of(said: Mapping[str, Any]) -> Checkout:
    """A Checkout session with its line items, read to make a donation again. Raises BadEvent."""
    with own_errors():
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
    """Seconds since 1970 as a moment. Raises TypeError, ValueError or OverflowError on what is no moment."""
    return _EPOCH + timedelta(seconds=int(value))  # fromtimestamp raises OSError on some numbers, by the machine


def _money(said: Mapping[str, Any]) -> Money:
    return Money(int(said["amount"]), str(said["currency"]).upper())


def _charge_behind(source: Any) -> str | None:
    """The charge that a balance transaction comes from: charges are ch_ for cards and py_ for other methods; a refund
    or dispute names its own, where it was expanded."""
    if isinstance(source, dict):
        return _id(source.get("id") if source.get("object") == "charge" else source.get("charge"))
    return source if isinstance(source, str) and source.startswith(("ch_", "py_")) else None


def thing_of(kind: str, said: Mapping[str, Any], *, said_at: datetime) -> Thing:
    """A charge, refund, dispute, warning or payout as our type, as it was at that moment. Raises BadEvent."""
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
def own_errors() -> Iterator[None]:
    """What does not fit inside raises BadEvent."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvent() from error
