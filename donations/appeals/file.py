"""The form of an appeals file: reads its text into columns of the tables, and finds every fault that shows without
the database. What a file may not do to what is in the database already is in file_conflicts.py."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from email_validator import EmailNotValidError, validate_email

from donations.appeals.file_error import N_, Fault
from donations.appeals.file_table import Table
from donations.models import appeal as words
from donations.models.fund import FUND_KINDS
from donations.money import CURRENCIES

LANGUAGES = ("en", "ru")  # What the pages are written in: donations/translations, and English in the source.
KINDS = tuple(kind for kind in FUND_KINDS if kind != "suspense")
ORGANISATION_KEYS = (
    "name", "legal_name", "currency", "languages", "timezone", "settlement_currencies", "offered_currencies",
    "statement_descriptor", "contact_email", "about", "bank", "publish_needs_second",
    "approvals_required",
)  # fmt: skip
BANK_KEYS = ("account_name", "bank_name", "sort_code", "account_number", "iban", "bic", "reference")
TEXTS = ("title", "summary", "story", "surplus", "outcome", "message_prompt")
APPEAL_KEYS = (
    "slug", "state", "visibility", "currency", "target", "period", "discreet", "names_on_receipt", "fee_bearer",
    *TEXTS, "suggested", "stretch", "closed_on", "funds", "events", "areas",
)  # fmt: skip

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadFund:
    path: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class ReadAppeal:
    """`columns` are the appeal's own; None in one of them means that it was not given, or a fault."""

    path: str
    columns: Columns
    might_be_discreet: bool  # it takes donations for people in danger, and the file does not set `discreet`
    funds: list[ReadFund]
    events: list[Columns]
    areas: list[Columns]


@dataclass(slots=True)
class ReadFile:
    """What a file says. `organisation` None: it leaves the organisation as it is."""

    organisation: Columns | None = None
    appeals: list[ReadAppeal] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read(text: str, known_organisation: Mapping[str, Any] | None) -> ReadFile:
    """Read the whole file. `known_organisation` has the columns of the organisation set up already, if there is one;
    a file without an [organisation] is checked against it."""
    result = ReadFile()
    try:
        values = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        result.faults.append(_syntax_fault(str(error), text))
        return result
    return _read_whole(values, known_organisation, result)


def read_one(values: Mapping[str, Any], known_organisation: Mapping[str, Any]) -> ReadFile:
    """Read one appeal that is written as a table of such a file would be, as the organisers' pages write it."""
    return _read_whole({"appeals": [dict(values)]}, known_organisation, ReadFile())


def _read_whole(values: dict[str, Any], known_organisation: Mapping[str, Any] | None, result: ReadFile) -> ReadFile:
    whole = Table(values, "", result.faults)
    whole.only(("organisation", "appeals"))
    table = whole.table("organisation")
    if table is not None:
        result.organisation = _organisation(table)
    elif known_organisation is None and not whole.has("organisation"):
        whole.fault("organisation", "this is missing, and none is set up yet. Add [organisation] with its name.")
    frame = _frame(result.organisation or known_organisation)
    result.appeals = [_appeal(item, frame) for item in whole.tables("appeals")]
    _find_doubles(result)
    return result


