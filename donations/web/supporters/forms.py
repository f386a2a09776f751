"""The form that begins a donation: its fields (names are the public contract), their limits, and how a link presets
them. It checks and reads; giving decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField
from wtforms.validators import AnyOf, Email, Length, Optional, ValidationError

from donations import money
from donations.errors import (
    AmountNotProposed,
    AmountTooLarge,
    AmountTooSmall,
    BadAmount,
    DonationsError,
    TooManyDecimals,
    UnknownCurrency,
    UnknownFund,
)
from donations.giving import NewDonation
from donations.models import Appeal, Area, Fund, Organisation
from donations.models.donation import DISPLAYS
from donations.money import Money
from donations.web import amounts, languages
from donations.web.access import PublicForm
from donations.web.filters import sentence
from donations.web.text_fields import lines, one_line

NAME_LENGTH, EMAIL_LENGTH, MESSAGE_LENGTH = 100, 254, 4000
_ABOUT_THE_AMOUNT = (AmountNotProposed, AmountTooLarge, AmountTooSmall, BadAmount, TooManyDecimals)
FIELDS = ("amount", "currency", "interval", "fund", "name", "email", "message", "display", "updates", "area")


class DonationForm(PublicForm):
    """A donation to one appeal. After validate(), `typed` is what to keep until it is checked, and `new_donation_of`
    what to begin. `is_typed`: a person has filled it in, now or before the check, so nothing typed may be lost."""

    amount = StringField(filters=[one_line])
    currency = StringField(filters=[one_line])
    interval = StringField(filters=[one_line])
    fund = StringField(filters=[one_line])
    name = StringField(
        filters=[one_line],
        validators=[Length(max=NAME_LENGTH, message=_l("This name is too long. Enter at most 100 characters."))],
    )
    email = StringField(
        filters=[one_line],
        validators=[
            Optional(),
            Length(max=EMAIL_LENGTH, message=_l("This email address is too long. Check the address.")),
            Email(message=_l("Enter a whole email address, like name@example.org, or leave the field empty.")),
        ],
    )
    message = StringField(
        filters=[lines],
        validators=[
            Length(max=MESSAGE_LENGTH, message=_l("This message is too long. Enter at most 4,000 characters."))
        ],
    )
    display = StringField(
        filters=[one_line],
        validators=[AnyOf(DISPLAYS, message=_l("Choose how to show your name."))],
    )

    updates = StringField(filters=[one_line])
    # The branch or region it counts for: its name, or its name as a slug.
    area = StringField(filters=[one_line])

    def __init__(self, appeal: Appeal, data: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        self.appeal = appeal
        self.money: Money | None = None
        self.refusal: str | None = None
        self.is_preset = "formdata" in kwargs and kwargs["formdata"] is None
        offered = Organisation.get().offered_currencies
        self.currencies = [appeal.currency, *(code for code in offered if code != appeal.currency)]
        first = {"currency": appeal.currency, "interval": "once", "fund": "", "display": "secret"}
        super().__init__(data={**first, **(data or {})}, **kwargs)
        self.is_typed = self.is_submitted()

    @classmethod
    def preset(cls, appeal: Appeal, query: Mapping[str, str]) -> DonationForm:
        """The form as a link presets it: only our own field names, and of those only what the form would accept."""
        wanted = {name: query[name] for name in FIELDS if query.get(name)}
        trial = cls(appeal, data=wanted, formdata=None)
        trial.validate()
        good = {name: trial[name].data for name in wanted if not trial[name].errors}
        return cls(appeal, data=good, formdata=None)

    @classmethod
    def kept(cls, appeal: Appeal, typed: Mapping[str, str]) -> DonationForm:
        """The form as it was typed before the check."""
        form = cls(appeal, formdata=MultiDict(typed))
        form.is_typed = True
        return form

    def validate_currency(self, field: Field) -> None:
        if field.data not in self.currencies:
            raise ValidationError(sentence(UnknownCurrency(currency=field.data)))

    def validate_amount(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Enter the amount you want to give, for example 20."))
        known = self.currency.data in self.currencies
        try:
            typed = amounts.read(field.data, self.currency.data if known else self.appeal.currency, self.currencies)
            self.money = money.check_chargeable(typed)
        except amounts.NotThisCurrency as error:
            if error.offered is not None and not self.is_preset:
                self.currency.data = error.offered
            raise
        except DonationsError as error:
            raise ValidationError(amounts.explained(error)) from error

    def validate_interval(self, field: Field) -> None:
        if field.data == "month":
            raise ValidationError(_("Monthly donations are not available yet. You can make a one-off donation."))
        if field.data not in ("once", ""):
            raise ValidationError(_("Choose how often you want to donate."))

    def validate_fund(self, field: Field) -> None:
        if field.data and self._chosen_fund() is None:
            raise ValidationError(sentence(UnknownFund()))

    def validate_area(self, field: Field) -> None:
        """An appeal without areas takes no notice of it: the link may be one of another appeal."""
        if field.data and self.appeal.areas and self.chosen_area is None:
            raise ValidationError(
                _("This appeal has no such region. Choose a region from the list, or leave the field empty.")
            )

    @property
    def chosen_area(self) -> Area | None:
        return next((area for area in self.appeal.areas if area.is_called(self.area.data or "")), None)

    def validate_updates(self, field: Field) -> None:
        if self.wants_updates and not self.email.data:
            raise ValidationError(_("Enter your email address to get updates, or untick this box."))

    @property
    def wants_updates(self) -> bool:
        return self.updates.data in ("y", "yes", "on", "1", "true")

    def refuse(self, error: DonationsError) -> None:
        """Take over a refusal by the domain: by the amount's field if it is about that, else for the whole form."""
        if isinstance(error, _ABOUT_THE_AMOUNT):
            self.amount.errors = [amounts.explained(error)]
        else:
            self.refusal = sentence(error)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error as (id of the field, sentence), in the order of the fields."""
        found = [("give", self.refusal)] if self.refusal else []
        return found + [(name, error) for name in FIELDS for error in self[name].errors]

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, by field; what was left empty is left out."""
        return {name: self[name].data for name in FIELDS if self[name].data}

    def new_donation_of(self, key: str) -> NewDonation:
        """The donation to begin; `key` makes sure it is begun once. Call after validate() returned True."""
        assert self.money is not None, "the form is valid"
        return NewDonation(
            amount=self.money,
            interval=self.interval.data or "once",
            fund=self._chosen_fund(),
            name=self.name.data,
            email=self.email.data,
            message=self.message.data,
            display=self.display.data,
            language=languages.for_keeping(),
            nonce=key,
            updates=self.wants_updates,
            area_id=self.chosen_area.id if self.chosen_area else None,
        )

    def _chosen_fund(self) -> Fund | None:
        return next((fund for fund in self.appeal.funds if fund.slug == self.fund.data), None)
