"""The numbers of receipts of discreet appeals: drawn at random, so that two of them tell nothing of those between."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from donations import ledger, receipts, tokens
from donations.database import write_unit
from donations.errors import BadLink
from donations.extensions import db
from donations.models import Donation, Receipt
from tests.factories import NOON, gbp
from tests.receipts.test_issuance import received
from tests.totals.steps import change

OPEN, DISCREET = "hands-off-ali", "campaign-kazakhstan"


def test_receipts_of_a_discreet_appeal_tell_nothing_of_each_other(app: Flask) -> None:
    # given receipts of a discreet appeal, and of another one before, between and after them
    issued = [received(slug, nonce=str(at)) for at, slug in enumerate([OPEN, DISCREET, OPEN, DISCREET, DISCREET, OPEN])]
    # then those of the other are counted as if there were no discreet appeal
    assert [one.label for one in issued if one.label[2] == "0"] == ["R-000001", "R-000002", "R-000003"]
    # and the discreet ones have a number that nothing can be counted by, above one without gaps
    discreet = [one for one in issued if one.label[2] != "0"]
    assert all(re.fullmatch(r"R-[A-Z][0-9A-Z]{7}", one.label) for one in discreet)
    assert [one.number for one in discreet] == [1, 2, 3]
    assert ledger.check(db.session.connection(), NOON).findings == ()


@pytest.mark.parametrize("was_discreet", [True, False])
def test_the_newest_receipt_stays_the_newest_when_its_appeal_becomes_discreet_or_no_longer_is(
    app: Flask, was_discreet: bool
) -> None:
    # given a receipt, whose appeal is then changed
    change(OPEN, discreet=was_discreet)
    first = received(OPEN)
    change(OPEN, discreet=not was_discreet)
    # when a lesser amount remains
    with write_unit() as conn:
        donation, latest = db.session.get_one(Donation, first.donation_id), receipts.latest_of(conn, first.donation_id)
        less = receipts.Acknowledged(gbp("5.00"), "2026-11-21", "2026-11-22", "card", "refunded")
        receipts.acknowledge(conn, donation, less, latest, at=NOON)
    # then its receipt comes after the first, and no number is counted on once one was random
    newest = receipts.latest_of(db.session.connection(), first.donation_id)
    assert (newest.amount_minor, newest.label[2].isalpha()) == (500, True)
    shown = db.session.scalars(select(Receipt).filter_by(donation_id=first.donation_id).order_by(*receipts.IN_ORDER))
    assert [one.label for one in shown] == [first.label, newest.label]


@pytest.mark.databases("sqlite")
def test_a_random_number_is_found_as_it_is_typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("donations.receipts.issuance.random_label", lambda: "R-K0ZD1V7Q")
    receipt = received(DISCREET)
    code = tokens.check_code(receipt.label, receipt.payload)
    for typed in ("R-K0ZD1V7Q", "RK0ZD1V7Q", "K0ZD1V7Q", "R-KOZDIU7Q"):
        assert receipts.by_check_code(typed, code).id == receipt.id
    with pytest.raises(BadLink):
        receipts.by_check_code("R-K0ZD1V7R", code)
