"""How the CSV statements of usual banks read, known by their headings. A profile says only what its headings do not say
by themselves; anything else is guessed from them."""

from __future__ import annotations

from collections.abc import Sequence

from donations.reconciliation.readers.column_maps import ColumnMap, plainly

PROFILES: tuple[ColumnMap, ...] = (
    ColumnMap(bank="Barclays", date="Date", amount="Amount", text=("Subcategory", "Memo"), own_account="Account",
    dates="dmy"),
    ColumnMap(
        bank="Lloyds Bank", date="Transaction Date", debit="Debit Amount", credit="Credit Amount", balance="Balance",
        text=("Transaction Type", "Transaction Description"), own_account="Account Number", dates="dmy",
    ),
    ColumnMap(
        bank="NatWest", date="Date", amount="Value", balance="Balance", text=("Type", "Description"),
        own_account="Account Number", dates="dmy",
    ),
    ColumnMap(bank="Nationwide", date="Date", debit="Paid out", credit="Paid in", balance="Balance",
        text=("Transaction type", "Description")),
    ColumnMap(
        bank="Starling Bank", date="Date", amount="Amount (GBP)", balance="Balance (GBP)", name="Counter Party",
        text=("Reference", "Type"), dates="dmy",
    ),
    ColumnMap(
        bank="PayPal", date="Date", amount="Net", currency="Currency", name="Name", text=("Type",),
        id="Transaction ID", state="Status", balance="Balance",
    ),
    ColumnMap(
        bank="Monzo", id="Transaction ID", date="Date", amount="Amount", currency="Currency", name="Name",
        text=("Notes and #tags", "Description", "Type"), dates="dmy",
    ),
    ColumnMap(
        bank="Revolut Business", date="Date completed (UTC)", id="ID", state="State", amount="Total amount",
        currency="Payment currency", name="Payer", text=("Reference", "Description"), dates="ymd",
    ),
    ColumnMap(
        bank="Revolut", date="Completed Date", amount="Amount", fee="Fee", currency="Currency", state="State",
        balance="Balance", text=("Description", "Type"), dates="ymd",
    ),
    ColumnMap(
        bank="Wise", id="TransferWise ID", date="Date", amount="Amount", currency="Currency", name="Payer Name",
        account="Payee Account Number", text=("Payment Reference", "Description"), balance="Running Balance",
        dates="dmy",
    ),
    ColumnMap(
        bank="N26", date="Booking Date", value_date="Value Date", name="Partner Name", account="Partner Iban",
        text=("Payment Reference", "Type"), amount="Amount (EUR)", dates="ymd",
    ),
    ColumnMap(
        bank="Sparkasse", own_account="Auftragskonto", date="Buchungstag", value_date="Valutadatum",
        text=("Verwendungszweck", "Kundenreferenz (End-to-End)"), name="Beguenstigter/Zahlungspflichtiger",
        account="Kontonummer/IBAN", amount="Betrag", currency="Waehrung", state="Info", dates="dmy", decimal=",",
    ),
    ColumnMap(
        bank="Volksbank", own_account="IBAN Auftragskonto", date="Buchungstag", value_date="Valutadatum",
        name="Name Zahlungsbeteiligter", account="IBAN Zahlungsbeteiligter", text=("Verwendungszweck",),
        amount="Betrag",
        currency="Waehrung", balance="Saldo nach Buchung", dates="dmy", decimal=",",
    ),
    ColumnMap(
        bank="DKB", date="Buchungsdatum", value_date="Wertstellung", state="Status", name="Zahlungspflichtige*r",
        text=("Verwendungszweck", "Kundenreferenz"), account="IBAN", amount="Betrag (€)", dates="dmy", decimal=",",
    ),
    ColumnMap(
        bank="ING (Deutschland)", date="Buchung", value_date="Wertstellungsdatum", name="Auftraggeber/Empfänger",
        text=("Verwendungszweck", "Buchungstext"), balance="Saldo", amount="Betrag", currency="Währung", dates="dmy",
        decimal=",",
    ),
    ColumnMap(
        bank="ING (Nederland)", date="Datum", name="Naam / Omschrijving", own_account="Rekening",
        account="Tegenrekening",
        sign="Af Bij", amount="Bedrag (EUR)", text=("Mededelingen",), decimal=",",
    ),
    ColumnMap(
        bank="Rabobank", own_account="IBAN/BBAN", currency="Munt", id="Volgnr", date="Datum", value_date="Rentedatum",
        amount="Bedrag", balance="Saldo na trn", account="Tegenrekening IBAN/BBAN", name="Naam tegenpartij",
        text=("Omschrijving-1",), dates="ymd", decimal=",",
    ),
    ColumnMap(
        bank="Т-Банк", date="Дата операции", state="Статус", amount="Сумма платежа", currency="Валюта платежа",
        text=("Описание", "Категория"), dates="dmy", decimal=",",
    ),
    ColumnMap(
        bank="Альфа-Банк", own_account="Номер счета", currency="Валюта", date="Дата операции", id="Референс проводки",
        text=("Описание операции",), credit="Приход", debit="Расход", dates="dmy", decimal=",",
    ),
)  # fmt: skip


def recognised(row: Sequence[str]) -> ColumnMap | None:
    """The profile whose headings are all in this row; the one with the most headings, if several fit."""
    found = {plainly(heading) for heading in row}
    fitting = [each for each in PROFILES if all(plainly(heading) in found for heading in each.headings())]
    return max(fitting, key=lambda each: len(each.headings()), default=None)
