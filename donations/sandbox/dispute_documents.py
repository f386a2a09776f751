"""The document of a dispute: its fields, its evidence, and what of it follows from its status. No money here."""

from typing import Any

from . import ids, params
from .store import Doc, public
from .world import World

DUE_AFTER_SECONDS = 14 * 24 * 3600
_FILES = (
    "cancellation_policy customer_communication customer_signature duplicate_charge_documentation receipt "
    "refund_policy service_documentation shipping_documentation uncategorized_file"
)
_TEXTS = (
    "access_activity_log billing_address cancellation_policy_disclosure cancellation_rebuttal "
    "customer_email_address customer_name customer_purchase_ip duplicate_charge_explanation duplicate_charge_id "
    "product_description refund_policy_disclosure refund_refusal_explanation service_date shipping_address "
    "shipping_carrier shipping_date shipping_tracking_number uncategorized_text"
)
EVIDENCE = params.mapping(
    {
        **dict.fromkeys(_TEXTS.split(), params.unsettable(params.text(20000))),
        **dict.fromkeys((*_FILES.split(), "enhanced_evidence", "appeal"), params.absent),
    }
)
# What Visa calls the reasons; other networks have their own words.
NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6.1", "general": "10.4"}


def evidence_sent(value: Any, param: str) -> Any:
    return EVIDENCE(value, param)


def new(world: World, charge: Doc, amount: int, reason: str, *, inquiry: bool) -> Doc:
    now = world.clock.stamp()
    dispute: Doc = {
        "id": ids.new("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys((_FILES + " " + _TEXTS).split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + DUE_AFTER_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry and not charge["refunded"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_transactions": [],
    }
    card = charge["payment_method_details"].get("card")
    if card:
        dispute["payment_method_details"] = _card(card, reason, inquiry=inquiry)
    return dispute


def submit(dispute: Doc) -> None:
    """The evidence has gone to the bank."""
    dispute["status"] = "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
    details = dispute["evidence_details"]
    details.update(submission_count=details["submission_count"] + 1, submission_method="manual")


def refundable(world: World, dispute: Doc) -> bool:
    charge = world.store.known(dispute["charge"])
    open_or_lost = dispute["status"] in ("needs_response", "under_review", "lost")
    return not charge["refunded"] and not open_or_lost


def shown(transaction: Doc) -> Doc:
    return public(transaction)


def _card(card: Doc, reason: str, *, inquiry: bool) -> Doc:
    return {
        "card": {
            "brand": card["brand"],
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": card["network"],
            "network_reason_code": NETWORK_CODES.get(reason),
        },
        "type": "card",
    }
