"""Bank accounts and their statements: a file is looked at first, and imported when a person has seen what it would
do. Between the two it waits, sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import ValidationError

from donations.database import snapshot
from donations.errors import BadStatement, DonationsError, ShownAgain
from donations.extensions import db
from donations.i18n import N_
from donations.models import BankAccount, Organisation, Statement
from donations.models.base import MAX_ID
from donations.reconciliation import file_store, statement_accounts, statements
from donations.reconciliation.statements import Outline, Preview
from donations.web import sessions
from donations.web.page import now, page
from donations.web.treasury.actions import act, names
from donations.web.treasury.forms import LineField, TreasuryForm, needed, one_line
from donations.web.treasury.statement_columns import ColumnsForm, packed, unpacked

bp = Blueprint("bank_accounts", __name__, url_prefix="/bank-accounts")
SHELF, WAITS = "statements", timedelta(days=1)
MAX_BYTES = 25 * 1024 * 1024
SHOWN_LINES, SHOWN_STATEMENTS = 200, 50


class AccountForm(TreasuryForm):
    name = LineField(needed(_l("Enter a name, for example “Current account”.")), most=60)
    currency = SelectField()
    number = LineField(most=50)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency.choices = [(code, code) for code in Organisation.get().settlement_currencies]

    def validate_name(self, field: Any) -> None:
        if db.session.scalar(select(BankAccount.id).where(BankAccount.name == field.data)):
            raise ValidationError(_("An account with this name already exists. Enter another name."))

    def validate_number(self, field: Any) -> None:
        if field.data and statement_accounts.account_named(db.session.connection(), field.data) is not None:
            raise ValidationError(_("An account with this number already exists. Check the number."))


class StatementForm(TreasuryForm):
    """Either a file to look at, or the name of one that waits: to be imported, or with `act` "columns" to be read again
    by the columns entered."""

    file = FileField()
    waiting = StringField(filters=[one_line])
    file_name = LineField()
    act = StringField(filters=[one_line])
    doubtful = StringField(filters=[one_line])
    only_own = BooleanField()
    map = StringField()

    @property
    def said(self) -> dict[str, object] | None:
        """The columns as entered. Raises BadStatement."""
        try:
            return unpacked(self.map.data)
        except ValueError as error:
            raise BadStatement(
                fault=N_("your answers about its columns were lost"), fix=N_("Choose the file again.")
            ) from error


@bp.url_value_preprocessor
def make_room(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Statements may be large; only who has signed in may send us so much."""
    if sessions.signed_in() is not None:
        request.max_content_length = MAX_BYTES + 1024 * 1024


@bp.get("")
def index() -> Response:
    return _accounts_page(AccountForm(formdata=None))


@bp.post("")
def add_account() -> Any:
    form = AccountForm()
    if not form.validate():
        return _accounts_page(form, 422)
    columns = statement_accounts.identifying(form.number.data) if form.number.data else {}
    try:
        with act("bank_account.added") as done:
            row = BankAccount(name=form.name.data, currency=form.currency.data, **columns)
            db.session.add(row)
            db.session.flush()
            done.about, number = row.ref, row.id
    except ShownAgain as error:
        return _accounts_page(form, form.refuse(error))
    return redirect(url_for("treasury.bank_accounts.show", number=number), 303)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    return _account_page(_find(number), StatementForm(formdata=None))


@bp.post("/<int:number>")
def take_statement(number: int) -> Any:
    """With a file: look at it. With the name of one that waits: look again by other columns, or import it."""
    account, form = _find(number), StatementForm()
    try:
        if form.waiting.data:
            return _look_again(account, form) if form.act.data == "columns" else _import(account, form)
        if form.file.data:
            data, form.file_name.data = form.file.data.read(), one_line(form.file.data.filename)[:200]
            return _look(account, form, data, None)
        form.file.errors = [_("Choose the statement file from your bank.")]
    except DonationsError as error:
        return _account_page(_find(number), form, form.refuse(error))
    return _account_page(account, form, 422)


