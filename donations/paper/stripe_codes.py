"""What Stripe's codes mean, in words: why a refund, payout or dispute came to be, and what a fraud warning is of."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

_REASONS = {
    # refund.failure_reason, refund.status
    "lost_or_stolen_card": _l("the card is lost or stolen"),
    "expired_or_canceled_card": _l("the card has expired or is cancelled"),
    "charge_for_pending_refund_disputed": _l("the donor’s bank disputes the payment"),
    "insufficient_funds": _l("the balance is too low"),
    "declined": _l("the bank declined"),
    "merchant_request": _l("we asked Stripe to stop the refund"),
    "canceled": _l("cancelled at Stripe"),
    # payout.failure_code
    "account_closed": _l("the bank account is closed"),
    "account_frozen": _l("the bank account is blocked"),
    "bank_account_restricted": _l("the bank account does not accept this kind of payment"),
    "bank_ownership_changed": _l("the bank account has a new owner"),
    "could_not_process": _l("the bank could not process the payment"),
    "debit_not_authorized": _l("the bank account does not allow debits"),
    "incorrect_account_holder_name": _l("the name of the account holder is wrong"),
    "incorrect_account_holder_address": _l("the address of the account holder is wrong"),
    "incorrect_account_holder_tax_id": _l("the tax number of the account holder is wrong"),
    "invalid_account_number": _l("the account number is wrong"),
    "invalid_currency": _l("the bank account does not accept this currency"),
    "no_account": _l("the bank account was not found"),
    "unsupported_card": _l("the bank does not support this card"),
    # dispute.reason
    "bank_cannot_process": _l("the bank could not process the payment"),
    "check_returned": _l("the cheque was returned"),
    "credit_not_processed": _l("a promised refund did not arrive"),
    "customer_initiated": _l("the donor asked their bank"),
    "duplicate": _l("paid more than once"),
    "fraudulent": _l("the donor says the payment was fraud"),
    "general": _l("no particular reason"),
    "incorrect_account_details": _l("the account details are wrong"),
    "noncompliant": _l("the rules of the card network were broken"),
    "product_not_received": _l("what was promised did not arrive"),
    "product_unacceptable": _l("what was promised was different"),
    "subscription_canceled": _l("the monthly donation was cancelled before"),
    "unrecognized": _l("the donor does not recognise the payment"),
    # early_fraud_warning.fraud_type
    "card_never_received": _l("the card did not reach its owner"),
    "fraudulent_card_application": _l("the card was applied for by a fraudster"),
    "made_with_counterfeit_card": _l("paid with a forged card"),
    "made_with_lost_card": _l("paid with a lost card"),
    "made_with_stolen_card": _l("paid with a stolen card"),
    "unauthorized_use_of_card": _l("the card was used without permission"),
    "misc": _l("another kind of fraud"),
}
# The same words of Stripe's, where they are a bank's reason for a dispute.
_OF_A_DISPUTE = {
    "debit_not_authorized": _l("the donor did not allow the debit"),
    "insufficient_funds": _l("the donor’s account held too little money"),
}


def reason(code: str | None, *, of_a_dispute: bool = False) -> str:
    """In words; a code that we do not know, as Stripe writes it, without underscores."""
    if code in (None, "", "unknown"):
        return str(_("Stripe gave no reason"))
    known = {**_REASONS, **_OF_A_DISPUTE} if of_a_dispute else _REASONS
    return str(known.get(str(code), str(code).replace("_", " ")))
