"""What ends in part: money held on a card and captured in part, disputes won in part or at another rate. Rows 3d and 5e
of docs/ledger.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from donations.bookkeeping import entries_for, standing_of
from donations.money import Money
from tests.bookkeeping.test_entries import known, written
from tests.bookkeeping.test_rows import a_dispute, a_move, a_refund, charge_bt, raised, uncleared, usd, with_all
from tests.factories import gbp


def test_row_5e_what_does_not_come_back_with_a_win_is_lost() -> None:
    moves = [
        a_move("txn_2", "dispute", -10000, "dp_1", minutes=20),
        a_move("txn_3", "dispute_reversal", 6000, "dp_1", minutes=500),
    ]
    facts = with_all(known(gbp("100.00"), charge_bt()), a_dispute(gbp("100.00"), "won"), *moves)
    entries = entries_for(facts)
    assert written(entries)["dispute:dp_1:lost"] == ["4060 ANA +4000", "1130 ANA -4000"]
    assert (raised(entries), uncleared(entries)) == (6000, {})
    assert standing_of(facts, "GBP").remaining == gbp("60.00")
    # Until anything has come back, all of it may still come.
    waiting = with_all(known(gbp("100.00"), charge_bt()), a_dispute(gbp("100.00"), "won"), moves[0])
    assert "dispute:dp_1:lost" not in written(entries_for(waiting))


AT_RATES = [(7700, "0.77", 10000), (7910, "0.791", 10000), (3850, "0.77", 4905)]


@pytest.mark.parametrize(("back", "rate", "left"), AT_RATES)
def test_row_5e_another_rate_alone_is_a_difference_and_no_loss(back: int, rate: str, left: int) -> None:
    # given 100 dollars that settled at 78.50, taken at 78.50, and refunded at another rate, in full or by half
    settled = replace(charge_bt(7850, 290), exchange_rate="0.785")
    moves = [
        a_move("txn_2", "dispute", -7850, "dp_1", minutes=20, exchange_rate="0.785"),
        a_move("txn_3", "dispute_reversal", back, "dp_1", minutes=500, exchange_rate=rate),
    ]
    facts = with_all(known(usd(10000), settled), a_dispute(usd(10000), "won"), *moves)
    entries = entries_for(facts)
    assert uncleared(entries) == {}
    assert standing_of(facts, "USD").remaining == Money(left, "USD")
    assert ("dispute:dp_1:lost" in written(entries)) == (left < 10000)


def test_row_3d_the_rest_of_what_was_held_is_released_and_not_refunded() -> None:
    held = replace(known(gbp("20.00"), charge_bt(2000, 50)), is_part_captured=True)
    facts = with_all(held, a_refund("re_1", gbp("10.00")))
    entries = entries_for(facts)
    assert (raised(entries), uncleared(entries)) == (2000, {})
    # A refund of what was captured names its balance transaction.
    moved = with_all(facts, replace(a_refund("re_2", gbp("5.00")), balance_transaction_id="txn_2"))
    assert raised(entries_for(moved)) == 1500
