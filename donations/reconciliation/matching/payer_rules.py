"""What is learnt from confirmations: what a payer usually gives and to which fund; the rule that is offered after three
equal ones made by hand, and used once a person has accepted it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from donations.errors import AlreadyDone
from donations.reconciliation.matching import queries
from donations.reconciliation.matching.items import PayerKnown

EQUAL = 3  # confirmations by hand after which a rule is offered


@dataclass(frozen=True, slots=True)
class Offer:
    """Lines from this payer would be donations to that fund. `line_id` is the newest of the confirmations, for its
    name."""

    payer_hash: bytes
    fund_id: int
    confirmations: int
    line_id: int


@dataclass(slots=True)
class _Past:
    """What was confirmed of one payer's lines, in order."""

    amounts: set[int] = field(default_factory=set)
    emails: set[bytes] = field(default_factory=set)
    funds: set[int] = field(default_factory=set)
    by_hand: list[tuple[int, frozenset[int]]] = field(default_factory=list)  # (line, funds) of donations
    charges: int = 0


def offers(conn: Connection) -> list[Offer]:
    """The rules that may be accepted: a payer's last three donations that a person matched went to one and the same
    fund. In order of the newest first."""
    known = {(bytes(row.payer_hash), row.fund_id) for row in conn.execute(queries.ANSWERED_RULES)}
    found = []
    for payer, past in _pasts(conn).items():
        last = past.by_hand[-EQUAL:]
        funds = {fund for _, of_donation in last for fund in of_donation}
        if len(last) == EQUAL and len(funds) == 1:
            fund = next(iter(funds))
            times = sum(of_donation == {fund} for _, of_donation in past.by_hand)
            if (payer, fund) not in known:
                found.append(Offer(payer, fund, times, last[-1][0]))
    return sorted(found, key=lambda one: (-one.line_id, one.fund_id))


def accept_offer(conn: Connection, payer_hash: bytes, fund_id: int, *, actor: str, at: datetime) -> None:
    """Make a rule of an offer. Raises AlreadyDone if it is none, or no longer."""
    _answer(conn, payer_hash, fund_id, is_refused=False, actor=actor, at=at)


def refuse_offer(conn: Connection, payer_hash: bytes, fund_id: int, *, actor: str, at: datetime) -> None:
    """It is no rule, and is not offered again. Raises AlreadyDone if it is not offered any more."""
    _answer(conn, payer_hash, fund_id, is_refused=True, actor=actor, at=at)


def payers_known(conn: Connection) -> dict[bytes, PayerKnown]:
    """What is known of each payer that was confirmed, or has a rule."""
    learnt: dict[bytes, set[int]] = defaultdict(set)
    for row in conn.execute(queries.RULES):
        learnt[bytes(row.payer_hash)].add(row.fund_id)
    pasts = _pasts(conn)
    return {
        payer: PayerKnown(
            frozenset(past.amounts),
            frozenset(past.emails),
            frozenset(past.funds),
            frozenset(learnt.get(payer, ())),
            past.charges >= EQUAL,
        )
        for payer, past in _with_rules(pasts, learnt)
    }


def _answer(conn: Connection, payer_hash: bytes, fund_id: int, *, is_refused: bool, actor: str, at: datetime) -> None:
    if not any((one.payer_hash, one.fund_id) == (payer_hash, fund_id) for one in offers(conn)):
        raise AlreadyDone()
    answered = {"is_refused": is_refused, "accepted_by": actor, "accepted_at": at}
    conn.execute(insert(queries.rule).values(payer_hash=payer_hash, fund_id=fund_id, **answered))


def _with_rules(pasts: dict[bytes, _Past], learnt: dict[bytes, set[int]]) -> Iterator[tuple[bytes, _Past]]:
    yield from pasts.items()
    yield from ((payer, _Past()) for payer in learnt if payer not in pasts)


def _pasts(conn: Connection) -> dict[bytes, _Past]:
    funds: dict[int, set[int]] = defaultdict(set)
    for donation_id, fund_id in conn.execute(queries.HISTORY_FUNDS):
        funds[donation_id].add(fund_id)
    pasts: dict[bytes, _Past] = defaultdict(_Past)
    for row in conn.execute(queries.HISTORY):
        past = pasts[bytes(row.payer_hash)]
        by_hand = row.actor != "rules"
        if row.kind == "charge":
            past.charges += by_hand
            continue
        of_donation = frozenset(funds.get(row.of, ()))
        past.amounts.add(row.amount_minor)
        past.funds |= of_donation
        if row.email_hash is not None:
            past.emails.add(bytes(row.email_hash))
        if by_hand:
            past.by_hand.append((row.statement_line_id, of_donation))
    return dict(pasts)
