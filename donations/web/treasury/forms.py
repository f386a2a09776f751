"""Common parts of the treasury's forms: a key that lets each act once, amounts and days as people type them, and errors
of the domain shown in place with the typed text kept."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from donations.errors import (
    AmountTooLarge,
    BadAmount,
    DonationsError,
    NotEnoughInFund,
    RefundTooLarge,
    TooManyDecimals,
)
from donations.models import Organisation
from donations.models.base import MAX_ID
from donations.money import MAXIMUM_MINOR, Money
from donations.web import amounts
from donations.web.filters import sentence

LINE, TEXT = 200, 2000
_ABOUT_THE_AMOUNT = (AmountTooLarge, BadAmount, NotEnoughInFund, RefundTooLarge, TooManyDecimals)


def one_line(text: str | None) -> str:
    """What was typed, without control characters and needless space."""
    kept = (" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text or "")
    return " ".join("".join(kept).split())


def whole(text: str) -> int:
    """A number as an address or a form names a row by it, never larger than the database can ask for. Raises
    ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ValueError("not the number of a row")
    return min(int(text), MAX_ID)


def wholes(texts: Iterable[str]) -> list[int]:
    """Those of them that are numbers, each once, in order."""
    found = set()
    for one in texts:
        with suppress(ValueError):
            found.add(whole(one))
    return sorted(found)


class LineField(StringField):  # type: ignore[misc]
    """One line of text."""

    def __init__(self, *validators: Any, most: int = LINE, **more: Any) -> None:
        too_long = Length(max=most, message=_l("This is too long. Enter at most %(max)d characters."))
        super().__init__(filters=[one_line], validators=[*validators, too_long], **more)


class needed(InputRequired):  # type: ignore[misc]
    """Something must be typed, and more than spaces."""

    def __call__(self, form: Any, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data:
            raise StopValidation(self.message)


class TreasuryForm(FlaskForm):  # type: ignore[misc]
    """`refusal` is what is wrong with the whole of it."""

    refusal: str | None = None

    def refuse(self, error: DonationsError) -> int:
        """Take over a refusal by the domain. Returns the status to answer with."""
        if error.status >= 500:
            raise error
        if isinstance(error, _ABOUT_THE_AMOUNT) and "amount" in self:
            self["amount"].errors = [sentence(error)]
        else:
            self.refusal = sentence(error)
        return error.status

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error as (id of the field, sentence), in the order of the fields."""
        found = [("main", self.refusal)] if self.refusal else []
        return found + [(name, error) for name, field in self._fields.items() for error in field.errors]


class ActForm(TreasuryForm):
    """A page of buttons: nothing is typed but which was pressed."""

    act = StringField(filters=[one_line])
    reason = LineField(most=TEXT)


class OnceForm(TreasuryForm):
    """A form that acts once, however often it is sent: its key is made when it is shown first."""

    form_key = HiddenField(filters=[one_line])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.form_key.data or len(self.form_key.data) > 64:
            self.form_key.data = secrets.token_urlsafe(12)


class MoneyForm(OnceForm):
    """A form with an amount above nothing. After validate(), `money` is it."""

    amount = StringField(filters=[one_line])
    currency = SelectField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.money: Money | None = None
        super().__init__(*args, **kwargs)
        house = Organisation.get()
        self.currency.choices = [(code, code) for code in house.settlement_currencies]
        self.currency.data = self.currency.data or house.currency

    def validate_amount(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Enter the amount, for example 20 or 20.50."))
        offered = list(dict(self.currency.choices))
        if self.currency.data not in offered:
            return  # Its own field says so.
        try:
            self.money = amounts.read(field.data, self.currency.data, offered)
        except amounts.NotThisCurrency as error:
            self.currency.data = error.offered or self.currency.data
            raise
        if not 0 < self.money.minor <= MAXIMUM_MINOR:
            raise ValidationError(sentence(BadAmount()))

    @property
    def asked(self) -> Money:
        assert self.money is not None, "the form is valid"
        return self.money
