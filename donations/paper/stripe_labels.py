"""What Stripe's codes are called for a treasurer: reasons, kinds of fraud, types of transactions, families of events.
A code that is younger than these lists is shown as the filter `label` does. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

DISPUTE_REASONS = {
    "bank_cannot_process": _l("the bank could not process the payment"),
    "check_returned": _l("cheque returned"),
    "credit_not_processed": _l("refund not received"),
    "customer_initiated": _l("disputed by the donor"),
    "debit_not_authorized": _l("Direct Debit not authorised"),
    "duplicate": _l("duplicate payment"),
    "fraudulent": _l("fraud"),
    "general": _l("no reason given"),
    "incorrect_account_details": _l("wrong account details"),
    "insufficient_funds": _l("not enough money in the donor’s account"),
    "noncompliant": _l("card network rules not followed"),
    "product_not_received": _l("nothing received"),
    "product_unacceptable": _l("not as described"),
    "subscription_canceled": _l("monthly donation was cancelled"),
    "unrecognized": _l("payment not recognised"),
}
FRAUD_TYPES = {
    "card_never_received": _l("card lost in the post"),
    "fraudulent_card_application": _l("card obtained by fraud"),
    "made_with_counterfeit_card": _l("counterfeit card"),
    "made_with_lost_card": _l("lost card"),
    "made_with_stolen_card": _l("stolen card"),
    "misc": _l("another kind of fraud"),
    "unauthorized_use_of_card": _l("unauthorised use of a card"),
}
# The last two are our own words for a request that Stripe refused or never saw (worker/refunds.py).
REFUND_FAILURES = {
    "charge_for_pending_refund_disputed": _l("the payment was disputed before the refund left"),
    "declined": _l("declined by the donor’s bank"),
    "expired_or_canceled_card": _l("card expired or cancelled"),
    "insufficient_funds": _l("the Stripe balance was too low"),
    "lost_or_stolen_card": _l("card lost or stolen"),
    "merchant_request": _l("cancelled at our request"),
    "unknown": _l("reason unknown"),
    "charge_already_refunded": _l("already refunded"),
    "charge_disputed": _l("the payment is disputed"),
    "never_arrived": _l("the request never reached Stripe"),
}
PAYOUT_FAILURES = {
    "account_closed": _l("bank account closed"),
    "account_frozen": _l("bank account frozen"),
    "bank_account_restricted": _l("bank account restricted"),
    "bank_ownership_changed": _l("the bank has a new owner"),
    "could_not_process": _l("the bank could not process the payout"),
    "debit_not_authorized": _l("the bank does not allow this debit"),
    "declined": _l("declined by the bank"),
    "incorrect_account_holder_address": _l("wrong address of the account holder"),
    "incorrect_account_holder_name": _l("wrong name of the account holder"),
    "incorrect_account_holder_tax_id": _l("wrong tax number of the account holder"),
    "insufficient_funds": _l("the Stripe balance was too low"),
    "invalid_account_number": _l("wrong account number"),
    "invalid_card": _l("card not valid"),
    "invalid_currency": _l("the bank account does not take this currency"),
    "no_account": _l("bank account not found"),
    "unsupported_card": _l("card not supported"),
}
# Reporting categories and types of balance transactions: one word may be both.
TRANSACTION_TYPES = {
    "adjustment": _l("Stripe adjustment"),
    "charge": _l("card payment"),
    "charge_failure": _l("failed payment"),
    "connect_reserved_funds": _l("withheld by Stripe"),
    "contribution": _l("climate contribution"),
    "dispute": _l("dispute"),
    "dispute_reversal": _l("dispute won"),
    "fee": _l("fee"),
    "network_cost": _l("card network cost"),
    "other_adjustment": _l("Stripe adjustment"),
    "partial_capture_reversal": _l("part of a payment released"),
    "payment": _l("payment"),
    "payment_failure_refund": _l("failed payment"),
    "payment_refund": _l("refund"),
    "payment_reversal": _l("payment reversed"),
    "payout": _l("Stripe payout"),
    "payout_cancel": _l("Stripe payout cancelled"),
    "payout_failure": _l("failed Stripe payout"),
    "payout_minimum_balance_hold": _l("minimum balance withheld"),
    "payout_minimum_balance_release": _l("minimum balance released"),
    "payout_reversal": _l("Stripe payout reversed"),
    "refund": _l("refund"),
    "refund_failure": _l("failed refund"),
    "reserve_hold": _l("withheld by Stripe"),
    "reserve_release": _l("released by Stripe"),
    "reserve_transaction": _l("withheld or released by Stripe"),
    "reserved_funds": _l("withheld by Stripe"),
    "risk_reserved_funds": _l("withheld by Stripe"),
    "stripe_fee": _l("Stripe account fee"),
    "stripe_fx_fee": _l("currency exchange fee"),
    "tax": _l("tax on fees"),
    "tax_fee": _l("tax on fees"),
    "topup": _l("Stripe balance top-up"),
    "topup_reversal": _l("Stripe balance top-up reversed"),
    "transfer": _l("transfer between Stripe accounts"),
    "transfer_reversal": _l("transfer between Stripe accounts reversed"),
}
# By family: what is before the last dot.
EVENT_FAMILIES = {
    "charge": _l("card payment"),
    "charge.dispute": _l("dispute"),
    "checkout.session": _l("payment page"),
    "payment_intent": _l("card payment"),
    "payout": _l("Stripe payout"),
    "radar.early_fraud_warning": _l("fraud warning"),
    "refund": _l("refund"),
}


def reason(code: str | None, labels: Mapping[str, object]) -> str:
    """A reason of Stripe in words. A code younger than the lists is shown as Stripe writes it, without underscores."""
    if code in (None, "", "unknown"):
        return str(_("Stripe gave no reason"))
    return str(labels.get(str(code), str(code).replace("_", " ")))