def _look_again(account: BankAccount, form: StatementForm) -> Response:
    """By the columns a person has entered now."""
    data = file_store.read(SHELF, form.waiting.data)
    outline = statements.outline(data, account)
    return _look(account, form, data, ColumnsForm(outline).as_map() if outline else None)


def _look(account: BankAccount, form: StatementForm, data: bytes, said: dict[str, object] | None) -> Response:
    """A preview of the import or, where a person must explain a table, the questions about its columns. The file waits
    meanwhile, so it need not be chosen twice."""
    outline = statements.outline(data, account, said)
    file_store.sweep(SHELF, now() - WAITS)
    try:
        read = statements.read_file(data, form.file_name.data or "", account, said)
        with snapshot() as conn:
            seen = statements.preview(conn, account, read, at=now(), only_own=form.only_own.data)
    except DonationsError as error:
        if outline is None or error.status >= 500:
            raise
        status = form.refuse(_answered_here(error))
        return _statement_page(account, form, status, outline, said, data, seen=None)
    return _statement_page(account, form, 200, outline, said, data, seen=seen)


def _answered_here(error: DonationsError) -> DonationsError:
    """On the page the question is answered by a form, not by a command."""
    if "--map" not in str(error.facts.get("fix", "")):
        return error
    return type(error)(**{**error.facts, "fix": N_("Select the columns in the form below.")})


def _statement_page(
    account: BankAccount,
    form: StatementForm,
    status: int,
    outline: Outline | None,
    said: dict[str, object] | None,
    data: bytes,
    *,
    seen: Preview | None,
) -> Response:
    lines = [line for line in seen.lines if line.verdict != "known"] if seen else []
    columns = outline and ColumnsForm(
        replace(outline, columns=seen.column_map) if seen and seen.column_map else outline, said, formdata=None
    )
    return page(
        "treasury/statement_import.html",
        status,
        cache="no-store",
        account=account,
        seen=seen,
        form=form,
        columns=columns,
        waiting=file_store.keep(SHELF, data),
        map=packed(said),
        hidden=max(0, len(lines) - SHOWN_LINES),
        lines=sorted(lines, key=lambda one: one.verdict != "suspicious")[:SHOWN_LINES],
    )


def _import(account: BankAccount, form: StatementForm) -> Any:
    data = file_store.read(SHELF, form.waiting.data)
    read, number = statements.read_file(data, form.file_name.data or "", account, form.said), account.id
    with act("statement.imported", account.ref, sha256=read.sha256) as done:
        imported = statements.import_file(
            done.conn,
            db.session.get_one(BankAccount, number),
            read,
            by=done.actor,
            at=done.at,
            twins_too=form.doubtful.data == "import",
            ask_later=form.doubtful.data == "later",
            only_own=form.only_own.data,
        )
        done.details["new"] = imported.new
        if imported.waiting:
            done.details["waiting"] = imported.waiting
    file_store.drop(SHELF, form.waiting.data)
    flash(
        ngettext(
            "%(count)s new line was imported.", "%(count)s new lines were imported.", imported.new, count=imported.new
        )
    )
    if imported.waiting:
        flash(
            ngettext(
                "%(count)s line needs a decision in To do.",
                "%(count)s lines need a decision in To do.",
                imported.waiting,
                count=imported.waiting,
            )
        )
    return redirect(url_for("treasury.statement_lines.index"), 303)


def _find(number: int) -> BankAccount:
    return db.session.get(BankAccount, min(number, MAX_ID)) or abort(404)


def _accounts_page(form: AccountForm, status: int = 200) -> Response:
    accounts = db.session.scalars(select(BankAccount).order_by(BankAccount.name)).all()
    return page("treasury/bank_accounts.html", status, cache="no-store", accounts=accounts, form=form)


def _account_page(account: BankAccount, form: StatementForm, status: int = 200) -> Response:
    asked = select(Statement).where(Statement.bank_account_id == account.id)
    imported = db.session.scalars(asked.order_by(Statement.id.desc()).limit(SHOWN_STATEMENTS)).all()
    return page(
        "treasury/bank_account.html",
        status,
        cache="no-store",
        account=account,
        form=form,
        imported=imported,
        names=names(),
    )
