"""The test bank accounts of SEPA and Bacs debits, and what each of them does. Their debits are in `debits`."""

import re
from dataclasses import dataclass

from . import cards, ids
from .store import Doc


@dataclass(frozen=True)
class Account:
    """One test account. `number` is an IBAN, or sort code and account number together.

    `does`: succeed (later), fail (later), refuse (fails at once), or dispute (succeeds, then is disputed and lost).
    """

    number: str
    shows: str
    does: str
    name: str
    kind: str = "sepa_debit"
    currency: str = "eur"
    code: str = "debit_not_authorized"

    @property
    def grouped(self) -> str:
        if self.kind == "bacs_debit":
            return f"{self.number[:6]} {self.number[6:]}"
        return re.sub(r"(.{4})(?=.)", r"\1 ", self.number)

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _bacs(number: str, shows: str, does: str, name: str, code: str = "debit_not_authorized") -> Account:
    return Account(f"108800{number}", shows, does, name, "bacs_debit", "gbp", code)


ACCOUNTS = (
    Account("AT611904300234573201", "pending, then succeeds", "succeed", "sepa_success"),
    Account("AT861904300235473202", "pending, then fails", "fail", "sepa_failure"),
    Account("AT591904300235473203", "succeeds, then disputed and lost", "dispute", "sepa_dispute"),
    _bacs("00012345", "pending, then succeeds", "succeed", "bacs_success"),
    _bacs("33333335", "not authorised: fails at once", "refuse", "bacs_refused"),
    _bacs("22222227", "pending, then fails: insufficient funds", "fail", "bacs_failure", "insufficient_funds"),
    _bacs("55555559", "succeeds, then disputed and lost", "dispute", "bacs_dispute"),
)
BY_KEY = {**{each.number: each for each in ACCOUNTS}, **{each.name: each for each in ACCOUNTS}}
KINDS = {"eur": "sepa_debit", "gbp": "bacs_debit"}
MESSAGES = {
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
}


def find(key: str) -> Account | None:
    """The test account of a number (spaces and hyphens allowed) or a name as in the README."""
    return BY_KEY.get(key) or BY_KEY.get(re.sub(r"[\s-]", "", key).upper())


def looks_like_one(key: str) -> bool:
    """An IBAN, or a sort code and an account number, whether of a test account or not."""
    plain = re.sub(r"[\s-]", "", key).upper()
    return bool(re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}|\d{14}", plain)) and plain not in cards.BY_KEY


def payment_method(account: Account, billing_details: Doc, now: float) -> Doc:
    """The `payment_method` object of one use of an account."""
    named = {name: value for name, value in _named(account).items() if name != "mandate"}
    more = {"generated_from": None} if account.kind == "sepa_debit" else {}
    return {
        "id": ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing_details,
        "created": int(now),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": account.kind,
        account.kind: {**named, **more},
    }


def charge_details(account: Account) -> Doc:
    """`payment_method_details` of a charge."""
    return {"type": account.kind, account.kind: _named(account)}


def _named(account: Account) -> Doc:
    known: Doc = {
        "fingerprint": f"Sandbox{int(account.number[-9:]):09d}",
        "last4": account.last4,
        "mandate": ids.new("mandate"),
    }
    if account.kind == "sepa_debit":
        return {**known, "bank_code": account.number[4:9], "branch_code": "", "country": account.number[:2]}
    return {**known, "sort_code": account.number[:6]}
