"""The headings that banks give to the columns of a CSV statement, in many languages. A new bank usually needs a word
here and nothing else."""

from __future__ import annotations

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
