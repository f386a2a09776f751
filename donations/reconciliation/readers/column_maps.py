"""What the columns of a CSV table mean: a map from our column names to the bank's headings, guessed from the headings
or entered by a person, and remembered with the bank account. No table is read here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from donations.errors import BadStatement
from donations.i18n import N_
from donations.money import CURRENCIES

# Our name of a column -> its known headings, in lower case. The first found counts; `text` takes all.
HEADINGS: dict[str, tuple[str, ...]] = {
    "date": (
        "booking date", "date completed (utc)", "completed date", "posting date", "posted date", "date posted",
        "transaction date", "date", "buchungstag", "buchungsdatum", "buchung", "datum", "date opération",
        "date operation", "date de comptabilisation", "fecha", "fecha operación", "data", "data contabile",
        "data operazione", "data transakcji", "data księgowania", "дата операции", "дата проводки", "дата",
        "datum van transactie", "boekdatum", "datum transactie", "bokföringsdag", "bogført", "päivämäärä", "pvm",
    ),
    "value_date": (
        "value date", "valutadatum", "wertstellung", "wertstellungsdatum", "valuta", "date valeur", "date de valeur",
        "fecha valor", "data valuta", "data waluty", "rentedatum", "дата платежа", "дата валютирования",
    ),
    "amount": (
        "total amount", "amount", "betrag", "betrag (€)", "amount (gbp)", "amount (eur)", "amount (usd)", "montant",
        "částka", "importe", "importo", "kwota", "bedrag", "bedrag (eur)", "value", "umsatz", "сумма платежа",
        "сумма в валюте счета", "сумма операции", "сумма", "belopp", "beløb", "määrä", "transaction amount",
        "betrag in eur",
    ),
    "debit": (
        "debit amount", "debit", "money out", "paid out", "withdrawals", "withdrawal", "soll", "lastschrift",
        "débit", "debito", "debits", "payments", "belastung", "debet", "dare", "cargo", "расход", "дебет",
        "списание", "obciążenia", "out", "ausgang",
    ),
    "credit": (
        "credit amount", "credit", "money in", "paid in", "deposits", "deposit", "haben", "gutschrift", "crédit",
        "credito", "credits", "receipts", "kredit", "avere", "abono", "приход", "кредит", "зачисление",
        "поступление", "uznania", "in", "eingang",
    ),
    "sign": (
        "credit/debit", "debit/credit", "cr/dr", "dr/cr", "d/c", "c/d", "s/h", "soll/haben", "af bij", "sign",
        "soll-/haben-kennzeichen", "transaction type (debit/credit)", "vorzeichen", "debit/credit indicator",
        "credit debit indicator",
    ),
    "currency": (
        "currency", "payment currency", "währung", "waehrung", "devise", "divisa", "waluta", "munt", "валюта",
        "валюта платежа", "валюта операции",
    ),
    "name": (
        "counter party", "name", "counterparty name", "naam", "name / description", "payee", "payer", "payer name",
        "partner name", "beneficiary", "beguenstigter/zahlungspflichtiger", "auftraggeber/empfänger",
        "name zahlungsbeteiligter", "zahlungspflichtige*r", "auftraggeber / empfänger", "název protiúčtu",
        "naam tegenpartij", "counterparty", "naam / omschrijving", "контрагент", "merchant", "nadawca / odbiorca",
    ),
    "account": (
        "kontonummer/iban", "iban zahlungsbeteiligter", "tegenrekening", "tegenrekening iban/bban",
        "kontonummer des auftraggebers", "partner iban", "counterparty account", "iban",
        "account number of counterparty", "payee account number", "счет контрагента",
    ),
    "text": (
        "reference", "payment reference", "description", "transaction description", "memo", "details", "narrative",
        "notes", "notes and #tags", "message", "verwendungszweck", "buchungstext", "libellé", "concepto", "causale",
        "descrizione", "opis", "tytuł", "omschrijving-1", "omschrijving-2", "omschrijving-3", "mededelingen",
        "описание", "описание операции", "назначение платежа", "kundenreferenz (end-to-end)", "kundenreferenz",
        "viesti", "text", "omschrijving", "notifications", "vrije mededeling", "buchungsdetails", "zpráva",
        *(f"vwz{number}" for number in range(1, 15)),
    ),
    "id": (
        "transaction id", "id", "transferwise id", "fitid", "bank reference", "референс проводки", "номер операции",
        "volgnr",
    ),
    "balance": (
        "balance", "running balance", "balance (gbp)", "balance (eur)", "saldo", "saldo nach buchung",
        "saldo na trn", "solde", "kontostand", "остаток", "account balance",
    ),
    "own_account": (
        "auftragskonto", "iban auftragskonto", "iban/bban", "rekening", "own account", "номер счета",
    ),
    "fee": (),
    "state": (
        "state", "status", "статус",
    ),
}  # fmt: skip
# A column of booking states: these words, and an empty cell, mean booked.
BOOKED = {
    "", "completed", "booked", "gebucht", "umsatz gebucht", "ok", "settled", "posted", "executed", "cleared", "geboekt",
    "comptabilisé", "contabilizado", "contabilizzato", "bokförd", "bogført", "zaksięgowana", "refunded", "reversed",
    "partially refunded", "исполнен", "выполнен", "проведен",
}  # fmt: skip
# These words mark a line that is still pending, whatever the column is called.
PENDING = {
    "pending", "vorgemerkt", "umsatz vorgemerkt", "not booked", "nicht gebucht", "ausstehend", "en attente",
    "pendiente", "in attesa", "in behandeling", "gereserveerd", "oczekująca", "unposted", "uncleared", "on hold",
    "в обработке", "ожидает",
}  # fmt: skip
NOT_BOOKED = PENDING | {
    "reverted", "declined", "denied", "failed", "cancelled", "canceled", "authorised", "authorized", "created",
    "refused", "expired", "voided", "held", "отклонен",
}  # fmt: skip
NO_COLUMN = "-"  # a person says that no column means this


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Headings as in the file, or numbers of columns from 1 where there is no heading; "" for none. `dates`,
    `decimal` and `currency` hold for the whole file; "" leaves them to be found from it. `bank` names a built-in
    profile."""

    date: str = ""
    value_date: str = ""
    amount: str = ""
    debit: str = ""
    credit: str = ""
    sign: str = ""
    fee: str = ""
    currency: str = ""
    name: str = ""
    account: str = ""
    text: tuple[str, ...] = ()
    id: str = ""
    balance: str = ""
    own_account: str = ""
    state: str = ""
    dates: str = ""
    decimal: str = ""
    delimiter: str = ""
    bank: str = ""

    @property
    def is_complete(self) -> bool:
        figures = {self.amount, self.debit, self.credit} - {"", NO_COLUMN}
        return bool(self.date and figures)

    @property
    def is_numbered(self) -> bool:
        """Whether columns are named by number: then the table has no headings."""
        return self.date.isdecimal()

    def headings(self) -> list[str]:
        """All headings it speaks of."""
        said = [getattr(self, word) for word in HEADINGS if word != "text"]
        none = {"", NO_COLUMN}
        return [heading for heading in (*said, *self.text) if heading not in none and heading not in CURRENCIES]

    def as_json(self) -> dict[str, object]:
        """For the database: only the values that are set."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


WORDS = tuple(each.name for each in fields(ColumnMap))
_FIXED = {"dates": ("dmy", "mdy", "ymd"), "decimal": (".", ","), "delimiter": (",", ";", "|", "\t")}


def made(said: Mapping[str, object], onto: ColumnMap | None = None) -> ColumnMap:
    """A map from names and values, as entered or stored; what is missing stays as in `onto`. Raises BadStatement for an
    unknown name or value."""
    given: dict[str, object] = {}
    for word, value in said.items():
        if word not in WORDS:
            mend = N_(
                "Use one of these words: date, amount, debit, credit, sign, name, account, text, id, balance, "
                "currency, ..."
            )
            raise BadStatement(fault=f"{word!r}", mend=mend)
        if word == "text":
            if value == "":
                value = (NO_COLUMN,)
            given[word] = (value,) if isinstance(value, str) else tuple(str(each) for each in value)  # type: ignore[attr-defined]
            continue
        if word in _FIXED and value and value not in _FIXED[word]:
            raise BadStatement(fault=f"{word}={value}", mend=f"{word}: {' '.join(map(repr, _FIXED[word]))}")
        given[word] = str(value) or ("" if word in _FIXED or word == "bank" else NO_COLUMN)
    return replace(onto or ColumnMap(), **given)  # type: ignore[arg-type]


def guessed(row: Sequence[str], *, is_whole: bool = True) -> ColumnMap:
    """A map from a row of headings, as far as they are known; empty if that is no whole map and `is_whole`."""
    if len(row) < 2 or not any(row):
        return ColumnMap()
    plain = {plainly(heading): heading.strip() for heading in reversed(row) if heading.strip()}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for word, known in HEADINGS.items():
        for heading in known:
            if heading in plain and heading not in taken and word != "text":
                found[word] = plain[heading]
                taken.add(heading)
                break
    texts = tuple(plain[heading] for heading in HEADINGS["text"] if heading in plain and heading not in taken)
    if "debit" in found and "credit" in found:
        found.pop("amount", None)
    else:
        found.pop("debit", None)
        found.pop("credit", None)
    made_map = ColumnMap(**found, text=texts)
    return made_map if made_map.is_complete or not is_whole else ColumnMap()


def plainly(heading: str) -> str:
    """A heading as headings are compared."""
    return re.sub(r"\s+", " ", heading).strip().casefold()
