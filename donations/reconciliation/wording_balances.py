"""Under which wording a fund's money was given: each version with its donations and what remains of them, from the
postings; and which other funds a wording names. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, func, literal, select, union_all
from sqlalchemy.engine import Connection

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.extensions import db
from donations.models import (
    Adjustment,
    AppealWording,
    Donation,
    Entry,
    Fund,
    OfflineDonation,
    Payment,
    Posting,
)
from donations.models.base import BigInt
from donations.money import Money

# Words that do not identify a fund.
_COMMON = frozenset(
    "appeal campaign committee donation donations family fund funds general held money others people the"
    " кампания семья сбор сбора фонд фонда фонду другие деньги люди остаток".split()
)
_SHORTEST, _ENDING = 4, 2


@dataclass(frozen=True, slots=True)
class Given:
    """The donations to a fund under one wording: their number, and of them what remains after refunds and losses,
    in each currency as it is in the ledger."""

    wording: AppealWording
    donations: int
    sums: tuple[Money, ...]

    def minor(self, currency: str) -> int:
        return next((one.minor for one in self.sums if one.currency == currency), 0)


def of_funds(conn: Connection, fund_ids: Iterable[int]) -> dict[int, list[Given]]:
    """For each of these funds the wordings under which something of it was given, the oldest first."""
    found: dict[tuple[int, int], list[Any]] = defaultdict(list)
    asked = {"funds": list(fund_ids), "accounts": sorted(PUBLIC_ACCOUNTS)}
    for row in conn.execute(_BY_WORDING, asked) if asked["funds"] else ():
        found[row.fund_id, row.wording_id].append(row)
    known = {row.id: row for row in db.session.scalars(_WORDINGS, {"ids": [wording for _, wording in found]})}
    given: dict[int, list[Given]] = {fund_id: [] for fund_id in asked["funds"]}
    for (fund_id, wording_id), rows in found.items():
        sums = tuple(Money(int(row.minor), row.currency) for row in rows)
        # A donation is settled in one currency, so none is counted twice.
        given[fund_id].append(Given(known[wording_id], sum(int(row.donations) for row in rows), sums))
    return {fund_id: sorted(ones, key=lambda one: one.wording.number) for fund_id, ones in given.items()}


def named_in(wording: AppealWording, candidates: Iterable[Fund]) -> list[Fund]:
    """Which of the funds a wording names for a surplus, as far as its text shows: by the fund's whole name, or by
    every word of it that is its own."""
    words = {word for text in wording.surplus.values() for word in _words(text)}
    plain = " ".join(" ".join(_words(text)) for text in wording.surplus.values())
    return [fund for fund in candidates if fund.kind != "suspense" and _is_named(fund, plain, words)]


def _is_named(fund: Fund, plain: str, words: set[str]) -> bool:
    for name in fund.name.values():
        telling = [word for word in _words(name) if len(word) >= _SHORTEST and word not in _COMMON]
        whole = " ".join(_words(name))
        if f" {whole} " in f" {plain} " or (telling and all(_occurs_in(word, words) for word in telling)):
            return True
    return False


def _occurs_in(word: str, words: set[str]) -> bool:
    """With another ending too, as languages have them."""
    stem = word[: max(_SHORTEST, len(word) - _ENDING)]
    return any(other.startswith(stem) and abs(len(other) - len(word)) <= _ENDING for other in words)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "'" else " " for letter in text.casefold()).split()


def _of_funds(asked: Select[Any]) -> Select[Any]:
    return asked.where(
        Posting.fund_id.in_(bindparam("funds", expanding=True)),
        Posting.account.in_(bindparam("accounts", expanding=True)),
    )


def _columns() -> Sequence[Any]:
    return (
        Posting.fund_id,
        Posting.currency,
        Posting.amount_minor,
        Donation.wording_id,
        Donation.id.label("donation_id"),
    )


# A donation's money is entered under its payment, under itself once cash is accepted, on a statement line that names
# it, or by the decision that a failed refund may be kept.
_BY_CARD = (
    select(*_columns())
    .join(Entry, Entry.id == Posting.entry_id)
    .join(Payment, and_(Entry.source_type == "payment", Entry.source_id == Payment.id))
    .join(Donation, Donation.id == Payment.donation_id)
)
_BY_HAND = (
    select(*_columns())
    .join(Entry, Entry.id == Posting.entry_id)
    .join(OfflineDonation, and_(Entry.source_type == "offline_gift", Entry.source_id == OfflineDonation.id))
    .join(Donation, Donation.id == OfflineDonation.donation_id)
)
_BY_BANK = (
    select(*_columns())
    .join(OfflineDonation, Posting.clear_ref == literal("gift:") + cast(OfflineDonation.id, Text))
    .join(Donation, Donation.id == OfflineDonation.donation_id)
)
_KEPT = (
    select(*_columns())
    .join(Entry, Entry.id == Posting.entry_id)
    .join(Adjustment, and_(Entry.source_type == "adjustment", Entry.source_id == Adjustment.id))
    .join(Payment, and_(Adjustment.kind == "kept", Adjustment.clear_ref == Payment.charge_id))
    .join(Donation, Donation.id == Payment.donation_id)
)
_ALL = union_all(*(_of_funds(each) for each in (_BY_CARD, _BY_HAND, _BY_BANK, _KEPT))).subquery()
_BY_DONATION = (
    select(
        _ALL.c.fund_id, _ALL.c.currency, _ALL.c.wording_id, _ALL.c.donation_id,
        (-func.sum(_ALL.c.amount_minor)).label("minor"),
    )
    .group_by(_ALL.c.fund_id, _ALL.c.currency, _ALL.c.wording_id, _ALL.c.donation_id)
    .having(func.sum(_ALL.c.amount_minor) != 0)
    .subquery()
)  # fmt: skip
_BY_WORDING = (
    select(
        _BY_DONATION.c.fund_id, _BY_DONATION.c.wording_id, _BY_DONATION.c.currency,
        func.count().label("donations"), cast(func.sum(_BY_DONATION.c.minor), BigInt).label("minor"),
    )
    .where(_BY_DONATION.c.wording_id.is_not(None))
    .group_by(_BY_DONATION.c.fund_id, _BY_DONATION.c.wording_id, _BY_DONATION.c.currency)
    .order_by(_BY_DONATION.c.fund_id, _BY_DONATION.c.wording_id, _BY_DONATION.c.currency)
)  # fmt: skip
_WORDINGS = select(AppealWording).where(AppealWording.id.in_(bindparam("ids", expanding=True)))
