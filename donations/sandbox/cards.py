"""The test cards and what each of them does. What follows from that for a payment is in `payments`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from . import ids
from .errors import ApiError
from .store import Doc


@dataclass(frozen=True)
class Card:
    """One test card.

    `does`: succeed, decline, or challenge (3-D Secure). `brings`, right after success: the reason of a dispute
    (`general`: an inquiry), or `warning`. `refunds` of it: at once, `pending` first, or `failed` in the end.
    """

    number: str
    shows: str
    does: str = "succeed"
    name: str = ""
    brand: str = "visa"
    code: str = "card_declined"
    decline_code: str = "generic_decline"
    message: str = "Your card was declined."
    risk_level: str = "normal"
    risk_score: int = 20
    available_at_once: bool = False
    brings: str = ""
    refunds: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        return re.sub(r"(\d{4})(?=\d)", r"\1 ", self.number)


def _decline(number: str, shows: str, name: str = "", **more: str) -> Card:
    return Card(number, shows, "decline", name and f"pm_card_{name}", **more)  # type: ignore[arg-type]


CARDS = (
    Card("4242424242424242", "Visa, succeeds", name="pm_card_visa"),
    Card("5555555555554444", "Mastercard, succeeds", name="pm_card_mastercard", brand="mastercard"),
    Card("378282246310005", "American Express, succeeds", name="pm_card_amex", brand="amex"),
    Card(
        "4000000000000077",
        "succeeds, money available at once",
        name="pm_card_bypassPending",
        available_at_once=True,
    ),
    Card(
        "4000000000009235",
        "succeeds, elevated risk",
        name="pm_card_riskLevelElevated",
        risk_level="elevated",
        risk_score=70,
    ),
    Card("4000002500003155", "asks for 3-D Secure", "challenge", "pm_card_threeDSecure2Required"),
    Card("4000002760003184", "asks for 3-D Secure, always", "challenge", "pm_card_authenticationRequired"),
    _decline("4000000000000002", "declined", "visa_chargeDeclined"),
    _decline(
        "4000000000009995",
        "declined: insufficient funds",
        "visa_chargeDeclinedInsufficientFunds",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    _decline("4000000000009987", "declined: lost card", "visa_chargeDeclinedLostCard", decline_code="lost_card"),
    _decline(
        "4000000000009979",
        "declined: stolen card",
        "visa_chargeDeclinedStolenCard",
        decline_code="stolen_card",
    ),
    _decline(
        "4000000000000069",
        "declined: expired card",
        "chargeDeclinedExpiredCard",
        code="expired_card",
        decline_code="expired_card",
        message="Your card has expired.",
    ),
    _decline(
        "4000000000000127",
        "declined: wrong CVC",
        "chargeDeclinedIncorrectCvc",
        code="incorrect_cvc",
        decline_code="incorrect_cvc",
        message="Your card's security code is incorrect.",
    ),
    _decline(
        "4000000000000119",
        "declined: processing error",
        "chargeDeclinedProcessingError",
        code="processing_error",
        decline_code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
    ),
    _decline("4000000000000341", "attaches, but every charge fails", "chargeCustomerFail"),
    Card(
        "4100000000000019",
        "blocked as fraud",
        "decline",
        "pm_card_radarBlock",
        decline_code="fraudulent",
        risk_level="highest",
        risk_score=90,
    ),
    Card("4000000000007726", "succeeds; a refund stays pending first", name="pm_card_pendingRefund", refunds="pending"),
    Card("4000000000005126", "succeeds; a refund fails later", name="pm_card_refundFail", refunds="failed"),
    Card("4000000000000259", "disputed as fraud", name="pm_card_createDispute", brings="fraudulent"),
    Card(
        "4000000000002685",
        "disputed: not received",
        name="pm_card_createDisputeProductNotReceived",
        brings="product_not_received",
    ),
    Card("4000000000001976", "brings an inquiry", name="pm_card_createDisputeInquiry", brings="general"),
    Card("4000000000005423", "brings an early fraud warning", name="pm_card_createEfw", brings="warning"),
)
BY_KEY = {**{card.number: card for card in CARDS}, **{card.name: card for card in CARDS if card.name}}


def find(key: str) -> Card:
    """The test card of a number (spaces allowed) or a `pm_card_...` name.

    Raises ApiError (402), and makes no charge.
    """
    card = BY_KEY.get(re.sub(r"[\s-]", "", key))
    if card is None and _luhn(re.sub(r"[\s-]", "", key)):
        raise refusal(
            "card_declined",
            "Your card was declined. Your request was in test mode, but used a non test card.",
            "number",
            "test_mode_live_card",
        )
    if card is None:
        raise refusal("incorrect_number", "Your card number is incorrect.", "number")
    return card


def check_typed(expiry: str, cvc: str, card: Card, today: datetime) -> None:
    """Expiry as MM/YY, in the future; CVC of 3 digits, 4 for American Express. Raises ApiError (402)."""
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*", expiry)
    if not match or not 1 <= int(match[1]) <= 12:
        raise refusal("invalid_expiry_month", "Your card's expiration date is invalid.", "exp_month")
    if (2000 + int(match[2]), int(match[1])) < (today.year, today.month):
        raise refusal("invalid_expiry_year", "Your card's expiration year is in the past.", "exp_year")
    if not re.fullmatch(r"\d{4}" if card.brand == "amex" else r"\d{3}", cvc.strip()):
        raise refusal("invalid_cvc", "Your card's security code is incomplete.", "cvc")


def refusal(code: str, message: str, param: str | None = None, decline_code: str | None = None) -> ApiError:
    return ApiError(message, status=402, type="card_error", code=code, param=param, decline_code=decline_code)


def suggested_expiry(now: float) -> str:
    """A date some years ahead, for the prefilled form."""
    return f"12/{(datetime.fromtimestamp(now, UTC).year + 3) % 100:02d}"


def payment_method(card: Card, billing_details: Doc, now: float) -> Doc:
    """The `payment_method` object of one use of a card."""
    return {
        "id": ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing_details,
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "GB",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": datetime.fromtimestamp(now, UTC).year + 3,
            "fingerprint": fingerprint(card),
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": int(now),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def charge_details(card: Card, method: Doc, amount: int, *, challenged: bool) -> Doc:
    """`payment_method_details` of a charge."""
    three_d_secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": ids.letters(20),
        "version": "2.2.0",
    }
    shown = {name: method["card"][name] for name in ("brand", "country", "exp_month", "exp_year", "funding", "last4")}
    return {
        "card": {
            **shown,
            "amount_authorized": amount if card.does != "decline" else None,
            "authorization_code": None,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "fail" if card.code == "incorrect_cvc" else "pass",
            },
            "fingerprint": fingerprint(card),
            "installments": None,
            "mandate": None,
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": ids.letters(15),
            "regulated_status": "unregulated",
            "three_d_secure": three_d_secure if challenged else None,
            "wallet": None,
        },
        "type": "card",
    }


def fingerprint(card: Card) -> str:
    """The same for the same card, as with Stripe."""
    return f"Sandbox{int(card.number) % 10**9:09d}"


def _luhn(number: str) -> bool:
    if not re.fullmatch(r"\d{12,19}", number):
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
