"""Amounts that people type into forms: read in one place, and what cannot be read explained in the reader's language,
with the currencies that the form offers."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import get_currency_name
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms.validators import ValidationError

from donations import money
from donations.errors import DonationsError, DonationTooLarge, OtherCurrency
from donations.models import Organisation
from donations.money import Money
from donations.web.filters import money as written
from donations.web.filters import sentence


class NotThisCurrency(ValidationError):  # type: ignore[misc]
    """The typed amount names another currency. `offered` is the one it means, if the form offers just one such: the
    form sets its currency to it, so that one press continues."""

    def __init__(self, text: str, offered: str | None) -> None:
        self.offered = offered
        super().__init__(text)


def read(text: str, currency: str, offered: Sequence[str] = ()) -> Money:
    """The amount typed, in `currency`. Raises ValidationError with what to do instead; NotThisCurrency where it names
    another one."""
    try:
        return money.parse(text, currency)
    except OtherCurrency as error:
        raise _not_this(error, text, offered or (currency,)) from error
    except DonationsError as error:
        raise ValidationError(sentence(error)) from error


def explained(error: DonationsError) -> str:
    """Why an amount is refused. For more than we accept online, the message says where to write."""
    address = Organisation.get().contact_email
    if isinstance(error, DonationTooLarge) and address:
        most = written(error.facts["maximum"], short=True)
        return str(_("The largest donation we take online is %(maximum)s. To give more, write to %(address)s.",
                     maximum=most, address=address))  # fmt: skip
    return sentence(error)


def _not_this(error: OtherCurrency, text: str, offered: Sequence[str]) -> NotThisCurrency:
    possible = [code for code in offered if code in error.facts["currencies"]]
    if len(possible) == 1:
        code = possible[0]
        try:
            typed = written(money.parse(text, code), short=True)
        except DonationsError:
            typed = error.facts["typed"]
        said = _(
            "Did you mean %(amount)s? The currency is now set to %(currency)s. Check it and continue.",
            amount=typed,
            currency=named(code),
        )
        return NotThisCurrency(said, code)
    names = ", ".join(f"{code} ({named(code)})" for code in possible or offered)
    if possible:
        said = _("Which currency did you mean? Select one: %(currencies)s.", currencies=names)
    else:
        said = _("We do not take this currency here. You can use %(currencies)s.", currencies=names)
    return NotThisCurrency(said, None)


def named(currency: str) -> str:
    """The currency's own name in the reader's language: US dollar."""
    return str(get_currency_name(currency, locale=get_locale() or "en"))
