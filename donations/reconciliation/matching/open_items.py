"""What there is to match, out of the database: lines that are not matched and things that are open, with what is sealed
of them opened for the length of one run. Nothing is written, nothing decided."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from donations import privacy, references
from donations.reconciliation.matching import names, payer_rules, queries
from donations.reconciliation.matching.items import (
    ANY_NEW_DONATION,
    HeldCheque,
    Items,
    Key,
    Line,
    OpenDonation,
    OpenPayingInSlip,
    OpenPayment,
    OpenPayout,
)
from donations.reconciliation.statement_lines import details as line_details

_NOT_PLAIN = re.compile(r"[\W_]+")
BY_NO_PERSON = ("rules", "stripe")


def load(conn: Connection) -> Items:
    """All unmatched lines and all open things."""
    appeals = _appeals(conn)
    donations = tuple(_donations(conn, appeals))
    known = {code for donation in donations for code in donation.codes}
    known |= {references.code_of_appeal_id(appeal_id) for appeal_id in appeals}
    return Items(
        tuple(_lines(conn, known, _FundNames(conn))),
        donations,
        tuple(_slips(conn)),
        tuple(_payments(conn)),
        tuple(_cheques(conn)),
        tuple(_payouts(conn)),
        appeals,
        payer_rules.payers_known(conn),
    )


def details_of(line: Any) -> Mapping[str, str]:
    """Name, account, text and native id of the other side of a line. `text` holds every word by which it may be found:
    what the bank wrote before, too, and who paid the parts of a collective entry."""
    said = line_details.opened(line.details_sealed, line_details.identity(line.id))
    return {"name": said.get("name", ""), "account": said.get("account", ""), "text": line_details.all_text(said)}


def refused_as(conn: Connection, line_ids: Sequence[int] | None = None) -> dict[int, frozenset[Key]]:
    """For the lines that a person has answered for, or those of them that are asked about: what they are not. A
    proposal that ended because another one was chosen was not refused."""
    asked = (
        queries.ANSWERS if line_ids is None else queries.ANSWERS.where(queries.match.c.statement_line_id.in_(line_ids))
    )
    answers = conn.execute(asked, {"nobody": BY_NO_PERSON}).all()
    chosen = {(row.statement_line_id, row.actor, row.made_at) for row in answers if row.state == "undone"}
    found: dict[int, set[Key]] = defaultdict(set)
    for row in answers:
        not_this = found[row.statement_line_id]
        if row.state == "undone" or (row.statement_line_id, row.ended_by, row.ended_at) not in chosen:
            not_this.add((row.kind, row.target))
        if row.state == "undone" and "new_gift" in row.reasons:
            not_this.add(ANY_NEW_DONATION)
    return {line_id: frozenset(keys) for line_id, keys in found.items()}


def _lines(conn: Connection, known: Collection[str], funds: _FundNames) -> Iterator[Line]:
    refused = refused_as(conn)
    none: frozenset[Key] = frozenset()
    for row in conn.execute(queries.LINES):
        said = details_of(row)
        name, text = said.get("name", ""), said.get("text", "")
        yield Line(
            row.id,
            row.bank_account_id,
            row.booked_on,
            row.amount_minor,
            row.currency,
            row.payer_hash,
            name,
            names.words_of(name),
            words := names.words_of(text or name),
            _plain(f"{name} {text}"),
            tuple(references.find(f"{text} | {name}", known)) if row.amount_minor > 0 else (),
            funds.named_in(words),
            refused.get(row.id, none),
            row.id in refused,
        )


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub(" ", text if text.isascii() else unicodedata.normalize("NFKC", text)).lower()


class _FundNames:
    """The words by which funds are named in texts. A detainee is named by one word that no other has; any other fund,
    and an appeal, by its whole name."""

    def __init__(self, conn: Connection) -> None:
        self.wholes: list[tuple[names.Words, frozenset[int]]] = []
        by_word: dict[str, set[int]] = defaultdict(set)
        of_appeal: dict[int, set[int]] = defaultdict(set)
        titles: dict[int, Mapping[str, str]] = {}
        for row in conn.execute(queries.FUND_NAMES):
            of_appeal[row.appeal_id].add(row.id)
            titles[row.appeal_id] = row.title
            for written in (*row.name.values(), row.slug.replace("-", " ")):
                self._add(written, {row.id})
                if row.kind == "detainee":
                    for word in names.words_of(written):
                        by_word[word].add(row.id)
        for appeal_id, title in titles.items():
            for written in title.values():
                self._add(written, of_appeal[appeal_id])
        self.words = {word: next(iter(funds)) for word, funds in by_word.items() if len(funds) == 1 and len(word) > 3}
        self.first = frozenset(self.words) | {word for words, _ in self.wholes for word in words}

    def named_in(self, words: names.Words) -> frozenset[int]:
        near = words & self.first
        if not near:
            return frozenset()
        found = {self.words[word] for word in near if word in self.words}
        return frozenset(found.union(*(funds for whole, funds in self.wholes if whole <= near)))

    def _add(self, written: str, funds: set[int]) -> None:
        whole = names.words_of(written)
        if len(whole) > 1:
            self.wholes.append((whole, frozenset(funds)))


def _appeals(conn: Connection) -> dict[int, frozenset[int]]:
    """The funds of each appeal that donations may come for."""
    funds: dict[int, set[int]] = defaultdict(set)
    for row in conn.execute(queries.APPEAL_FUNDS):
        funds[row.appeal_id].add(row.id)
    return {appeal_id: frozenset(of_appeal) for appeal_id, of_appeal in funds.items()}


def _donations(conn: Connection, appeals: Mapping[int, frozenset[int]]) -> Iterator[OpenDonation]:
    funds: dict[int, set[int]] = defaultdict(set)
    for donation_id, fund_id in conn.execute(queries.OFFLINE_DONATION_FUNDS):
        funds[donation_id].add(fund_id)
    for row in conn.execute(queries.DONATIONS):
        written = references.normalised(row.reference_code) if row.reference_code else None
        own = references.code_of_offline_donation(row.id)
        yield OpenDonation(
            row.id,
            row.amount_minor,
            row.currency,
            row.appeal_id,
            frozenset(funds[row.donation_id]),
            (own, written) if written and written != own else (own,),
            row.payer_hash,
            row.email_hash,
            names.words_of(privacy.unseal_or_empty(row.name_sealed, f"donation:{row.reference}:name")),
            row.received_on,
        )


def _slips(conn: Connection) -> Iterator[OpenPayingInSlip]:
    for row in conn.execute(queries.SLIPS):
        left = row.expected_minor - int(row.credited)
        if left > 0:
            yield OpenPayingInSlip(row.id, row.bank_account_id, left, row.currency, row.number or "", row.paid_in_on)


def _payments(conn: Connection) -> Iterator[OpenPayment]:
    for row in conn.execute(queries.PAYMENTS):
        payee = names.words_of(privacy.unseal_or_empty(row.payee_sealed, f"disbursement:{row.form_key}:payee"))
        words = frozenset(word for word in payee if not any(character.isdigit() for character in word))
        yield OpenPayment(row.id, -row.amount_minor, row.currency, words, row.sent_at.date())


def _cheques(conn: Connection) -> Iterator[HeldCheque]:
    for row in conn.execute(queries.CHEQUES):
        name = names.words_of(privacy.unseal_or_empty(row.name_sealed, f"donation:{row.reference}:name"))
        yield HeldCheque(row.id, -row.amount_minor, row.currency, row.cheque_number or "", name, row.received_on)


def _payouts(conn: Connection) -> Iterator[OpenPayout]:
    for row in conn.execute(queries.PAYOUTS):
        trace = _NOT_PLAIN.sub("", row.trace_id or "").lower()
        yield OpenPayout(row.id, row.amount_minor, row.currency, row.arrival_on, trace)