def _syntax_fault(said: str, text: str) -> str:
    where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    what = said[: where.start()] if where else said
    if where and where[1]:
        line, column = int(where[1]), int(where[2])
    else:
        line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
    return f"line {line}, column {column}: {what}. We cannot read the file any further. Correct this first."


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the organisation allows its appeals: languages, the default one first, and currencies."""

    languages: tuple[str, ...]
    currencies: tuple[str, ...]


def _frame(organisation: Mapping[str, Any] | None) -> _Frame:
    """Where the organisation itself is at fault, its appeals are still checked against something."""
    given = organisation or {}
    currencies = given.get("offered_currencies") or sorted(CURRENCIES)
    return _Frame(tuple(given.get("languages") or LANGUAGES), tuple(currencies))


def _organisation(table: Table) -> Columns:
    table.only(ORGANISATION_KEYS)
    languages = table.choices("languages", LANGUAGES, required=True)
    columns: Columns = {
        "name": table.string("name", required=True),
        "legal_name": table.string("legal_name"),
        "currency": table.choice("currency", CURRENCIES, required=True),
        "languages": languages,
        "timezone": table.choice("timezone", zoneinfo.available_timezones(), required=True),
        "settlement_currencies": table.choices("settlement_currencies", CURRENCIES, required=True),
        "offered_currencies": table.choices("offered_currencies", CURRENCIES, required=True),
        "statement_descriptor": _statement_descriptor(table),
        "contact_email": _email(table, "contact_email"),
        "about": table.texts("about", languages or LANGUAGES),
        "bank_details": _bank(table),
    }
    if table.has("approvals_required"):
        columns["approvals_required"] = _one_or_two(table)
    if table.has("publish_needs_second"):  # A file that does not speak of it leaves it as it is.
        columns["publish_needs_second"] = table.flag("publish_needs_second")
    for key in ("settlement_currencies", "offered_currencies"):
        if columns["currency"] and columns[key] and columns["currency"] not in columns[key]:
            table.fault(key, f"the organisation's own currency {columns['currency']} is not among them. Add it.")
    return columns


def _one_or_two(table: Table) -> int | None:
    value = table.values["approvals_required"]
    if value not in (1, 2) or isinstance(value, bool):
        table.fault(
            "approvals_required", N_("%(value)s is not 1 or 2. Enter 1 or 2 without quotes."), value=repr(value)
        )
        return None
    return int(value)


def _statement_descriptor(table: Table) -> str | None:
    """Stripe's rules: what a supporter's bank prints beside the amount."""
    value = table.string("statement_descriptor", required=True)
    if value is None:
        return None
    if not 5 <= len(value) <= 22:
        table.fault("statement_descriptor", f"{value!r} has {len(value)} characters. Banks print 5 to 22.")
    if not value.isascii() or any(c in "<>\\'\"*" or not c.isprintable() for c in value):
        table.fault(
            "statement_descriptor", f"{value!r} has characters that banks do not print. Use a-z, 0-9 and spaces."
        )
    if not any(c.isascii() and c.isalpha() for c in value):
        table.fault("statement_descriptor", f"{value!r} has no letter a-z. Write what a supporter will recognise.")
    return value


def _email(table: Table, key: str) -> str | None:
    value = table.string(key)
    try:
        return validate_email(value, check_deliverability=False).normalized if value else None
    except EmailNotValidError:
        table.fault(key, f"{value!r} is no e-mail address. Write it like fund@example.org.")
        return None


def _bank(table: Table) -> dict[str, str]:
    bank = table.table("bank")
    if bank is None:
        return {}
    bank.only(BANK_KEYS)
    details = {key: bank.string(key) for key in BANK_KEYS}
    if details["iban"] and not _iban_adds_up(details["iban"]):
        bank.fault("iban", f"{details['iban']!r} has a wrong check digit. Copy it again.")
    return {key: value for key, value in details.items() if value}


def _iban_adds_up(iban: str) -> bool:
    """ISO 13616: the first four characters go to the end, letters count from 10, and the rest by 97 is 1."""
    plain = iban.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _appeal(table: Table, frame: _Frame) -> ReadAppeal:
    table.only(APPEAL_KEYS)
    currency = table.choice("currency", CURRENCIES, required=True)
    if currency and currency not in frame.currencies:
        said = N_("the organisation does not take %(currency)s. Choose one of: %(currencies)s.")
        table.fault("currency", said, currency=currency, currencies=", ".join(frame.currencies))
    figures = currency or frame.currencies[0]
    state = table.choice("state", words.STATES, "draft")
    columns: Columns = {
        "slug": table.slug(),
        "state": state,
        "visibility": table.choice("visibility", words.VISIBILITIES, "shown"),
        "currency": currency,
        "goal_minor": table.amount("target", figures),
        "period": table.choice("period", words.PERIODS),
        "discreet": table.flag("discreet"),
        "names_on_receipt": table.flag("names_on_receipt"),
        "fee_bearer": table.choice("fee_bearer", words.FEE_BEARERS, "fund"),
        **{key: table.texts(key, frame.languages, required=key == "title") for key in TEXTS},
        "suggested_minor": table.donation_amounts("suggested", figures),
        "stretch_minor": table.rising("stretch", figures, above="target"),
        "closed_on": table.day("closed_on")[0],
    }
    if table.has("closed_on") and state != "closed":
        table.fault("closed_on", f'the state of this appeal is {state}. Delete this, or write state = "closed".')
    funds = [_fund(item, position, frame) for position, item in enumerate(table.tables("funds"))]
    in_danger = any(fund.columns["kind"] in ("detainee", "family") for fund in funds)
    if not table.has("names_on_receipt"):
        columns["names_on_receipt"] = not (in_danger or columns["discreet"])
    if not funds:
        table.fault("funds", N_("an appeal needs at least one fund. Add a fund (in a file: [[appeals.funds]])."))
    events = [_event(item, position, frame) for position, item in enumerate(table.tables("events"))]
    areas = [_area(item, position, figures) for position, item in enumerate(table.tables("areas"))]
    might_be_discreet = in_danger and state != "closed" and not table.has("discreet")
    return ReadAppeal(table.path, columns, might_be_discreet, funds, events, areas)


def _fund(table: Table, position: int, frame: _Frame) -> ReadFund:
    table.only(("slug", "kind", "name", "share"))
    columns: Columns = {
        "slug": table.slug(),
        "kind": table.choice("kind", KINDS, required=True),
        "name": table.texts("name", frame.languages, required=True),
        "share": table.share(),
        "position": position,
    }
    if columns["slug"] == "suspense" or (columns["slug"] == "general" and columns["kind"] not in ("general", None)):
        said = N_("%(slug)s is reserved for the system’s own fund. Choose another short name.")
        table.fault("slug", said, slug=repr(columns["slug"]))
    return ReadFund(table.path, columns)


def _event(table: Table, position: int, frame: _Frame) -> Columns:
    table.only(("on", "text"))
    day, month_only = table.day("on", required=True, month_only=True)
    text = table.texts("text", frame.languages, required=True)
    return {"on": day, "month_only": month_only, "text": text, "position": position}


def _area(table: Table, position: int, currency: str) -> Columns:
    table.only(("name", "target"))
    target = table.amount("target", currency, required=True)
    return {"name": table.string("name", required=True), "target_minor": target, "position": position}


def _find_doubles(result: ReadFile) -> None:
    """Appeals' slugs are one namespace, funds' slugs another, an appeal's areas a third; one fund is general."""
    funds = [fund for appeal in result.appeals for fund in appeal.funds]
    taken = N_("this short name is already used by %(other)s. Choose another.")
    _once(result, "slug", taken, [(appeal.path, appeal.columns["slug"]) for appeal in result.appeals])
    _once(result, "slug", taken, [(fund.path, fund.columns["slug"]) for fund in funds])
    generals = [(fund.path, "general") for fund in funds if fund.columns["kind"] == "general"]
    _once(
        result,
        "kind",
        N_("there can be only one general fund, and %(other)s already is it. Choose another kind."),
        generals,
    )
    for appeal in result.appeals:
        names = [(f"{appeal.path}.areas[{area['position']}]", area["name"]) for area in appeal.areas]
        _once(result, "name", N_("this name is already used by %(other)s. Choose another."), names)


def _once(result: ReadFile, key: str, said: str, places: Sequence[tuple[str, str | None]]) -> None:
    first: dict[str, str] = {}
    for path, value in places:
        if value is not None and first.setdefault(value, path) != path:
            result.faults.append(Fault(f"{path}.{key}", said, other=first[value]))
