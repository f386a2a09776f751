"""Stripe's itemised reports from their bytes to facts: known by their headings, read whole or not at all. Columns that
we do not use are passed over; one that we need and that is missing is named. No database here."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from donations.bookkeeping import OF_A_CHARGE
from donations.errors import BadReport, BadReportLine, ReportLacksColumns
from donations.facts import BalanceTransaction, Payout
from donations.i18n import N_
from donations.reconciliation.stripe_reports.cells import FIX, Row
from donations.stripe_statuses import PayoutStatus, Reconciliation

MAX_BYTES = 64 * 1024 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_FIGURES = ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")


@dataclass(frozen=True, slots=True)
class Said:
    """A balance transaction with its line in the file, and the automatic payout it is a member of, where the report
    names it."""

    line: int
    transaction: BalanceTransaction
    payout_id: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """`name` is Stripe's for the report. Payouts have the line they first occur in."""

    name: str
    transactions: tuple[Said, ...]
    payouts: tuple[tuple[int, Payout], ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """A report by what makes it known and what it cannot do without; of several names any one will do."""

    name: str
    marks: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    read: Callable[[str, Iterator[Row], bool], Report]


def read(data: bytes, *, zone: ZoneInfo, manual_payouts: bool = False) -> Report:
    """Everything in a report. `zone` is the one in which it was asked for. No report says whether payouts are automatic
    or made by hand: the person does. Raises BadReport or BadReportLine."""
    if len(data) > MAX_BYTES:
        raise BadReport(fault=N_("the file is larger than 64 MB"), fix=N_("Ask Stripe for shorter periods."))
    lines = list(io.StringIO(_text(data), newline=""))
    delimiter, headings, kind = _recognised(lines)
    missing = [" / ".join(names) for names in kind.needs if not set(names) & set(headings)]
    if missing:
        raise ReportLacksColumns(columns=", ".join(missing))
    return kind.read(kind.name, _rows(lines, delimiter, headings, zone), manual_payouts)


def _text(data: bytes) -> str:
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise BadReport(fault=N_("the file contains characters that we cannot read"), fix=FIX) from error
    if "\x00" in text:
        raise BadReport(fault=N_("the file is not text"), fix=FIX)
    return text


def _recognised(lines: list[str]) -> tuple[str, list[str], _Kind]:
    for delimiter in (",", ";", "\t"):
        try:
            first = next(csv.reader(lines[:1], delimiter=delimiter), [])
        except csv.Error:
            continue
        headings = [heading.strip().lower() for heading in first]
        kind = next((each for each in _KINDS if set(each.marks) <= set(headings)), None)
        if kind is not None:
            return delimiter, headings, kind
    raise BadReport(
        fault=N_("the headings are not those of a report we know"),
        fix=N_(
            "We accept these itemised Stripe reports: balance change from activity, payout reconciliation, payouts."
        ),
    )


def _rows(lines: list[str], delimiter: str, headings: list[str], zone: ZoneInfo) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begun = 1
    try:
        for cells in reader:
            line, begun = begun, reader.line_num + 1
            if line == 1 or not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(headings) or any(cell.strip() for cell in cells[len(headings) :]):
                raise _torn(line, cells[0], N_("the number of cells in this line differs from the number of headings"))
            yield Row(line, dict(zip(headings, cells, strict=False)), zone)
    except csv.Error as error:
        raise _torn(begun, "", N_("a quotation mark is missing or extra, or the file is cut off")) from error


def _torn(line: int, text: str, fault: str) -> BadReportLine:
    shown = "".join(c if c.isprintable() else "?" for c in text[:60])
    return BadReportLine(line=line, column="", text=shown, fault=fault, fix=FIX)


def _transactions(name: str, rows: Iterator[Row], _manual: bool) -> Report:
    found: dict[str, Said] = {}
    for row in rows:
        payout_id = row.id("automatic_payout_id") if row.has("automatic_payout_id") else None
        source = row.id("source_id") if row.has("source_id") else None
        moved = _transaction(row, source, ("created_utc", "created"), ("available_on_utc", "available_on"))
        _add(found, row, Said(row.line, moved, payout_id))
    return Report(name, tuple(found.values()))


def _payouts(name: str, rows: Iterator[Row], manual: bool) -> Report:
    found: dict[str, Said] = {}
    payouts: dict[str, tuple[int, Payout]] = {}
    for row in rows:
        effective = ("effective_at_utc", "effective_at")
        said = Said(row.line, _transaction(row, row.id("payout_id"), effective, effective), None)
        _add(found, row, said)
        if said.transaction.reporting_category == "payout":
            payouts[row.id("payout_id")] = (row.line, _payout(row, said.transaction, manual=manual))
    return Report(name, tuple(found.values()), tuple(payouts.values()))


def _add(found: dict[str, Said], row: Row, said: Said) -> None:
    """A line twice is one line; two lines of one id that differ are not."""
    before = found.setdefault(said.transaction.id, said)
    if (before.transaction, before.payout_id) != (said.transaction, said.payout_id):
        raise row.broken(
            "balance_transaction_id", N_("another line of this file says something different about this transaction")
        )


def _transaction(row: Row, source: str | None, made: tuple[str, ...], available: tuple[str, ...]) -> BalanceTransaction:
    currency, category = row.currency(), row.word("reporting_category")
    amount, fee, net = (row.minor(column, currency) for column in ("gross", "fee", "net"))
    if net != amount - fee:
        raise row.broken("net", N_("the net amount is not gross less fee"))
    return BalanceTransaction(
        id=row.id("balance_transaction_id"),
        source_id=source,
        charge_id=_charge(row, source, category),
        type=category,  # The reports do not say more.
        reporting_category=category,
        balance_type=None,
        amount_minor=amount,
        fee_minor=fee,
        net_minor=net,
        currency=currency,
        exchange_rate=None,
        created_at=row.moment(*made),
        available_on=row.moment(*available).date(),
        description=row.text("description") or None,
    )


def _charge(row: Row, source: str | None, category: str) -> str | None:
    """The charge that a balance transaction belongs to, by the report's own column or because it is its source."""
    if category in OF_A_CHARGE and row.has("charge_id"):
        return row.id("charge_id")
    return source if source is not None and source.startswith(("ch_", "py_")) else None


def _payout(row: Row, moved: BalanceTransaction, *, manual: bool) -> Payout:
    status = PayoutStatus.of(row.text("payout_status"))
    if status is PayoutStatus.UNKNOWN:
        raise row.broken("payout_status", N_("this is not a status of a Stripe payout"))
    came_back = status.has_come_back
    reversed_at = row.moment("payout_reversed_at_utc", "payout_reversed_at") if came_back else None
    arrival = "payout_expected_arrival_date"  # A day, without a zone of its own.
    arrives = row.moment(arrival).astimezone(row.zone) if row.has(arrival) else moved.created_at
    whole = Reconciliation.COMPLETED if status is PayoutStatus.PAID else Reconciliation.IN_PROGRESS
    return Payout(
        id=row.id("payout_id"),
        amount_minor=-moved.amount_minor,
        currency=moved.currency,
        status=str(status),
        automatic=not manual,
        reconciliation_status=str(Reconciliation.NOT_APPLICABLE if manual else whole),
        trace_id=row.text("trace_id") or None,
        failure_code=None,
        balance_transaction_id=moved.id,
        failure_transaction_id=None,
        created_at=moved.created_at,
        arrival_on=arrives.date(),
        said_at=reversed_at or moved.created_at,
    )


_AT = (("created_utc", "created"), ("available_on_utc", "available_on"), ("source_id",))
_KINDS = (
    _Kind(
        "payouts",
        ("payout_id", "payout_status"),
        (*((name,) for name in _FIGURES), ("effective_at_utc", "effective_at")),
        _payouts,
    ),
    _Kind(
        "payout reconciliation",
        ("balance_transaction_id", "automatic_payout_id"),
        (*((name,) for name in _FIGURES), *_AT),
        _transactions,
    ),
    _Kind(
        "balance change from activity",
        ("balance_transaction_id", "gross"),
        (*((name,) for name in _FIGURES), *_AT),
        _transactions,
    ),
)
