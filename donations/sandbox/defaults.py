"""The fields that every new object has before anything is known of it. Each call answers a fresh document."""

import copy

from .store import Doc

_NULL_SESSION = (
    "after_expiration allow_promotion_codes client_secret collected_information consent "
    "consent_collection currency_conversion invoice payment_intent payment_link "
    "payment_method_configuration_details permissions recovered_from saved_payment_method_options "
    "setup_intent shipping_address_collection shipping_cost subscription wallet_options"
)
_SESSION: Doc = {
    "object": "checkout.session",
    **dict.fromkeys(_NULL_SESSION.split()),
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "discounts": [],
    "invoice_creation": {
        "enabled": False,
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": None,
            "metadata": {},
            "rendering_options": None,
        },
    },
    "livemode": False,
    "payment_method_collection": "if_required",
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "payment_status": "unpaid",
    "phone_number_collection": {"enabled": False},
    "shipping_options": [],
    "status": "open",
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
}

_NULL_INTENT = (
    "application application_fee_amount automatic_payment_methods canceled_at cancellation_reason "
    "excluded_payment_method_types last_payment_error latest_charge next_action on_behalf_of "
    "payment_method payment_method_configuration_details processing review shipping transfer_data "
    "transfer_group"
)
_PAYMENT_INTENT: Doc = {
    "object": "payment_intent",
    **dict.fromkeys(_NULL_INTENT.split()),
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "confirmation_method": "automatic",
    "livemode": False,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "status": "requires_payment_method",
}

_NULL_CHARGE = (
    "application application_fee application_fee_amount balance_transaction failure_balance_transaction "
    "on_behalf_of receipt_number review shipping source_transfer transfer_data transfer_group"
)
_CHARGE: Doc = {
    "object": "charge",
    **dict.fromkeys(_NULL_CHARGE.split()),
    "amount_refunded": 0,
    "disputed": False,
    "fraud_details": {},
    "livemode": False,
    "radar_options": {},
    "refunded": False,
}


def session() -> Doc:
    """An open checkout session of nobody, for nothing."""
    return copy.deepcopy(_SESSION)


def payment_intent() -> Doc:
    """A payment intent that waits for a payment method."""
    return copy.deepcopy(_PAYMENT_INTENT)


def charge() -> Doc:
    """A charge of which the outcome is not yet known."""
    return copy.deepcopy(_CHARGE)
