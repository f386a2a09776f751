"""The invariants of the ledger, each one a query whose answer must be empty. They read only; what follows from a fault
is decided by who asks (the command line, the worker). Numbered as in docs/ledger.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Connection

from donations import audit
from donations.bookkeeping import PUBLIC_ACCOUNTS, standing_of
from donations.facts import load_of_donations
from donations.ledger import acceptances, bank_checks, closed_periods
from donations.ledger.acceptances import Acceptance
from donations.ledger.findings import GRAVE, Finding, Report
from donations.money import Minor, Money, written
from donations.periods import period_of


def check(conn: Connection, at: datetime) -> Report:
    """Ask every question of the ledger, on a connection that sees one moment only (database.snapshot): else what others
    commit between two questions looks like a fault."""
    balances = conn.execute(_BALANCES).all()
    findings, accepted = _found(conn, balances, _QUESTIONS)
    trial_balance: dict[tuple[int, str], int] = defaultdict(int)
    for account, _, currency, minor, _ in balances:
        trial_balance[account, currency] += int(minor)
    return Report(
        findings=tuple(findings),
        open_items=tuple(_open_items(conn, at)),
        trial_balance=dict(trial_balance),
        entries=conn.execute(text("SELECT count(*) FROM entry")).scalar_one(),
        postings=sum(count for *_, count in balances),
        accepted=tuple(accepted),
    )


def grave(conn: Connection) -> tuple[Finding, ...]:
    """The faults that stop posting, and nothing else asked."""
    asked = {name: ask for name, ask in _QUESTIONS.items() if name.split()[0] in GRAVE}
    return tuple(_found(conn, conn.execute(_BALANCES).all(), asked)[0])


def _found(
    conn: Connection, balances: Sequence[Any], asked: Mapping[str, Ask]
) -> tuple[list[Finding], list[tuple[Finding, Acceptance]]]:
    """The faults, and apart from them those that were accepted exactly as they stand: never a fault beside them."""
    signed = acceptances.load(conn)
    findings: list[Finding] = []
    accepted: list[tuple[Finding, Acceptance]] = []
    allowed: dict[tuple[int, str], int] = defaultdict(int)
    for name, ask in asked.items():
        for said, subject, facts in ask(conn):
            figure = acceptances.figure(facts)
            one = Finding(name, said, subject, figure, facts)
            acceptance = signed.get((name, subject, figure))
            if acceptance is None:
                findings.append(one)
                continue
            accepted.append((one, acceptance))
            if name == "I1":  # I2 sees the same difference; an accepted entry that is whole again allows nothing.
                allowed[facts["fund"], facts["currency"]] += int(facts["minor"])
    return [*_whole_ledger(balances, allowed), *findings], accepted


def _whole_ledger(balances: Sequence[Any], allowed: Mapping[tuple[int, str], int]) -> Iterator[Finding]:
    """I2, from the balances of (account, fund, currency): a second look through all postings would cost as much. Beside
    the differences of entries that were accepted, nothing may be left."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for _, fund_id, currency, minor, _ in balances:
        sums[fund_id, currency] += int(minor)
    for fund_id, currency in sorted(sums.keys() | allowed.keys()):
        minor = sums[fund_id, currency] - allowed.get((fund_id, currency), 0)
        if minor:
            said = f"the ledger of fund {fund_id} is out of balance by {written(Money(minor, currency))}"
            facts = {"fund": fund_id, "currency": currency, "minor": minor}
            yield Finding("I2", said, f"fund:{fund_id}:{currency}", str(minor), facts)


def _each(sql: str, sentence: str, subject: str = "", names: str = "") -> Ask:
    """A question in SQL: every row it gives is a fault, told by the sentence, where "{1:{3}}" is minor units in the
    currency of {3}. `names` are those of its columns."""

    def ask(conn: Connection) -> Iterator[Fault]:
        for row in conn.execute(text(sql)):
            shown = [Minor(value) if isinstance(value, int | Decimal) else value for value in row]
            yield sentence.format(*shown), subject.format(*row), dict(zip(names.split(), row, strict=False))

    return ask


