"""Two people at once: a donation is matched to one of two lines, whichever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from donations.database import write_unit
from donations.errors import NotForThisLine
from donations.extensions import db
from donations.reconciliation import matches
from donations.reconciliation.matches import Said
from tests.events import fresh, wait_for_a_lock
from tests.factories import NOON
from tests.reconciliation.matching_steps import expected
from tests.reconciliation.steps import a_bank_account, a_line, match, raised, sound


@pytest.mark.databases("postgresql")
def test_a_gift_is_not_matched_to_two_lines_at_the_same_time(app: Flask) -> None:
    account, gift = a_bank_account(), expected(3000)
    said = Said("offline_gift", 3000, target=str(gift))
    first, second = a_line(account, 3000), a_line(account, 3000)
    fresh()

    def by_another() -> None:
        with app.app_context():
            try:
                match(second, said)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        # given one person's match that is not committed yet
        with write_unit() as conn:
            matches.confirm(conn, first, [said], rule="by hand", actor="tara", at=NOON)
            # when another matches another line to the same donation
            other = pool.submit(by_another)
            wait_for_a_lock(conn, [])
        # then that waits, and is refused
        with pytest.raises(NotForThisLine, match="another line"):
            other.result(10)
    assert raised() == 3000
    assert sound() == ()
