"""Whatever happens to a payment, drawn at random: every entry balances, every penny stays with its fund, and the order
in which the facts are known does not matter."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from donations.bookkeeping import Wanted, entries_for, standing_of
from donations.money import Money
from tests.bookkeeping.test_entries import ANA, known, sums
from tests.bookkeeping.test_rows import a_dispute, a_move, a_refund, charge_bt, raised, uncleared, with_all


@given(total=st.integers(1, 20_000), weights=st.lists(st.integers(1, 999), min_size=1, max_size=4), data=st.data())
def test_whatever_is_refunded_bounced_and_disputed_every_entry_balances_and_nothing_is_left_over(
    total: int, weights: list[int], data: st.DataObject
) -> None:
    facts = replace(
        known(Money(total, "GBP"), charge_bt(total, min(total, 50))),
        shares=tuple((ANA + number * 10, weight) for number, weight in enumerate(weights)),
    )
    things: list[object] = []
    left = total
    for number in range(data.draw(st.integers(0, 4))):
        part = data.draw(st.integers(1, left)) if left else 0
        if part:
            bounces = data.draw(st.booleans())
            status = "failed" if bounces else "succeeded"
            made = 10 + 100 * number
            things.append(a_refund(f"re_{number}", Money(part, "GBP"), made, status))
            things.append(a_move(f"txn_r{number}", "refund", -part, f"re_{number}", minutes=made))
            if bounces:
                things.append(a_move(f"txn_b{number}", "refund_failure", part, f"re_{number}", minutes=made + 50))
            left -= 0 if bounces else part
    if data.draw(st.booleans()):
        status = data.draw(st.sampled_from(["needs_response", "lost", "won"]))
        things += [a_dispute(Money(total, "GBP"), status), a_move("txn_d", "dispute", -total, "dp_1", fee=2000)]
        if status == "won":
            things.append(a_move("txn_w", "dispute_reversal", total, "dp_1", minutes=900))

    entries = entries_for(with_all(facts, *things))
    shuffled = entries_for(with_all(facts, *data.draw(st.permutations(things))))

    for entry in entries:
        per_fund: dict[tuple[int, str], int] = {}
        for line in entry.lines:
            per_fund[line.fund_id, line.currency] = per_fund.get((line.fund_id, line.currency), 0) + line.minor
        assert set(per_fund.values()) == {0}, entry
    assert sums(entries) == sums(shuffled)
    open_now = {key: minor for key, minor in uncleared(entries).items() if key[0] == 1105}
    assert open_now == {}, "every charge and refund clears, fund by fund"
    assert 0 <= raised(entries) <= total
    assert raised(entries) == standing_of(with_all(facts, *things), "GBP").remaining.minor - _withheld(entries)


def _withheld(entries: list[Wanted]) -> int:
    return sum(minor for key, minor in sums(entries).items() if key[0] == 1130)