def stored_totals(conn: Connection) -> Iterator[tuple[tuple[int, date, str], int, int]]:
    """What is stored of a fund, period and currency, and what the postings say, wherever these differ."""
    posted: dict[tuple[int, date, str], int] = defaultdict(int)
    for fund_id, period, currency, day, minor in conn.execute(_PUBLIC_POSTINGS, {"accounts": sorted(PUBLIC_ACCOUNTS)}):
        posted[fund_id, period_of(period, _day(day)), currency] += int(minor)
    stored = {
        (fund_id, _day(start), currency): minor
        for fund_id, start, currency, minor in conn.execute(
            text("SELECT fund_id, period_start, currency, raised_minor FROM fund_total")
        )
    }
    for key in sorted(posted.keys() | stored.keys()):
        if posted.get(key, 0) != stored.get(key, 0):
            yield key, stored.get(key, 0), posted.get(key, 0)


def counts(conn: Connection) -> Iterator[tuple[int, date, int, int]]:
    """The number of donations that a stored total claims and the true number, wherever these differ: appeal, period,
    stored, counted."""
    for appeal_id, start, said, counted in conn.execute(text(_COUNTS)):
        yield appeal_id, _day(start), said, counted


def _stored_totals(conn: Connection) -> Iterator[Fault]:
    """I10: what is stored of each fund, period and currency is what the postings say."""
    for (fund_id, start, currency), stored, posted in stored_totals(conn):
        stored_as, posted_as = written(Money(stored, currency)), written(Money(posted, currency))
        said = f"the stored total of fund {fund_id} from {start} is {stored_as}, but the ledger says {posted_as}"
        facts = {"fund": fund_id, "start": start, "currency": currency, "stored": stored, "posted": posted}
        yield said, f"total:{fund_id}:{start}:{currency}", facts


def _what_remains(conn: Connection) -> Iterator[Fault]:
    """I11: where something was refunded or lost, the live receipt shows what remains, in the donation's own
    currency."""
    for batch in _batched(conn.scalars(text(f"{_TAKEN_BACK} ORDER BY 1")).all()):
        known = load_of_donations(conn, batch)
        said: dict[int, dict[str, int]] = defaultdict(dict)
        for row in conn.execute(_LIVE_AMOUNTS, {"donations": batch}):
            said[row.donation_id][row.currency] = row.amount_minor
        for donation_id in batch:
            remaining: dict[str, int] = defaultdict(int)
            for facts in known.get(donation_id, ()):
                if facts.amount is not None:
                    remaining[facts.amount.currency] += standing_of(facts, facts.amount.currency).remaining.minor
            for currency in sorted(remaining.keys() | said[donation_id].keys()):
                stated, remains = said[donation_id].get(currency), remaining[currency]
                if (stated or 0) != max(remains, 0):
                    says, rest = written(Money(stated or 0, currency)), written(Money(remains, currency))
                    told = f"the receipt says {says}, but {rest} remains"
                    figures = {
                        "donation": donation_id, "stated": stated or 0, "remaining": remains, "currency": currency,
                    }  # fmt: skip
                    yield f"donation {donation_id}: {told}", f"donation:{donation_id}", figures


def _audit_chain(conn: Connection) -> Iterator[Fault]:
    """I13: the audit log is as it was written."""
    for broken in audit.breaks(conn):
        said = f"the audit log is broken at entry {broken.id}: {broken.said}"
        yield said, f"act:{broken.id}", acceptances.break_facts(broken)


