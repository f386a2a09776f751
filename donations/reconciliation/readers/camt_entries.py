"""A camt entry, with the transactions inside it, as our types: one line, or one for each transaction
where their amounts add up to the entry. No XML here."""

from __future__ import annotations

from datetime import date

from donations.money import Money
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.types import FETCH_AGAIN, FIX_LINE, N_, Draft, Entry, ReadLine, broken, money

_NOTHING = {"NOTPROVIDED", "NOTAVAILABLE", "NONREF", "NONE"}
_NOT_BOOKED = {"PDNG", "INFO", "FUTR"}
_SIDES = {"CRDT": 1, "DBIT": -1}
MAX_TEXTS = 2000
OTHER_CURRENCY = N_("Ask your bank for one statement for each currency.")


class Record:
    """The leaves of one part of the file, kept until it ends."""

    __slots__ = ("days", "details", "fields", "line", "outer", "place", "texts")

    def __init__(self, line: int = 0, outer: Record | None = None, place: int = 0) -> None:
        self.line, self.outer, self.place = line, outer, place
        self.fields: dict[str, str] = {}
        self.days: dict[str, date] = {}
        self.texts: list[str] = []
        self.details: list[Record] = []


def take_entry(draft: Draft, entry: Record) -> int:
    """Add the lines of an entry to the statement; gives how many. Entries that are not booked are counted only."""
    status = entry.fields.get("status", "BOOK")
    if status in _NOT_BOOKED:
        draft.pending += 1
        return 0
    if status != "BOOK":
        raise broken(entry.line, status, N_("we do not know whether this means booked by the bank"), FETCH_AGAIN)
    total = _amount(entry, draft.currency)
    if draft.currency and total.currency != draft.currency:
        shown = f"{total.plain()} {total.currency}"
        raise broken(entry.line, shown, N_("the currency of this line differs from its statement"), OTHER_CURRENCY)
    day = entry.days.get("BookgDt") or entry.days.get("ValDt")
    if day is None:
        raise broken(entry.line, "Ntry", N_("this line has no date"), FIX_LINE)
    draft.currency = draft.currency or total.currency
    parts = _parts(entry, total)
    ref = entry.fields.get("native_id", "")
    whole = Entry(ref, total.minor)
    for details, amount in parts:
        own_ref = details.fields.get("native_id", ref)
        draft.add(_line(entry, details, amount, day, whole if len(parts) > 1 or ref not in ("", own_ref) else None))
    return len(parts)


def _line(entry: Record, details: Record, amount: Money, day: date, whole: Entry | None) -> ReadLine:
    said = details.fields
    # Who paid us is the debtor; whom we paid is the creditor.
    other = "Dbtr" if amount.minor > 0 else "Cdtr"
    texts = [*details.texts, *_references(details)]
    behind = said.get(f"Ultmt{other}name", "")  # the person for whom a platform pays
    if behind and behind != said.get(f"{other}name"):
        texts.append(behind)
    more = said.get("more") or ("" if texts else entry.fields.get("more", ""))
    return ReadLine(
        entry.place,
        day,
        entry.days.get("ValDt"),
        amount,
        said.get("native_id") or entry.fields.get("native_id", ""),
        said.get(f"{other}name", ""),
        said.get(f"{other}account", ""),
        " ".join([*texts, more] if more else texts),
        whole,
    )


def _parts(entry: Record, total: Money) -> list[tuple[Record, Money]]:
    """The transactions of an entry, each with its amount: only where they come to the entry's own, else the entry alone
    counts (the bank took a charge off, or says amounts as they were sent in another currency)."""
    details = entry.details
    if len(details) < 2:
        return [(details[0] if details else entry, total)]
    side = entry.fields.get("side", "")
    parts = [(each, _part(each, total.currency, side)) for each in details]
    known = [(each, amount) for each, amount in parts if amount is not None]
    if len(known) == len(details) and sum(amount.minor for _, amount in known) == total.minor:
        return known
    return [(_whole(entry, total), total)]


def _whole(entry: Record, total: Money) -> Record:
    """A collective entry that stays one line, with the names and references of all its transactions: they are the only
    trace of who paid."""
    whole = Record(entry.line, place=entry.place)
    whole.fields.update(entry.fields)
    other = "Dbtr" if total.minor > 0 else "Cdtr"
    for part in entry.details:
        parties = [part.fields.get(f"{kind}{other}name", "") for kind in ("", "Ultmt")]
        kept = [*parties, *part.texts, *_references(part)]
        whole.texts += [text for text in kept if text]
    del whole.texts[MAX_TEXTS:]
    return whole


def _references(said: Record) -> list[str]:
    found = [said.fields.get(key, "") for key in ("end_to_end", "cheque", "mandate")]
    return [text for text in found if text and text.upper() not in _NOTHING]


def _part(details: Record, currency: str, side: str) -> Money | None:
    for kept in ("amount", "other_amount"):
        if details.fields.get(f"{kept} currency") == currency and kept in details.fields:
            sign = _SIDES.get(details.fields.get("side", side), 0)
            return money(sign * amounts.minor(details.fields[kept], currency), currency) if sign else None
    return None


def _amount(record: Record, currency: str) -> Money:
    """Signed by its side. A reversal (RvslInd) needs nothing more: its side says which way the money went."""
    sign = _SIDES.get(record.fields.get("side", ""), 0)
    written = record.fields.get("amount", "")
    code = record.fields.get("amount currency") or currency
    try:
        if sign:
            return money(sign * amounts.minor(written, amounts.known_currency(code)), code)
    except amounts.NotRead:
        pass
    shown = f"{written} {code} {record.fields.get('side', '')}"
    raise broken(
        record.line, shown, N_("this line has no amount, or does not say if money came in or went out"), FIX_LINE
    )


def see_to_account(draft: Draft, record: Record) -> None:
    """The header before the entries, which names the account."""
    draft.account = draft.account or record.fields.get("account", "")
    code = record.fields.get("currency")
    if code and not draft.currency:
        try:
            draft.currency = amounts.known_currency(code)
        except amounts.NotRead as error:
            raise broken(record.line, code, N_("this currency is not known")) from error


def opening_and_closing(form: str, draft: Draft, record: Record) -> tuple[Money | None, Money | None]:
    """Booked balances. A statement in several parts has interim ones (ITBD) between them; in a camt.052, which tells of
    a day that is not over, they say nothing of its lines."""
    said = {type_: [each for each in record.details if each.fields.get("type") == type_] for type_ in _TYPES}
    interim = [] if form == "camt.052" else said["ITBD"]
    opening = [*said["OPBD"], *said["PRCD"]] or interim[:1]
    closing = said["CLBD"] or [each for each in interim if each not in opening][-1:]
    if draft.ends_on is None and closing:
        draft.ends_on = closing[0].days.get("Dt")
    if not draft.currency and closing:
        draft.currency = _amount(closing[0], "").currency
    return (
        _amount(opening[0], draft.currency) if opening else None,
        _amount(closing[-1], draft.currency) if closing else None,
    )


_TYPES = ("OPBD", "PRCD", "CLBD", "ITBD")
