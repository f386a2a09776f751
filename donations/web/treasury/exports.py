"""The ledger as files, for a spreadsheet, another program or paper: of a period, a fund, a currency, or some accounts.
Only after a fresh confirmation of identity; the audit log records who exported what. The files are made in
reconciliation.exports."""

from __future__ import annotations

import tempfile
from datetime import date
from typing import Any, BinaryIO

from flask import Blueprint, Response, request, send_file
from flask_babel import gettext as _
from wtforms import Field, SelectField, StringField
from wtforms.validators import AnyOf, Optional, ValidationError

from donations import paper
from donations.database import snapshot
from donations.models import Organisation
from donations.reconciliation import exports, fund_statement
from donations.staff import notices
from donations.web.access import fresh
from donations.web.days import DayField
from donations.web.page import now, page
from donations.web.treasury import funds
from donations.web.treasury.actions import act
from donations.web.treasury.forms import TreasuryForm, one_line, wholes
from donations.web.treasury.labels import ACCOUNTS

bp = Blueprint("exports", __name__, url_prefix="/exports")
PDF, TABLES = "pdf", ("csv", "xlsx")
IN_MEMORY_BYTES = 4 * 1024 * 1024  # what is larger waits in a file


class BooksForm(TreasuryForm):
    """What to take out, from the address. Empty means all of it."""

    class Meta:
        csrf = False  # It changes nothing, and its address can be kept.

    since = DayField(validators=[Optional()])
    until = DayField(validators=[Optional()])
    fund = SelectField()
    currency = SelectField()
    format = StringField(filters=[one_line], validators=[AnyOf((*exports.FORMATS, PDF))])

    def __init__(self) -> None:
        super().__init__(formdata=request.args)
        self.fund_ids = {fund.slug: fund.id for fund in funds.named().values()}
        self.fund.choices = [("", _("All funds")), *funds.choices()]
        self.currency.choices = [("", _("All currencies"))]
        self.currency.choices += [(code, code) for code in Organisation.get().settlement_currencies]
        self.accounts = tuple(code for code in wholes(request.args.getlist("account")) if code in ACCOUNTS)
        self.fund.data, self.currency.data = self.fund.data or "", self.currency.data or ""

    def validate(self, **more: Any) -> bool:
        is_good = bool(super().validate(**more))
        needed = {
            self.since: _("Enter the first day of the statement."),
            self.until: _("Enter the last day of the statement."),
        }
        missing = [field for field in needed if field.data is None and not field.errors]
        if self.format.data != PDF or not missing:
            return is_good
        for field in missing:
            field.errors = [needed[field]]
        return False

    def validate_until(self, field: Field) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first day. Check both."))

    def validate_format(self, field: Field) -> None:
        if self.accounts and field.data not in TABLES:
            raise ValidationError(
                _("Selected ledger accounts do not balance on their own. Choose CSV, XLSX or the whole fund.")
            )

    @property
    def scope(self) -> exports.Scope:
        return exports.Scope(
            self.since.data, self.until.data, self.fund_ids.get(self.fund.data), self.currency.data or None,
            self.accounts,
        )  # fmt: skip

    @property
    def said(self) -> dict[str, str]:
        """For the audit, and for the file's name."""
        days = {"since": self.since.data, "until": self.until.data}
        named = {"fund": self.fund.data, "currency": self.currency.data, "format": self.format.data}
        return {**{name: day.isoformat() for name, day in days.items() if day}, **{k: v for k, v in named.items() if v}}


@bp.get("")
@fresh
def ask() -> Response:
    return _page(BooksForm())


@bp.get("/file")
@fresh
def take() -> Response:
    form = BooksForm()
    if not form.validate():
        return _page(form, 422)
    with act("books.exported", **form.said) as done:
        notices.tell(done.conn, "export", by=done.actor, at=done.at)
    return _statement(form) if form.format.data == PDF else _entries(form)


def _entries(form: BooksForm) -> Response:
    made = exports.FORMATS[form.format.data]
    file: BinaryIO = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # type: ignore[assignment]  # noqa: SIM115
    with snapshot() as conn:
        exports.write(conn, form.scope, form.format.data, file)
    file.seek(0)
    return _download(file, f"{_name('books', form)}.{made.suffix}", made.media_type)


def _statement(form: BooksForm) -> Response:
    since, until, scope = form.since.data, form.until.data, form.scope
    assert isinstance(since, date) and isinstance(until, date), "the form is valid"
    with snapshot() as conn:
        found = fund_statement.of_period(conn, since, until)
    wanted = [
        one for one in found
        if scope.fund_id in (None, one.fund_id) and scope.currency in (None, one.currency)
    ]  # fmt: skip
    answer = Response(paper.funds_pdf(since, until, wanted, at=now()), mimetype="application/pdf")
    return _as_attachment(answer, f"{_name('funds', form)}.pdf")


def _download(file: Any, name: str, media_type: str) -> Response:
    return _as_attachment(send_file(file, mimetype=media_type), name)


def _as_attachment(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _name(what: str, form: BooksForm) -> str:
    return "-".join([what, *(part for name, part in form.said.items() if name != "format")])


def _page(form: BooksForm, status: int = 200) -> Response:
    return page("treasury/exports.html", status, cache="no-store", form=form)
