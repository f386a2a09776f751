"""Receipts: numbered without a gap whatever fails, frozen with their hash, the personal data erasable, and without
names that must stay private."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextvars import Context
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from donations import facts, giving, ledger, privacy, receipts
from donations.database import write_unit
from donations.errors import BadLink
from donations.extensions import db
from donations.giving import NewDonation
from donations.models import Appeal, Donation, Fund, Receipt
from donations.money import Money
from tests.events import a_charge, fresh, hear, rows, wait_for_a_lock
from tests.factories import NOON, a_donation, eur, gbp

MAYA = NewDonation(
    amount=gbp("20.00"), interval="once", fund=None, name="Maya Example", email="maya@example.org", message="Hold on.",
    display="name", language="en", nonce="a-nonce",
)  # fmt: skip


def begun(slug: str = "hands-off-ali", **said: Any) -> str:
    with write_unit():
        return giving.begin(Appeal.any_by_slug(slug), NewDonation(**{**_fields(MAYA), **said}), NOON).reference


def _fields(gift: NewDonation) -> dict[str, Any]:
    return {name: getattr(gift, name) for name in gift.__slots__}


def received(slug: str = "hands-off-ali", **said: Any) -> Receipt:
    """The receipt of a donation that was begun and received."""
    reference = begun(slug, **said)
    hear(a_charge(reference, said.get("amount", MAYA.amount)))
    fresh()
    receipt = receipts.live_of(Donation.by_reference(reference).id)
    assert receipt is not None
    return receipt


def test_receipts_are_numbered_in_the_order_they_are_issued(app: Flask) -> None:
    labels = [received(nonce=str(number)).label for number in range(3)]
    assert labels == ["R-000001", "R-000002", "R-000003"]
    assert receipts.by_label("R-000002").number == 2


def test_a_transaction_that_is_rolled_back_leaves_no_gap(app: Flask) -> None:
    # given a receipt, and another whose transaction fails after it took its number
    received()
    references = [begun(nonce="lost"), begun(nonce="kept")]

    def fail() -> None:
        with write_unit() as conn:
            giving.settle(conn, facts.record_charge(conn, a_charge(references[0], gbp("20.00")), at=NOON), at=NOON)
            assert conn.execute(text("SELECT max(number) FROM receipt")).scalar_one() == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    # when the next one is issued
    hear(a_charge(references[1], gbp("20.00")))
    # then it takes the number that was freed
    fresh()
    assert db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all() == [1, 2]
    assert ledger.check(db.session.connection(), NOON).findings == ()


def test_receipts_issued_at_once_have_numbers_one_after_the_other(app: Flask) -> None:
    # given eight donations to different appeals, so that only the series is shared
    references = [begun(nonce=str(number)) for number in range(8)]
    failures: list[BaseException] = []
    barrier = threading.Barrier(8)

    def issue(reference: str) -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                hear(a_charge(reference, gbp("20.00")))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    # when they are received at once
    threads = [threading.Thread(target=Context().run, args=(issue, reference)) for reference in references]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # then no number is missing and none was given twice
    assert failures == []
    fresh()
    assert sorted(db.session.scalars(select(Receipt.number))) == list(range(1, 9))
    assert ledger.check(db.session.connection(), NOON).findings == ()


@pytest.mark.databases("postgresql")
def test_a_second_receipt_waits_for_the_first_ones_transaction(app: Flask) -> None:
    references = [begun(nonce="one"), begun("karaganda-four", nonce="two", amount=eur("20.00"))]
    failures: list[BaseException] = []

    def second() -> None:
        with app.app_context():
            try:
                hear(a_charge(references[1], eur("20.00")))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    thread = threading.Thread(target=Context().run, args=(second,))
    # given a first receipt, not committed
    with write_unit() as conn:
        giving.settle(conn, facts.record_charge(conn, a_charge(references[0], gbp("20.00")), at=NOON), at=NOON)
        # when a second one is wanted meanwhile, of another appeal
        thread.start()
        wait_for_a_lock(conn, failures)
    thread.join(10)
    # then it has the next number
    assert failures == []
    fresh()
    assert db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all() == [1, 2]


def test_a_gift_has_one_receipt_however_often_it_is_heard_of(app: Flask) -> None:
    reference = begun()
    charge = a_charge(reference, gbp("20.00"))
    for _ in range(3):
        hear(charge)
    assert (rows("receipt"), rows("mail")) == (1, 1)


def test_what_was_not_received_has_no_receipt(app: Flask) -> None:
    hear(a_charge(begun(), gbp("20.00"), status="failed"))
    hear(a_charge(begun(nonce="2"), gbp("20.00"), status="pending"))
    hear(a_charge(None, gbp("20.00")))
    assert (rows("receipt"), rows("mail")) == (0, 0)


def test_a_payload_is_frozen_with_its_hash(app: Flask) -> None:
    receipt = received(amount=gbp("12.34"), language="ru")
    assert receipt.payload_sha256 == hashlib.sha256(receipt.payload.encode()).hexdigest()
    frozen = json.loads(receipt.payload)
    name, salt = receipts.person_block(receipt)
    assert (name, len(salt)) == ("Maya Example", 64)
    assert frozen == {
        "label": "R-000001",
        "issued_on": "2026-11-21",
        "received_on": "2026-11-21",
        "amount_minor": 1234,
        "currency": "GBP",
        "organisation": "Solidarity Fighting Fund",
        "legal_name": None,
        "appeal_title": "",
        "fund_names": [],
        "restriction": "",
        "language": "ru",
        "method": "card",
        "person_hash": hmac.digest(bytes.fromhex(salt), b"Maya Example", "sha256").hex(),
    }
    assert (receipt.amount_minor, receipt.currency, receipt.state) == (1234, "GBP", "live")


def test_the_hash_of_a_name_cannot_be_tried_with_our_keys(app: Flask) -> None:
    frozen = json.loads(received().payload)["person_hash"]
    tried = [privacy.lookup_hash("Maya Example", purpose) for purpose in ("receipt:R-000001", "receipt", "email")]
    assert frozen not in [one.hex() for one in tried]
    # and two receipts of one person have nothing in common
    db.session.rollback()
    again = json.loads(received(nonce="2").payload)["person_hash"]
    assert again != frozen


def test_a_receipt_is_dated_on_the_organisations_own_day(app: Flask) -> None:
    # given a donation late in the evening by UTC, in summer time, heard of a day later
    reference = begun()
    late = NOON.replace(month=6, day=30, hour=23, minute=30)
    hear(a_charge(reference, gbp("20.00"), at=late), at=late.replace(month=7, day=1))
    frozen = json.loads(receipts.by_label("R-000001").payload)
    assert (frozen["received_on"], frozen["issued_on"]) == ("2026-07-01", "2026-07-02")


@pytest.mark.parametrize(
    "change", ["payload = '{}'", "amount_minor = 1", "payload_sha256 = 'x'", "label = 'R-9'", "number = 9"]
)
def test_the_database_refuses_to_change_what_was_issued(app: Flask, change: str) -> None:
    before = received().payload
    with pytest.raises(IntegrityError, match="frozen"), write_unit() as conn:
        conn.execute(text(f"UPDATE receipt SET {change}"))
    with pytest.raises(IntegrityError, match="never given up"), write_unit() as conn:
        conn.execute(text("DELETE FROM receipt"))
    fresh()
    assert receipts.by_label("R-000001").payload == before


def test_the_person_is_kept_apart_and_can_be_erased(app: Flask) -> None:
    receipt = received()
    assert receipts.person_of(receipt) == "Maya Example"
    # given that nothing of them can be read in the row
    raw = db.session.execute(text("SELECT * FROM receipt")).mappings().one()
    for value in raw.values():
        assert b"Maya" not in (value if isinstance(value, bytes) else str(value).encode())
    # when they are erased
    before = receipt.payload
    with write_unit() as conn:
        conn.execute(text("UPDATE receipt SET person_sealed = NULL"))
    # then the receipt is live, without them
    fresh()
    erased = receipts.by_label("R-000001")
    assert receipts.person_of(erased) is None
    assert erased.payload == before


def test_a_gift_without_a_name_has_a_receipt_without_a_person(app: Flask) -> None:
    receipt = received(name="")
    assert receipts.person_of(receipt) is None
    assert json.loads(receipt.payload)["person_hash"] is None


def test_a_gift_without_an_address_has_a_receipt_and_no_mail(app: Flask) -> None:
    received(email="")
    assert (rows("receipt"), rows("mail")) == (1, 0)


def names_of(slug: str) -> list[str]:
    appeal = Appeal.any_by_slug(slug)
    funds = [name for fund in appeal.funds for name in fund.name.values()]
    return [*appeal.title.values(), *funds, appeal.slug, *(fund.slug for fund in appeal.funds)]


@pytest.mark.parametrize("slug", ["hands-off-ali", "campaign-kazakhstan"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_receipt_names_no_fund_and_no_appeal_by_itself(app: Flask, slug: str, language: str) -> None:
    receipt = received(slug, language=language)
    for name in names_of(slug):
        assert name.casefold() not in receipt.payload.casefold()


def test_a_receipt_names_what_the_gift_was_for_where_the_appeal_allows_it(app: Flask) -> None:
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").names_on_receipt = True
    fund = db.session.scalars(select(Fund).where(Fund.slug == "ali")).one()
    frozen = json.loads(received(fund=fund).payload)
    assert (frozen["appeal_title"], frozen["fund_names"]) == ("Hands Off Ali", ["Ali Feruz"])
    assert frozen["restriction"].startswith("If Ali is freed")


def test_what_the_appeal_allows_later_does_not_reach_a_gift_that_was_made_before(app: Flask) -> None:
    reference = begun()
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").names_on_receipt = True
    hear(a_charge(reference, gbp("20.00")))
    assert json.loads(receipts.by_label("R-000001").payload)["appeal_title"] == ""


def test_an_unknown_number_is_a_bad_link(app: Flask) -> None:
    with pytest.raises(BadLink):
        receipts.by_label("R-000001")


def test_a_receipt_says_what_the_supporter_gave_in_their_own_currency(app: Flask) -> None:
    # given a donation in dollars, which waits for its balance transaction to be booked
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), Money(100, "USD")).reference
    hear(a_charge(reference, Money(100, "USD")))
    receipt = receipts.by_label("R-000001")
    assert (receipt.amount_minor, receipt.currency) == (100, "USD")
