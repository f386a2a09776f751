"""Days that people enter into forms: read in one place, and what cannot be a day explained."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, Field
from wtforms.validators import ValidationError

from donations.models import Organisation
from donations.web.page import now


class DayField(DateField):  # type: ignore[misc]
    """A day, as the browser's own calendar writes it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter the date like 2026-11-21.")) from None


def not_ahead(_form: Any, field: Field) -> None:
    """A day on which something has happened: today or before, by the organisation's clock."""
    if field.data is not None and field.data > Organisation.get().day_of(now()):
        raise ValidationError(_("This day is in the future. Enter today or an earlier day."))
