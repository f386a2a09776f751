"""The form that records an offline donation: cash with its two counters and its notes and coins, a cheque, a
transfer or standing order that is expected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Field, StringField
from wtforms.validators import AnyOf, Email, Optional, ValidationError

from donations import references
from donations.extensions import db
from donations.models import Appeal, Fund, Organisation
from donations.models.offline_donation import METHODS
from donations.money import Money
from donations.web.days import DayField, not_ahead
from donations.web.filters import in_language, money
from donations.web.page import now
from donations.web.treasury.forms import LineField, MoneyForm, needed, one_line

# Notes and coins in minor units, the largest first.
PIECES = {
    "GBP": (5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "EUR": (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
}
MAX_PIECES = 100_000


def purposes() -> list[tuple[str, str]]:
    """(value, label) of what a donation may be for: an appeal as a whole, or one fund of it."""
    found = []
    for appeal in db.session.scalars(select(Appeal).where(Appeal.state != "draft").order_by(Appeal.position)):
        found.append((appeal.slug, in_language(appeal.title)))
        if len(appeal.funds) > 1:
            found += [(f"{appeal.slug}/{fund.slug}", f"— {in_language(fund.name)}") for fund in appeal.funds]
    return found


def chosen(purpose: str) -> tuple[Appeal, Fund | None]:
    """The appeal and the fund, if one was named, of a value of `purposes`."""
    slug, _slash, of_fund = purpose.partition("/")
    appeal = Appeal.any_by_slug(slug)
    return appeal, next((fund for fund in appeal.funds if fund.slug == of_fund), None)


class OfflineDonationForm(MoneyForm):
    """`purpose` is an appeal, or an appeal and its fund. `piece-500` and the like say how many notes and coins."""

    method = StringField(filters=[one_line], validators=[AnyOf(METHODS, message=_l("Select the payment method."))])
    purpose = StringField(filters=[one_line])
    received_on = DayField(validators=[needed(_l("Enter the date the donation arrived or is expected."))])
    name = LineField(most=100)
    email = LineField(Optional(), Email(message=_l("Enter a full email address, like name@example.org.")), most=254)
    first_counter = LineField(most=100)
    second_counter = LineField(most=100)
    cheque_number = LineField(most=40)
    reference_code = LineField(most=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose.choices = purposes()
        self.counted: dict[str, int] = {}
        self.typed_pieces: dict[str, str] = {}

    @classmethod
    def preset(cls, query: Mapping[str, str]) -> OfflineDonationForm:
        """Presets from a link, or from the donation before: how it came, what for, the day, who counted."""
        method = query.get("method", "cash")
        form = cls(formdata=None, data={
            "method": method if method in METHODS else "cash", "purpose": query.get("purpose", ""),
        })  # fmt: skip
        form.received_on.data = _day(query.get("on", "")) or Organisation.get().day_of(now())
        return form

    @property
    def next(self) -> OfflineDonationForm:
        """The form for the next donation of the batch, with what it has in common with this one."""
        common = ("method", "purpose", "currency", "received_on", "first_counter", "second_counter")
        return OfflineDonationForm(formdata=None, data={name: self[name].data for name in common})

    @property
    def pieces(self) -> tuple[int, ...]:
        return PIECES.get(self.currency.data, ())

    @property
    def counters(self) -> tuple[str, ...]:
        both = (self.first_counter.data or "", self.second_counter.data or "")
        return both if self.method.data == "cash" else ()

    @property
    def code(self) -> str:
        return references.normalised(self.reference_code.data or "")

    def purpose_chosen(self) -> tuple[Appeal, Fund | None]:
        """The appeal and the fund, if one was named. Call after validate() returned True."""
        return chosen(self.purpose.data)

    def validate_purpose(self, field: Field) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError(_("Select the appeal or fund."))

    def validate_received_on(self, field: Field) -> None:
        """Only a transfer or a standing order may still be to come."""
        if self.method.data in ("cash", "cheque"):
            not_ahead(self, field)

    def read_pieces(self, typed: Mapping[str, str]) -> None:
        """Notes and coins as they were typed."""
        self.typed_pieces = {str(piece): typed.get(f"piece-{piece}", "").strip()[:6] for piece in self.pieces}

    def validate_amount(self, field: Field) -> None:
        super().validate_amount(field)
        typed = {piece: count for piece, count in self.typed_pieces.items() if count}
        if self.method.data != "cash" or not typed or self.money is None:
            return
        if not all(count.isdecimal() and int(count) <= MAX_PIECES for count in typed.values()):
            raise ValidationError(_("Enter the number of each note and coin in figures."))
        self.counted = {piece: int(count) for piece, count in typed.items()}
        come_to = Money(sum(int(piece) * count for piece, count in self.counted.items()), self.money.currency)
        if come_to != self.money:
            raise ValidationError(_("The notes and coins add up to %(sum)s. Count again.", sum=money(come_to)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
