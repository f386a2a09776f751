"""Recipes of what can happen to one payment, as Stripe would tell it: events and listed balance transactions, in their
natural order. Tests hear them in every other order."""

from __future__ import annotations

from tests import events
from tests.ledger.stories import Payment, Said


def a_part_refunded(gift: Payment) -> list[Said]:
    refund = gift.refund(1000)
    return [gift.succeeded(), gift.fee(), refund, gift.listed("refund", -1000, refund[1]["id"], minutes=11)]


def refunded_twice_in_full(gift: Payment) -> list[Said]:
    first, second = gift.refund(1000), gift.refund(2000, minutes=20)
    moves = [gift.listed("refund", -one[1]["amount"], one[1]["id"], minutes=30) for one in (first, second)]
    return [gift.succeeded(), first, second, *moves]


def a_refund_that_bounced(gift: Payment) -> list[Said]:
    made = gift.refund(3000)
    refund_id = made[1]["id"]
    gone = gift.listed("refund", -3000, refund_id, minutes=11)
    back = gift.listed("refund_failure", 3000, refund_id, minutes=90)
    return [gift.succeeded(), made, gone, gift.refund(3000, status="failed", refund_id=refund_id), back]


def a_dispute_lost(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    opened = gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created")
    return [gift.succeeded(), gift.fee(), opened, gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")]


def a_dispute_won(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    back = gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)
    opened = gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created")
    closed = gift.dispute("won", taken, dispute_id=dispute_id, what="closed")
    return [gift.succeeded(), opened, closed, gift.dispute("won", taken, back, dispute_id=dispute_id)]


def a_dispute_won_in_part(gift: Payment) -> list[Said]:
    """What does not come back with the decision is lost."""
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    back = gift.listed("dispute_reversal", 1900, dispute_id, minutes=500)
    opened = gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created", said=21)
    won = gift.dispute("won", taken, dispute_id=dispute_id, what="closed", said=490)
    return [gift.succeeded(), opened, won, back]


def a_dispute_that_was_prevented(gift: Payment) -> list[Said]:
    """The card's network gave the money back by itself."""
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -1200, dispute_id, minutes=20)
    return [gift.succeeded(), taken, gift.dispute("prevented", dispute_id=dispute_id, what="created", said=21)]


def a_loss_that_was_won_on_appeal(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    back = gift.listed("dispute_reversal", 3000, dispute_id, minutes=900)
    lost = gift.dispute("lost", taken, dispute_id=dispute_id, what="closed", said=400)
    appealed = gift.dispute("appeal_under_review", taken, dispute_id=dispute_id, said=500)
    won = gift.dispute("won", taken, back, dispute_id=dispute_id, what="closed", said=900)
    return [gift.succeeded(), lost, appealed, won]


def a_dispute_won_and_taken_again(gift: Payment) -> list[Said]:
    """The bank asks for another decision, and the money goes a second time."""
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    back = gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)
    again = gift.listed("dispute", -3000, dispute_id, minutes=800)
    won = gift.dispute("won", taken, back, dispute_id=dispute_id, what="closed", said=500)
    reopened = gift.dispute("under_review", taken, back, again, dispute_id=dispute_id, said=800)
    return [gift.succeeded(), won, reopened, gift.dispute("lost", dispute_id=dispute_id, what="closed", said=900)]


def an_inquiry_that_was_closed(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    asked = gift.dispute("warning_needs_response", dispute_id=dispute_id, what="created", said=20)
    return [gift.succeeded(), gift.fee(), asked, gift.dispute("warning_closed", dispute_id=dispute_id, said=90)]


def a_refund_that_waited_and_was_canceled(gift: Payment) -> list[Said]:
    made = gift.refund(1000, status="requires_action", said=10)
    refund_id = made.about["id"]
    waits = gift.refund(
        1000, status="pending", refund_id=refund_id, pending_reason="insufficient_funds", said=20, what="updated"
    )
    gone = gift.refund(1000, status="canceled", refund_id=refund_id, said=90, what="updated")
    return [gift.succeeded(), gift.fee(), made, waits, gone]


def a_debit_that_failed_later(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.failed(), gift.listed("charge_failure", -3000, gift.id, minutes=90)]


def a_refund_that_bounced_before_its_money_was_listed(gift: Payment) -> list[Said]:
    made = gift.refund(3000)
    refund_id = made[1]["id"]
    gone = gift.listed("refund", -3000, refund_id, minutes=11)
    bounced = gift.refund(3000, status="failed", refund_id=refund_id, moved=gone[1]["id"])
    return [gift.succeeded(), made, bounced, gone, gift.listed("refund_failure", 3000, refund_id, minutes=90)]


def a_loss_that_is_appealed(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    lost = gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")
    appealed = gift.dispute("appeal_under_review", taken, dispute_id=dispute_id)
    return [gift.succeeded(), taken, lost, appealed]


def a_debit_that_came(gift: Payment) -> list[Said]:
    return [gift.pending(), gift.fee(), gift.succeeded()]


def a_second_charge_with_its_reference(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000), gift.stray(700, minutes=40)]


def a_charge_with_its_reference_in_another_currency(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000, "eur")]


def a_second_charge_after_the_first_had_failed(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.failed(), gift.stray(3000)]


def a_charge_that_was_captured_later(gift: Payment) -> list[Said]:
    return [gift.authorized(), gift.captured(), gift.listed("charge", 3000, gift.id, fee=62, minutes=60)]


def a_charge_that_was_captured_in_part(gift: Payment) -> list[Said]:
    """What was released comes as a refund that never has a balance transaction."""
    taken = gift.listed("charge", 2000, gift.id, fee=62, minutes=60)
    return [gift.authorized(), gift.captured(2000), taken, gift.refund(1000, minutes=60)]


def a_charge_that_was_captured_in_part_and_refunded(gift: Payment) -> list[Said]:
    whole = gift.listed("charge", 3000, gift.id, fee=62, minutes=60)
    less = gift.listed("partial_capture_reversal", -1000, gift.id, minutes=61)
    gone = gift.listed("refund", -500, "", minutes=80)
    refund = gift.refund(500, minutes=80, moved=gone.about["id"])
    gone.about["source"] = {**gone.about["source"], "id": refund.about["id"]}
    return [gift.captured(2000), whole, less, refund, gone]


def a_charge_that_was_captured_in_two_parts(gift: Payment) -> list[Said]:
    first, second = (gift.listed("charge", 1500, gift.id, fee=31, minutes=minutes) for minutes in (60, 90))
    return [gift.authorized(), gift.captured(1500), first, gift.captured(3000, minutes=90), second]


def a_charge_that_was_never_captured(gift: Payment) -> list[Said]:
    given_up = gift.refund(3000, minutes=60, reason="expired_uncaptured_charge")
    return [gift.authorized(), gift.released(), given_up]


def a_charge_for_another_account_beside_it(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000, on_behalf_of="acct_another")]


