"""Which lines of a file are stored already. The strongest evidence comes first, and each stored line is at most one
line of the file: equal wording, the bank's own number, a collective entry and its parts; what is left over on both
sides and looks alike becomes a question to a person (docs/decisions/0028-identity-of-statement-lines.md)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Connection

from donations import privacy
from donations.reconciliation.readers import ReadLine, ReadStatement
from donations.reconciliation.statement_lines import collective, likeness
from donations.reconciliation.statement_lines.comparison import Compared
from donations.reconciliation.statement_lines.evidence import SEPARATOR
from donations.reconciliation.statement_lines.held import Held

KEY_PURPOSE = "bank line"


def compare(
    conn: Connection, account_id: int, statements: tuple[ReadStatement, ...], form: str, at: datetime
) -> Compared:
    """Number the lines of the file, and find those that are here already. Writes nothing."""
    compared = Compared(statements, at)
    key_of = _keys(account_id)
    compared.keys = [key_of(line) for line in compared.lines()]
    held = Held(conn, account_id, compared, form)
    held.claim_by_words()
    if held.left and held.has_lines:
        held.claim_by_number()
        collective.claim(held)
        likeness.doubt(held)
    _number_the_new(compared, held)
    return compared


def _keys(account_id: int) -> Callable[[ReadLine], bytes]:
    hashed = privacy.hasher(KEY_PURPOSE)
    own = str(account_id)

    def key(line: ReadLine) -> bytes:
        said = SEPARATOR.join((
            own, line.booked_on.isoformat(), str(line.amount.minor), line.amount.currency, line.native_id, line.name,
            line.account, line.text,
        ))  # fmt: skip
        return hashed(said if said.isascii() else unicodedata.normalize("NFKC", said))

    return key


def _number_the_new(compared: Compared, held: Held) -> None:
    nth = held.last_occurrence
    for place, key in enumerate(compared.keys):
        is_new = place in held.left or place in compared.doubts
        if is_new:
            nth[key] = nth.get(key, 0) + 1
        compared.occurrences.append(nth[key] if is_new else 0)
        compared.known += not is_new