def _batched(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    """So many at a time: memory stays bounded, and no statement has more parameters than SQLite takes."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _open_items(conn: Connection, at: datetime) -> Iterator[str]:
    """I6 and I3: what does not clear to zero yet, with the day since when. Normal for young ones; each has an end."""
    rows = conn.execute(
        text(
            "SELECT p.account, a.name, p.clear_ref, p.currency, sum(p.amount_minor), min(e.entry_date)"
            " FROM posting p JOIN account a ON a.code = p.account JOIN entry e ON e.id = p.entry_id"
            " WHERE a.clears_by IS NOT NULL GROUP BY p.account, a.name, p.clear_ref, p.currency"
            " HAVING sum(p.amount_minor) <> 0 ORDER BY min(e.entry_date), p.clear_ref"
        )
    )
    for account, name, clear_ref, currency, minor, since in rows:
        yield f"{account} {name}: {clear_ref} {written(Money(int(minor), currency))} since {_day(since)}"
    # Stripe promises the fee of a charge within the hour.
    late = conn.execute(_LATE_FEES, {"before": at - timedelta(hours=1)}).scalar_one()
    if late:
        yield f"card payments without their processing fee for over an hour: {late}"


_BALANCES = text(
    "SELECT account, fund_id, currency, sum(amount_minor), count(*) FROM posting GROUP BY account, fund_id, currency"
)
_PUBLIC_POSTINGS = text(
    "SELECT f.id, a.period, p.currency, e.entry_date, -sum(p.amount_minor) FROM posting p"
    " JOIN entry e ON e.id = p.entry_id JOIN fund f ON f.id = p.fund_id JOIN appeal a ON a.id = f.appeal_id"
    " WHERE p.account IN :accounts GROUP BY f.id, a.period, p.currency, e.entry_date"
).bindparams(bindparam("accounts", expanding=True))
_LIVE_AMOUNTS = text(
    "SELECT donation_id, currency, amount_minor FROM receipt WHERE donation_id IN :donations AND state = 'live'"
).bindparams(bindparam("donations", expanding=True))
_LATE_FEES = text(
    "SELECT count(*) FROM payment p WHERE p.succeeded_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM balance_transaction b WHERE b.payment_id = p.id"
    " AND b.reporting_category = 'charge')"
)
_OF_A_CHARGE = (
    "('charge', 'charge_failure', 'partial_capture_reversal',"
    " 'refund', 'refund_failure', 'dispute', 'dispute_reversal')"
)
# Donations of which something was, or may be, refunded or lost.
_TAKEN_BACK = (
    "SELECT DISTINCT q.donation_id FROM payment q WHERE q.donation_id IS NOT NULL"
    " AND q.id NOT IN (SELECT payment_id FROM stray_payment) AND"
    " (q.id IN (SELECT payment_id FROM refund) OR q.id IN (SELECT payment_id FROM dispute))"
)
# The plus keeps SQLite from looking through all entries that reverse nothing, by the index of that column.
_LIVE = "+e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)"

# The message, its subject, and its facts by name.
Fault = tuple[str, str, dict[str, Any]]
Ask = Callable[[Connection], Iterator[Fault]]
_COUNTS = (
    "SELECT t.appeal_id, t.period_start, t.donations, count(d.id) FROM appeal_total t"
    " LEFT JOIN donation d ON d.appeal_id = t.appeal_id AND d.counted_in = t.period_start"
    " GROUP BY t.appeal_id, t.period_start, t.donations HAVING t.donations <> count(d.id)"
    " UNION ALL SELECT d.appeal_id, d.counted_in, 0, count(*) FROM donation d WHERE d.counted_in IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM appeal_total t"
    " WHERE t.appeal_id = d.appeal_id AND t.period_start = d.counted_in) GROUP BY d.appeal_id, d.counted_in"
)

_QUESTIONS: dict[str, Ask] = {
    "I1": _each(
        "SELECT entry_id, fund_id, currency, sum(amount_minor) FROM posting"
        " GROUP BY entry_id, fund_id, currency HAVING sum(amount_minor) <> 0",
        "entry {0} of fund {1} is out of balance by {3:{2}}",
        "entry:{0}:{1}:{2}",
        "entry fund currency minor",
    ),
    "I1 sealed": _each(
        "SELECT e.id, count(p.line) FROM entry e LEFT JOIN posting p ON p.entry_id = e.id"
        " GROUP BY e.id HAVING count(p.line) < 2",
        "entry {0} has {1} postings instead of at least 2",
        "entry:{0}",
        "entry postings",
    ),
    "I3": _each(
        "SELECT b.id, count(e.id) FROM balance_transaction b"  # noqa: S608 - a constant
        f" LEFT JOIN entry e ON e.idem_key = 'bt:' || b.id AND {_LIVE}"
        f" WHERE b.payment_id IS NOT NULL OR (b.reporting_category NOT IN {_OF_A_CHARGE}"
        " AND coalesce(b.balance_type, 'payments') <> 'risk_reserved')"
        " GROUP BY b.id HAVING count(e.id) <> 1",
        "Stripe transaction {0} has {1} entries instead of 1",
        names="transaction entries",
    ),
    "I10": _stored_totals,
    "I10 count": _each(
        _COUNTS, "appeal {0} from {1} shows {2} donations, not {3}", "count:{0}:{1}", "appeal start stored counted"
    ),
    "I11 gaps": _each(
        "SELECT s.prefix, s.next_number - 1, coalesce(sum(u.known), 0), coalesce(max(u.last), 0) FROM receipt_series s"
        " LEFT JOIN (SELECT series_id, count(*) AS known, max(number) AS last FROM receipt GROUP BY series_id"
        " UNION ALL SELECT series_id, sum(last_number - first_number + 1), max(last_number) FROM receipt_gap"
        " GROUP BY series_id) u ON u.series_id = s.id GROUP BY s.id, s.prefix, s.next_number"
        " HAVING coalesce(sum(u.known), 0) <> s.next_number - 1 OR coalesce(max(u.last), 0) <> s.next_number - 1",
        "receipt series {0} has used {1} numbers, but has {2} receipts and the last number is {3}",
        "series:{0}",
        "series taken known last",
    ),
    "I11 amount": _each(
        "SELECT r.label, r.amount_minor, coalesce(sum(p.amount_minor), 0), r.currency FROM receipt r"  # noqa: S608
        " LEFT JOIN payment p ON p.donation_id = r.donation_id AND p.currency = r.currency"
        " AND p.succeeded_at IS NOT NULL AND p.failed_at IS NULL"
        " AND p.id NOT IN (SELECT payment_id FROM stray_payment)"
        f" WHERE r.state = 'live' AND r.donation_id NOT IN ({_TAKEN_BACK})"
        " AND NOT EXISTS (SELECT 1 FROM offline_donation g WHERE g.donation_id = r.donation_id)"
        " GROUP BY r.id, r.label, r.amount_minor, r.currency HAVING r.amount_minor <> coalesce(sum(p.amount_minor), 0)",
        "receipt {0} says {1:{3}}, but {2:{3}} was received",
        "receipt:{0}",
        "receipt stated received currency",
    ),
    "I11 missing": _each(
        "SELECT p.charge_id FROM payment p WHERE p.succeeded_at IS NOT NULL AND p.failed_at IS NULL"  # noqa: S608
        " AND p.donation_id IS NOT NULL AND p.id NOT IN (SELECT payment_id FROM stray_payment)"
        f" AND p.donation_id NOT IN ({_TAKEN_BACK}) AND NOT EXISTS"
        " (SELECT 1 FROM receipt r WHERE r.donation_id = p.donation_id AND r.state = 'live')",
        "payment {0} was received and has no receipt",
        "charge:{0}",
        "charge",
    ),
    "I11 remaining": _what_remains,
    "I12": _each(
        f"SELECT e.idem_key, count(*) FROM entry e WHERE {_LIVE} GROUP BY e.idem_key HAVING count(*) > 1",  # noqa: S608
        "{0} is recorded {1} times instead of once",
        "key:{0}",
        "key live",
    ),
    "I13": _audit_chain,
    "I14": closed_periods.faults,
    **{name: _each(*question) for name, question in bank_checks.QUESTIONS.items()},
}
INVARIANTS = ("I2", *_QUESTIONS)
GRAVE_INVARIANTS = tuple(name for name in INVARIANTS if name.split()[0] in GRAVE)