def a_charge_whose_money_is_another_accounts(gift: Payment) -> list[Said]:
    gift.charge["transfer_data"] = {"amount": None, "destination": "acct_another"}
    return [gift.succeeded(), gift.fee()]


def a_charge_in_a_currency_younger_than_our_table(gift: Payment) -> list[Said]:
    """It is entered as what it settled at, and so is its refund."""
    other = gift.stray(5000, "xcg")
    came = gift.listed("charge", 2100, gift.id, fee=80, minutes=31)
    came.about["source"] = other.about["id"]
    refund = gift.refund(1000, minutes=40, charge=other.about["id"], currency="xcg")
    gone = gift.listed("refund", -430, "", minutes=41)
    gone.about["source"] = {"id": refund.about["id"], "object": "refund", "charge": other.about["id"]}
    return [gift.succeeded(), other, came, refund, gone]


# recipe -> (raised of the 30.00, the donation's state, the live receipt's amount or None)
RECIPES = {
    a_part_refunded: (2000, "part_refunded", 2000),
    refunded_twice_in_full: (0, "refunded", None),
    a_refund_that_bounced: (0, "refunded", None),
    a_dispute_lost: (0, "lost", None),
    a_dispute_won: (3000, "paid", 3000),
    a_debit_that_failed_later: (0, "failed", None),
    a_refund_that_bounced_before_its_money_was_listed: (0, "refunded", None),
    a_loss_that_is_appealed: (0, "lost", None),
    a_debit_that_came: (3000, "paid", 3000),
    a_second_charge_with_its_reference: (3000, "paid", 3000),
    a_charge_with_its_reference_in_another_currency: (3000, "paid", 3000),
    a_second_charge_after_the_first_had_failed: (3000, "paid", 3000),
    a_dispute_won_in_part: (1900, "part_refunded", 1900),
    a_dispute_that_was_prevented: (1800, "part_refunded", 1800),
    a_loss_that_was_won_on_appeal: (3000, "paid", 3000),
    a_dispute_won_and_taken_again: (0, "lost", None),
    an_inquiry_that_was_closed: (3000, "paid", 3000),
    a_refund_that_waited_and_was_canceled: (3000, "paid", 3000),
    a_charge_in_a_currency_younger_than_our_table: (3000, "paid", 3000),
    a_charge_that_was_captured_later: (3000, "paid", 3000),
    a_charge_that_was_captured_in_part: (2000, "paid", 2000),
    a_charge_that_was_captured_in_part_and_refunded: (1500, "part_refunded", 1500),
    a_charge_that_was_captured_in_two_parts: (3000, "paid", 3000),
    a_charge_that_was_never_captured: (0, "pending", None),
    a_charge_for_another_account_beside_it: (3000, "paid", 3000),
    a_charge_whose_money_is_another_accounts: (0, "pending", None),
}
