"""The limits of card testing at their edges, by what is known of charges and payment pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from donations import card_testing
from donations.appeals.amounts import limited
from donations.card_testing import Standing, Visitor
from donations.database import write_unit
from donations.errors import PaymentPageWait, ProofOfWorkNeeded
from donations.extensions import db
from donations.models import Appeal, Donation
from tests.events import a_charge, hear
from tests.factories import a_donation

SECOND = timedelta(seconds=1)


def visitor(number: int, *, proved: bool = True, waited: bool = False) -> Visitor:
    return Visitor(card_testing.network_of(f"10.{number >> 8}.{number & 255}.1"), proved=proved, waited=waited)


def donation_at(at: datetime) -> Donation:
    return a_donation(Appeal.any_by_slug("hands-off-ali"), at=at)


def open_page(who: Visitor, at: datetime) -> Donation:
    with write_unit() as conn:
        donation = donation_at(at)
        card_testing.open_page(conn, who, donation.id, at)
    return donation


def wait_of(who: Visitor, at: datetime) -> int:
    with pytest.raises(PaymentPageWait) as wait:
        open_page(who, at)
    return int(wait.value.facts["seconds"])


def charge(donation: Donation, status: str, at: datetime) -> None:
    hear(a_charge(donation.reference, donation.amount, status=status, at=at), at=at)


def shield_up(at: datetime) -> None:
    for number in range(card_testing.SHIELD_DECLINES + 1):
        charge(open_page(visitor(60_000 + number), at - 5 * 60 * SECOND), "failed", at - 4 * 60 * SECOND)


@pytest.mark.parametrize(
    ("charges", "is_up"),
    [
        ("d" * 8, False), ("d" * 9, True), ("p" * 12 + "d" * 8, False), ("p" * 11 + "d" * 9, True),
        ("p" * 11 + "d" * 8 + "p" + "d", True), ("d" * 8 + "p" * 12 + "d" * 8, False),
    ],
)  # fmt: skip
@pytest.mark.databases("sqlite")
def test_the_shield_is_up_while_more_than_eight_of_the_last_twenty_are_declined(
    app: Flask, at: datetime, charges: str, is_up: bool
) -> None:
    with write_unit():
        donations = [donation_at(at) for _ in charges]
    for number, (donation, one) in enumerate(zip(donations, charges, strict=True)):
        charge(donation, "failed" if one == "d" else "succeeded", at + number * SECOND)
    later = at + len(charges) * SECOND
    assert card_testing.shield(db.session.connection(), later).is_up is is_up
    assert not card_testing.shield(db.session.connection(), later + card_testing.REMEMBERED).is_up


@pytest.mark.parametrize(
    ("standing", "asks", "limits", "most"),
    [
        (Standing(False, 0, 0, 0, 0), False, False, 1), (Standing(False, 2, 0, 19, 29), False, False, 1),
        (Standing(False, 3, 0, 0, 0), True, True, 1), (Standing(False, 3, 3, 0, 0), False, False, 1),
        (Standing(False, 0, 0, 20, 20), True, False, 1), (Standing(False, 0, 0, 0, 30), True, False, 1),
        (Standing(True, 0, 0, 0, 0), True, True, 1), (Standing(True, 1, 6, 0, 0), True, True, 11),
    ],
)  # fmt: skip
def test_a_standing_says_what_is_asked(standing: Standing, asks: bool, limits: bool, most: int) -> None:
    assert (standing.asks_for_proof, standing.limits_amounts, standing.most_a_minute) == (asks, limits, most)


@pytest.mark.parametrize("charges", ["d" * 9 + "p" * 12, "d" * 20 + "p" * 40, "p" * 30 + "d" * 9 + "p" * 20])
def test_a_few_payments_in_between_do_not_let_the_shield_down(app: Flask, at: datetime, charges: str) -> None:
    with write_unit():
        donations = [donation_at(at) for _ in charges]
    for number, (donation, one) in enumerate(zip(donations, charges, strict=True)):
        charge(donation, "failed" if one == "d" else "succeeded", at + number * SECOND)
    seen = card_testing.shield(db.session.connection(), at + len(charges) * SECOND)
    assert (seen.is_up, seen.charges) == (True, 20)
    assert seen.declined == min(20, charges.count("d"))
    # Ten minutes after there were last nine of them among twenty, it is down.
    last = max(end for end in range(len(charges)) if charges[max(0, end - 19) : end + 1].count("d") > 8)
    seen_last = at + last * SECOND
    for since, is_up in ((card_testing.LATELY, False), (card_testing.LATELY - SECOND, True)):
        assert card_testing.shield(db.session.connection(), seen_last + since).is_up is is_up


def test_with_the_shield_up_at_most_sixty_pages_open_in_a_minute(app: Flask, at: datetime) -> None:
    shield_up(at)
    for number in range(card_testing.MAX_PER_MINUTE):
        open_page(visitor(number), at + number * SECOND / 2)
    waits = [wait_of(visitor(1000), at + 31 * SECOND) for _ in range(40)]
    # They are told moments of the minute after the oldest page, not all the same one.
    assert 29 <= min(waits) < max(waits) < 29 + 60
    assert len(set(waits)) > 10
    # Nothing was written for the one that waits, and it may continue when the oldest no longer counts.
    assert db.session.query(Donation).count() == card_testing.SHIELD_DECLINES + 1 + card_testing.MAX_PER_MINUTE
    open_page(visitor(1000), at + 61 * SECOND)


def test_networks_with_declines_leave_half_of_the_minute_to_the_others(app: Flask, at: datetime) -> None:
    shield_up(at)
    for number in range(card_testing.MAX_OF_DECLINED):
        open_page(visitor(number), at)
    tester = visitor(60_000)  # one of whose cards was declined
    waits = [wait_of(tester, at + SECOND) for _ in range(40)]
    assert 59 <= min(waits) < 59 + 60 < max(waits) < 59 + 180  # and they come back less often
    open_page(visitor(1000), at + SECOND)


def test_without_a_proof_only_a_few_pages_open_in_a_minute(app: Flask, at: datetime) -> None:
    shield_up(at)
    with pytest.raises(ProofOfWorkNeeded):
        open_page(visitor(1, proved=False), at)
    for number in range(card_testing.MAX_WITHOUT_PROOF):
        open_page(visitor(number, proved=False, waited=True), at)
    with pytest.raises(PaymentPageWait):
        open_page(visitor(99, proved=False, waited=True), at + SECOND)
    open_page(visitor(99), at + SECOND)


def test_an_hour_after_nothing_is_held_against_a_network(app: Flask, at: datetime) -> None:
    donation = open_page(visitor(1), at)
    for _ in range(3):
        charge(donation, "failed", at)
    network = visitor(1).network
    assert card_testing.standing(db.session.connection(), network, at).has_declines
    later = at + card_testing.REMEMBERED + SECOND
    assert not card_testing.standing(db.session.connection(), network, later).has_declines


@pytest.mark.databases("sqlite")
def test_a_network_is_one_whatever_its_last_numbers_are(app: Flask) -> None:
    def network(address: str | None) -> bytes:
        return card_testing.network_of(address)

    assert network("192.0.2.1") == network("192.0.2.254") == network("::ffff:192.0.2.7")
    assert network("2001:db8:0:100::1") == network("2001:db8:0:1ff::9")
    assert len({network("192.0.3.1"), network("192.0.2.1"), network("2001:db8:0:200::1"), network(None)}) == 4


@pytest.mark.parametrize(
    ("own", "currency", "taken"),
    [
        (None, "GBP", ["5", "10", "20", "50"]), ([200, 700, 1500], "GBP", ["7", "15"]),
        ([100, 200], "GBP", ["5", "10", "20", "50"]), ([200, 700], "EUR", ["5", "10", "20", "50"]),
        (None, "JPY", ["500", "1000", "2000", "5000"]),
    ],
)  # fmt: skip
@pytest.mark.databases("sqlite")
def test_the_amounts_that_are_taken_are_proposed_ones_and_no_small_ones(
    app: Flask, own: list[int] | None, currency: str, taken: list[str]
) -> None:
    appeal = Appeal.any_by_slug("hands-off-ali")
    appeal.suggested_minor = own or []
    assert [one.plain() for one in limited(appeal, currency)] == taken
    db.session.rollback()
