"""Refunds, bounces, disputes, failures, foreign currency and stray balance transactions: rows 3 to 5d, 8 and 9 of
docs/ledger.md to the penny, and that the order in which facts become known does not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from donations.bookkeeping import PUBLIC_ACCOUNTS, Wanted, entries_for, entry_for, standing_of
from donations.errors import CurrencyMismatch
from donations.facts import BalanceTransaction, Dispute, PaymentFacts, Refund
from donations.money import Money
from tests.bookkeeping.test_entries import ANA, BO, GEN, SUS, known, sums, written
from tests.events import a_transaction
from tests.factories import NOON, gbp


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def a_refund(refund_id: str, amount: Money, minutes: int = 10, status: str = "succeeded") -> Refund:
    failed_at = later(minutes + 60) if status == "failed" else None
    return Refund(refund_id, "ch_1", amount, status, later(minutes), failed_at=failed_at)


def a_dispute(amount: Money, status: str = "needs_response", dispute_id: str = "dp_1", minutes: int = 20) -> Dispute:
    return Dispute(dispute_id, "ch_1", amount, status, "fraudulent", later(minutes), later(minutes + 1))


def a_move(
    move_id: str, category: str, minor: int, source: str, fee: int = 0, minutes: int = 1, **more: Any
) -> BalanceTransaction:
    moved = a_transaction("ch_1", Money(minor, more.pop("currency", "GBP")), fee, id=move_id)
    return replace(moved, source_id=source, reporting_category=category, created_at=later(minutes), **more)


def charge_bt(minor: int = 10000, fee: int = 170) -> BalanceTransaction:
    return a_move("txn_1", "charge", minor, "ch_1", fee)


def with_all(facts: PaymentFacts, *things: object) -> PaymentFacts:
    return replace(
        facts,
        transactions=(*facts.transactions, *(each for each in things if isinstance(each, BalanceTransaction))),
        refunds=tuple(each for each in things if isinstance(each, Refund)),
        disputes=tuple(each for each in things if isinstance(each, Dispute)),
    )


def raised(entries: list[Wanted]) -> int:
    return -sum(line.minor for entry in entries for line in entry.lines if line.account in PUBLIC_ACCOUNTS)


def uncleared(entries: list[Wanted]) -> dict[tuple[int, int, str, str | None], int]:
    return {key: minor for key, minor in sums(entries).items() if key[0] in (1105, 1130, 2010, 2020)}


def test_row_3_a_bank_debit_whose_balance_transaction_comes_while_it_is_pending() -> None:
    pending = replace(known(gbp("50.00"), charge_bt(5000, 25)), succeeded_at=None)
    assert written(entries_for(pending)) == {"bt:txn_1": ["1100 ANA +4975", "5000 ANA +25", "1105 ANA -5000"]}
    succeeded = replace(pending, succeeded_at=later(60))
    assert written(entries_for(succeeded))["charge:ch_1:gift"] == ["1105 ANA +5000", "4000 ANA -5000"]
    assert uncleared(entries_for(succeeded)) == {}


def test_row_3_it_fails_without_ever_having_succeeded() -> None:
    back = a_move("txn_2", "charge_failure", -5000, "ch_1", minutes=60)
    failed = replace(known(gbp("50.00"), charge_bt(5000, 25), back), succeeded_at=None, failed_at=later(60))
    entries = entries_for(failed)
    assert written(entries)["bt:txn_2"] == ["1100 ANA -5000", "1105 ANA +5000"]
    assert (raised(entries), uncleared(entries)) == (0, {})


def test_row_3c_it_fails_after_it_had_succeeded() -> None:
    back = a_move("txn_2", "charge_failure", -5000, "ch_1", minutes=60)
    entries = entries_for(replace(known(gbp("50.00"), charge_bt(5000, 25), back), failed_at=later(60)))
    assert written(entries)["charge:ch_1:failed"] == ["4070 ANA +5000", "1105 ANA -5000"]
    assert (raised(entries), uncleared(entries)) == (0, {})


def test_row_4_a_part_is_refunded() -> None:
    moved = a_move("txn_2", "refund", -4000, "re_1", minutes=11)
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), a_refund("re_1", gbp("40.00")), moved))
    assert written(entries)["refund:re_1"] == ["4050 ANA +4000", "1105 ANA -4000"]
    assert written(entries)["bt:txn_2"] == ["1100 ANA -4000", "1105 ANA +4000"]
    assert (raised(entries), uncleared(entries)) == (6000, {})


def test_row_4a_it_bounces_and_is_owed_to_the_supporter() -> None:
    moved = a_move("txn_2", "refund", -4000, "re_1", minutes=11)
    back = a_move("txn_3", "refund_failure", 4000, "re_1", minutes=90)
    bounced = a_refund("re_1", gbp("40.00"), status="failed")
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), bounced, moved, back))
    assert written(entries)["bt:txn_3"] == ["1100 ANA +4000", "1105 ANA -4000"]
    assert written(entries)["refund:re_1:failed"] == ["2020 ANA -4000", "1105 ANA +4000"]
    assert raised(entries) == 6000
    assert uncleared(entries) == {(2020, ANA, "GBP", "ch_1"): -4000}


def test_row_4a_refunded_again_the_total_does_not_change_a_second_time() -> None:
    moves = [
        a_move("txn_2", "refund", -4000, "re_1", minutes=11),
        a_move("txn_3", "refund_failure", 4000, "re_1", minutes=90),
        a_move("txn_4", "refund", -4000, "re_2", minutes=121),
    ]
    refunds = [a_refund("re_1", gbp("40.00"), status="failed"), a_refund("re_2", gbp("40.00"), minutes=120)]
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), *refunds, *moves))
    assert written(entries)["refund:re_2"] == ["2020 ANA +4000", "1105 ANA -4000"]
    assert (raised(entries), uncleared(entries)) == (6000, {})


@pytest.mark.parametrize(("kept", "from_owed", "from_income"), [(4000, 0, 3000), (1000, 3000, 0), (0, 3000, 0)])
def test_what_bounced_and_was_kept_or_repaid_by_bank_is_not_given_back_again(
    kept: int, from_owed: int, from_income: int
) -> None:
    moves = [
        a_move("txn_2", "refund", -4000, "re_1", minutes=11),
        a_move("txn_3", "refund_failure", 4000, "re_1", minutes=90),
        a_move("txn_4", "refund", -3000, "re_2", minutes=121),
    ]
    refunds = [a_refund("re_1", gbp("40.00"), status="failed"), a_refund("re_2", gbp("30.00"), minutes=120)]
    facts = with_all(known(gbp("100.00"), charge_bt()), *refunds, *moves)
    # What was settled after it changes nothing of what it took.
    settled = ((later(100), kept), (later(130), 1000))
    entries = written(entries_for(replace(facts, settled_owed=settled)))
    taken = [f"2020 ANA +{from_owed}"] * bool(from_owed) + [f"4050 ANA +{from_income}"] * bool(from_income)
    assert entries["refund:re_2"] == [*taken, "1105 ANA -3000"]


def test_a_refund_made_before_another_one_bounced_takes_its_own_money() -> None:
    moves = [
        a_move("txn_2", "refund", -4000, "re_1", minutes=11),
        a_move("txn_3", "refund", -3000, "re_2", minutes=21),
        a_move("txn_4", "refund_failure", 4000, "re_1", minutes=90),
    ]
    refunds = [a_refund("re_1", gbp("40.00"), status="failed"), a_refund("re_2", gbp("30.00"), minutes=20)]
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), *refunds, *moves))
    assert raised(entries) == 3000
    assert uncleared(entries) == {(2020, ANA, "GBP", "ch_1"): -4000}


def test_the_second_half_of_a_reserve_is_not_booked_again() -> None:
    half = a_move("txn_9", "risk_reserved_funds", 5000, "rsv_1", balance_type="risk_reserved")
    assert entry_for(half, general_fund_id=GEN, suspense_fund_id=SUS) == []


def test_a_refund_that_failed_before_money_moved_never_was() -> None:
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), a_refund("re_1", gbp("40.00"), status="failed")))
    assert [entry.key for entry in entries] == ["charge:ch_1:gift", "bt:txn_1"]


def test_rows_5a_and_5b_a_dispute_is_withheld_then_lost() -> None:
    taken = a_move("txn_2", "dispute", -10000, "dp_1", fee=2000, minutes=20)
    facts = known(gbp("100.00"), charge_bt())
    withheld = entries_for(with_all(facts, a_dispute(gbp("100.00")), taken))
    assert written(withheld)["bt:txn_2"] == ["1130 ANA +10000", "1100 ANA -10000", "5010 GEN +2000", "1100 GEN -2000"]
    assert raised(withheld) == 0
    lost = entries_for(with_all(facts, a_dispute(gbp("100.00"), "lost"), taken))
    assert written(lost)["dispute:dp_1:lost"] == ["4060 ANA +10000", "1130 ANA -10000"]
    assert (raised(lost), uncleared(lost)) == (0, {})


def test_row_5c_a_dispute_is_won_and_its_fee_comes_back() -> None:
    moves = [
        a_move("txn_2", "dispute", -10000, "dp_1", fee=2000, minutes=20),
        a_move("txn_3", "dispute_reversal", 10000, "dp_1", fee=-2000, minutes=500),
    ]
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), a_dispute(gbp("100.00"), "won"), *moves))
    back = ["1130 ANA -10000", "1100 ANA +10000", "5010 GEN -2000", "1100 GEN +2000"]
    assert written(entries)["bt:txn_3"] == back
    assert (raised(entries), uncleared(entries)) == (10000, {})


def test_row_5d_a_dispute_over_more_than_remains_after_a_refund() -> None:
    things = [
        a_refund("re_1", gbp("40.00")),
        a_move("txn_2", "refund", -4000, "re_1", minutes=11),
        a_dispute(gbp("100.00")),
        a_move("txn_3", "dispute", -10000, "dp_1", fee=2000, minutes=20),
    ]
    entries = entries_for(with_all(known(gbp("100.00"), charge_bt()), *things))
    assert written(entries)["bt:txn_3"][:3] == ["1130 ANA +6000", "5030 ANA +4000", "1100 ANA -10000"]
    assert raised(entries) == 0


def test_a_loss_is_taken_back_when_the_money_is_reinstated_after_all() -> None:
    moves = [
        a_move("txn_2", "dispute", -10000, "dp_1", minutes=20),
        a_move("txn_3", "dispute_reversal", 2500, "dp_1", minutes=500),
    ]
    facts = known(gbp("100.00"), charge_bt())
    partly = entries_for(with_all(facts, a_dispute(gbp("100.00"), "lost"), *moves))
    assert written(partly)["dispute:dp_1:lost"] == ["4060 ANA +7500", "1130 ANA -7500"]
    assert raised(partly) == 2500
    rest = a_move("txn_4", "dispute_reversal", 7500, "dp_1", minutes=600)
    wholly = entries_for(with_all(facts, a_dispute(gbp("100.00"), "lost"), *moves, rest))
    assert "dispute:dp_1:lost" not in written(wholly)


def test_an_inquiry_moves_no_money() -> None:
    entries = entries_for(
        with_all(known(gbp("100.00"), charge_bt()), a_dispute(gbp("100.00"), "warning_needs_response"))
    )
    assert [entry.key for entry in entries] == ["charge:ch_1:gift", "bt:txn_1"]


def test_row_8_stripes_own_fee_is_the_general_funds() -> None:
    fee = a_move("txn_9", "fee", -650, "fee_1")
    entries = entry_for(fee, general_fund_id=GEN, suspense_fund_id=SUS)
    assert written(entries) == {"bt:txn_9": ["1100 GEN -650", "5020 GEN +650"]}


@pytest.mark.parametrize(
    ("category", "account"),
    [("payout", 1120), ("risk_reserved_funds", 1110), ("topup", 1040), ("tax", 5020), ("never heard of", 2990)],
)
def test_every_other_movement_has_one_entry_and_its_account(category: str, account: int) -> None:
    entries = entry_for(a_move("txn_9", category, -1234, "po_1"), general_fund_id=GEN, suspense_fund_id=SUS)
    assert [line.account for line in entries[0].lines] == [1100, account]


def test_row_9_a_gift_in_dollars_settled_in_pounds_and_refunded_at_another_rate() -> None:
    settled = replace(charge_bt(7840, 290), exchange_rate="0.784")
    gift = entries_for(known(usd(10000), settled))
    assert written(gift) == {
        "charge:ch_1:gift": ["1105 ANA +7840", "4000 ANA -7840"],
        "bt:txn_1": ["1100 ANA +7550", "5000 ANA +290", "1105 ANA -7840"],
    }
    refund, moved = a_refund("re_1", usd(10000)), a_move("txn_2", "refund", -7910, "re_1", minutes=11)
    entries = entries_for(with_all(known(usd(10000), settled), refund, moved))
    assert written(entries)["refund:re_1"] == ["4050 ANA +7840", "1105 ANA -7910", "5030 ANA +70"]
    assert written(entries)["bt:txn_2"] == ["1100 ANA -7910", "1105 ANA +7910"]
    assert (raised(entries), uncleared(entries)) == (0, {})


def test_a_refund_in_a_foreign_currency_waits_for_its_balance_transaction() -> None:
    entries = entries_for(with_all(known(usd(10000), charge_bt(7840, 290)), a_refund("re_1", usd(10000))))
    assert "refund:re_1" not in written(entries)
    assert raised(entries) == 7840


def test_a_refund_of_money_without_a_reference_is_taken_from_what_is_unidentified() -> None:
    facts = replace(known(gbp("30.00"), charge_bt(3000, 65)), shares=())
    entries = entries_for(with_all(facts, a_refund("re_1", gbp("30.00")), a_move("txn_2", "refund", -3000, "re_1")))
    assert written(entries)["refund:re_1"] == ["2010 SUS +3000", "1105 SUS -3000"]
    assert (raised(entries), uncleared(entries)) == (0, {})


def test_what_remains_of_a_gift_in_its_own_currency() -> None:
    settled = replace(charge_bt(7840, 290), exchange_rate="0.784")
    half = a_refund("re_1", usd(5000)), a_move("txn_2", "refund", -3955, "re_1", minutes=11)

    def standing(facts: PaymentFacts, currency: str = "USD") -> tuple[int, int, int, bool]:
        one = standing_of(facts, currency)
        assert {one.received.currency, one.refunded.currency, one.lost.currency} == {currency}
        return one.received.minor, one.refunded.minor, one.lost.minor, one.disputed

    assert standing(known(usd(10000), settled)) == (10000, 0, 0, False)
    assert standing(with_all(known(usd(10000), settled), *half)) == (10000, 5000, 0, False)
    assert standing(replace(known(usd(10000)), failed_at=NOON)) == (0, 0, 0, False)
    pounds = known(gbp("100.00"), charge_bt())
    taken = a_move("txn_d", "dispute", -10000, "dp_1")
    for status in ("lost", "appeal_needs_response", "appeal_under_review"):  # an appeal takes no loss back
        assert standing(with_all(pounds, a_dispute(gbp("100.00"), status), taken), "GBP") == (10000, 0, 10000, False)
    assert standing(with_all(pounds, a_dispute(gbp("100.00"))), "GBP") == (10000, 0, 0, True)


def test_what_two_payments_come_to_is_never_added_over_two_currencies() -> None:
    with pytest.raises(CurrencyMismatch):
        standing_of(known(usd(10000)), "USD") + standing_of(known(gbp("100.00")), "GBP")


def test_a_gift_over_two_funds_gives_back_to_each_what_it_had() -> None:
    facts = replace(known(gbp("30.00"), charge_bt(3000, 62)), shares=((ANA, 2000), (BO, 1000)))
    refunds = [a_refund(f"re_{n}", gbp("10.00"), minutes=10 + n) for n in range(3)]
    moves = [a_move(f"txn_r{n}", "refund", -1000, f"re_{n}", minutes=10 + n) for n in range(3)]
    entries = entries_for(with_all(facts, *refunds, *moves))
    given_back = {key[1]: minor for key, minor in sums(entries).items() if key[0] == 4050}
    assert given_back == {ANA: 2000, BO: 1000}
    assert uncleared(entries) == {}
