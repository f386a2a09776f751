"""Texts for paper: amounts in words, names of payment methods, values formatted as on the pages."""

from __future__ import annotations

from typing import Any

from babel import Locale
from babel.numbers import get_currency_name
from flask import current_app
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from num2words import CONVERTER_CLASSES, num2words

from donations.money import Money, exponent

METHODS = {
    "card": _lp("payment", "Card"),
    "acss_debit": _l("Direct Debit"),
    "au_becs_debit": _l("Direct Debit"),
    "bacs_debit": _l("Direct Debit"),
    "sepa_debit": _l("Direct Debit"),
    "us_bank_account": _l("Direct Debit"),
    "bank": _l("Bank transfer"),
    "customer_balance": _l("Bank transfer"),
    "standing_order": _l("Standing order"),
    "cash": _l("Cash"),
    "cheque": _l("Cheque"),
    "link": "Link",
    "paypal": "PayPal",
    "revolut_pay": "Revolut Pay",
    "amazon_pay": "Amazon Pay",
    "cashapp": "Cash App",
    "bancontact": "Bancontact",
    "blik": "BLIK",
    "eps": "EPS",
    "ideal": "iDEAL",
    "p24": "Przelewy24",
    "twint": "TWINT",
    "other": _l("Other method"),
}
# Why a receipt ended, to its donor where nothing is left, and where another amount is.
_WHY_VOID = {
    "refunded": _l("Your donation was refunded."),
    "lost": _l("Your bank reversed your donation."),
    "refunded_and_lost": _l("Your donation was refunded in part, and your bank reversed the rest."),
    "failed": _l("Your payment failed after we had confirmed it, so your donation did not reach us."),
    "corrected": _l("We had recorded your donation by mistake and have corrected our accounts. No money was moved."),
}
_WHY_CHANGED = {
    "refunded": _l("Part of your donation was refunded."),
    "lost": _l("Your bank reversed part of your donation."),
    "refunded_and_lost": _l("Part of your donation was refunded, and your bank reversed part of it."),
    "failed": _l("One of your payments failed after we had confirmed it."),
    "more": _l("We received another part of your donation."),
    "corrected": _l("We had recorded a wrong amount for your donation and have corrected it. No money was moved."),
    "moved": _l("We have corrected the purpose of your donation."),
}
# To anybody who reads the receipt.
_NO_LONGER_COUNTS = {
    "refunded": _l("This receipt is void because the donation was refunded."),
    "lost": _l("This receipt is void because the bank reversed the donation."),
    "refunded_and_lost": _l("This receipt is void because the money was refunded or reversed by the bank."),
    "failed": _l("This receipt is void because the payment failed."),
    "corrected": _l("This receipt is void because the donation was recorded by mistake."),
}
_WHOLE_SENTENCES = ("en", "ru")  # Where num2words' sentences of both coins have been read and are right.


def in_words(amount: Money) -> str:
    """Twenty pounds sterling, fifty pence; in the current language. Where the name of a currency's minor unit is not
    known, they are written as a fraction: one Kuwaiti dinar and 250/1000."""
    language = (get_locale() or Locale("en")).language
    try:
        said = _all_in_words(amount, language)
    except NotImplementedError:
        said = _whole_in_words(amount, language if language in CONVERTER_CLASSES else "en")
    return said[:1].upper() + said[1:]


def method(name: str) -> str:
    """How the money came: "card". A method without a label has its code beside it."""
    return str(METHODS[name]) if name in METHODS else f"{METHODS['other']} ({name})"


def why_void(cause: str | None) -> str:
    """One sentence for the donor; a general one where the cause is not known or there were several."""
    return str(_WHY_VOID.get(cause or "", _l("Your donation no longer counts.")))


def why_changed(cause: str | None) -> str:
    return str(_WHY_CHANGED.get(cause or "", _l("The receipt for your donation has changed.")))


def no_longer_counts(cause: str | None) -> str:
    """One sentence for anybody who holds a receipt that is void."""
    return str(_NO_LONGER_COUNTS.get(cause or "", _l("This receipt is void.")))


def written_money(amount: Money) -> str:
    return written("money", amount)


def written(filter_name: str, value: Any, **how: Any) -> str:
    """A value as the pages write it, by their own filter (money, day), so that paper and page never differ."""
    return str(current_app.jinja_env.filters[filter_name](value, **how))


def _all_in_words(amount: Money, language: str) -> str:
    """num2words' own, which knows both coins of some currencies. It takes whole numbers as hundredths."""
    if exponent(amount.currency) != 2 or language not in _WHOLE_SENTENCES:
        raise NotImplementedError(amount.currency)
    said = str(num2words(amount.minor, lang=language, to="currency", currency=amount.currency, separator="|"))
    whole, _, small = said.partition("|")
    return f"{whole}, {small.strip()}" if amount.minor % 100 else whole


def _whole_in_words(amount: Money, language: str) -> str:
    base = 10 ** exponent(amount.currency)
    whole, small = divmod(amount.minor, base)
    # Russian "one" and "two" agree with the noun; the adjective before it gives its gender away.
    feminine = get_currency_name(amount.currency, count=1, locale=language).partition(" ")[0].endswith("ая")
    manner = {"gender": "f"} if language == "ru" and feminine else {}
    figure = num2words(whole, lang=language, **manner)
    named = f"{figure} {get_currency_name(amount.currency, count=whole, locale=language)}"
    return f"{named} {small:0{len(str(base)) - 1}d}/{base}" if small else named
