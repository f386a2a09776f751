"""The form of a branch return: the amount of each kind of collection, the days, who counted. It checks and reads;
giving.branch_returns decides."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField
from wtforms.validators import AnyOf, InputRequired, Length, ValidationError

from donations.errors import BadAmount, DonationsError, NotTwoCounters
from donations.giving.branch_returns import SubmittedReturn, Words
from donations.models import Area, BranchReturn, Organisation
from donations.models.branch_return import LINE_KINDS
from donations.money import MAXIMUM_MINOR, Money
from donations.web import amounts, languages
from donations.web.access import TokenForm
from donations.web.days import DayField, not_ahead
from donations.web.filters import sentence
from donations.web.page import now
from donations.web.text_fields import one_line

NAME_LENGTH, NOTE_LENGTH = 100, 200
KINDS = {
    "collection": _l("Collection"),
    "paper_sales": _l("Newspaper sales"),
    "stall": _l("Stall"),
    "raffle": _l("Raffle"),
    "standing_orders": _l("Standing orders"),
}
METHODS = {"cash": _l("Cash"), "cheque": _l("Cheque"), "bank": _l("Bank transfer")}


def _note() -> StringField:
    return StringField(
        filters=[one_line], validators=[Length(max=NOTE_LENGTH, message=_l("Enter at most 200 characters."))]
    )


def _name() -> StringField:
    return StringField(
        filters=[one_line], validators=[Length(max=NAME_LENGTH, message=_l("Enter at most 100 characters."))]
    )


class BranchReturnForm(TokenForm):
    """One line for each kind, any of which may stay empty. After validate(), `submitted` is what to submit."""

    collection, collection_note = StringField(filters=[one_line]), _note()
    paper_sales, paper_sales_note = StringField(filters=[one_line]), _note()
    stall, stall_note = StringField(filters=[one_line]), _note()
    raffle, raffle_note = StringField(filters=[one_line]), _note()
    standing_orders, standing_orders_note = StringField(filters=[one_line]), _note()
    from_on = DayField(validators=[InputRequired(_l("Enter the first day."))])
    to_on = DayField(validators=[InputRequired(_l("Enter the last day."))])
    method = StringField(filters=[one_line], validators=[AnyOf(METHODS, message=_l("Choose how you send the money."))])
    first_counter, second_counter, handed_in_by = _name(), _name(), _name()

    def __init__(self, area: Area, **kwargs: Any) -> None:
        self.area, self.currency = area, area.appeal.currency
        self.lines: dict[str, int] = {}
        self.refusal: str | None = None
        super().__init__(f"pay-in {area.id}", **kwargs)

    @classmethod
    def empty(cls, area: Area) -> BranchReturnForm:
        today = Organisation.get().day_of(now())
        return cls(area, formdata=None, data={"from_on": today.replace(day=1), "to_on": today, "method": "cash"})

    @classmethod
    def of(cls, row: BranchReturn, words: Words | None) -> BranchReturnForm:
        """The form as submitted, to be revised."""
        said = words or Words("")
        counters = dict(zip(("first_counter", "second_counter"), said.counters, strict=False))
        lines = {kind: Money(minor, row.currency).plain() for kind, minor in row.lines.items()}
        notes = {f"{kind}_note": note for kind, note in said.notes.items()}
        days = {"from_on": row.from_on, "to_on": row.to_on, "method": row.method, "handed_in_by": said.handed_in_by}
        return cls(row.area, formdata=None, data={**lines, **notes, **counters, **days})

    def validate(self, **kwargs: Any) -> bool:
        good, self.lines = super().validate(**kwargs), {}
        for kind in LINE_KINDS:
            good = self._read(kind) and good
        if good and not self.lines:
            self.collection.errors = [_("Enter at least one amount, for example 20 or 20.50.")]
        return good and bool(self.lines)

    def _read(self, kind: str) -> bool:
        """Take a line's amount over. Nothing typed is no line."""
        field = self[kind]
        if not field.data:
            return True
        try:
            amount = amounts.read(field.data, self.currency)
            if not 0 < amount.minor <= MAXIMUM_MINOR // len(LINE_KINDS):
                raise ValidationError(sentence(BadAmount()))
        except ValidationError as error:
            field.errors = [str(error)]
            return False
        self.lines[kind] = amount.minor
        return True

    def validate_to_on(self, field: Field) -> None:
        if field.data is None:
            return
        if self.from_on.data is not None and field.data < self.from_on.data:
            raise ValidationError(_("The last day is before the first day. Check both."))
        not_ahead(self, field)

    def validate_from_on(self, field: Field) -> None:
        if field.data is not None and field.data < date(2000, 1, 1):
            raise ValidationError(_("Enter the first day."))

    def validate_second_counter(self, field: Field) -> None:
        names = {name.casefold() for name in (self.first_counter.data, field.data) if name}
        if self.method.data == "cash" and len(names) < 2:
            raise ValidationError(sentence(NotTwoCounters()))

    def validate_handed_in_by(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Enter who submits the return."))

    def refuse(self, error: DonationsError) -> None:
        self.refusal = sentence(error)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error as (id of the field, sentence), in the order of the fields."""
        found = [("main", error) for error in (*([self.refusal] if self.refusal else []), *self.token.errors)]
        typed = [name for name in self._fields if name != "token"]
        return found + [(name, error) for name in typed for error in self[name].errors]

    @property
    def submitted(self) -> SubmittedReturn:
        """The branch return as written. Call after validate() returned True."""
        assert self.form_token is not None, "the form is valid"
        counters = (self.first_counter.data, self.second_counter.data)
        notes = {kind: self[f"{kind}_note"].data for kind in LINE_KINDS if self[f"{kind}_note"].data}
        return SubmittedReturn(
            method=self.method.data,
            from_on=self.from_on.data,
            to_on=self.to_on.data,
            lines=self.lines,
            words=Words(self.handed_in_by.data, tuple(name for name in counters if name), notes),
            language=languages.for_keeping(),
            nonce=self.form_token.nonce,
        )
