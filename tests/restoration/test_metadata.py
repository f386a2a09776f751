"""The metadata sent to Stripe comes back whole, fits Stripe's limits, and names no person and no fund."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from donations.database import write_unit
from donations.extensions import db
from donations.models import Allocation, Appeal, Area, Donation, Fund, Installation
from donations.restoration import metadata
from tests.factories import a_donation

pytestmark = pytest.mark.databases("sqlite")


def over(funds: int, minor: int = 99_999_999_999) -> Donation:
    """A donation that is divided over so many funds."""
    appeal = Appeal.any_by_slug("karaganda-four")
    made = [Fund(appeal_id=appeal.id, slug=f"f{n}", kind="detainee", name={"en": "x"}) for n in range(funds)]
    db.session.add_all(made)
    db.session.flush()
    return a_donation(appeal, allocations=[Allocation(fund_id=fund.id, amount_minor=minor) for fund in made])


@pytest.mark.parametrize("funds", [1, 2, 19, 20, 200, 900])
def test_a_split_of_any_size_comes_back_whole_within_stripes_limits(app: Flask, funds: int) -> None:
    with write_unit():
        donation = over(funds)
        area = Area(appeal_id=donation.appeal_id, name="Leeds", target_minor=1)
        db.session.add(area)
        db.session.flush()
        donation.area_id = area.id
        given = metadata.metadata_of(donation)
        opaque = {db.session.get_one(Fund, one.fund_id).opaque_id: one.amount_minor for one in donation.allocations}
        said = metadata.read(given)
    assert len(given) <= metadata.MAX_KEYS
    assert all(len(name) <= 40 and len(value) <= metadata.MAX_CHARACTERS for name, value in given.items())
    assert dict(said.parts) == opaque
    assert len(said.parts) == funds
    assert (said.installation, said.wording_id, said.area) == (
        Installation.get().opaque_id, donation.wording_id, area.opaque_id,
    )  # fmt: skip


def test_a_split_that_does_not_fit_is_not_told_by_halves(app: Flask) -> None:
    with write_unit():
        given = metadata.metadata_of(over(2000))
    assert not [name for name in given if name.startswith("funds")]
    assert metadata.read(given).parts == ()


@pytest.mark.parametrize(
    "given",
    [{}, {"donation": "r"}, {"funds": "a:1"}, {"funds": "abcdefghijkm:1 x"}, {"wording": "1x", "funds": "1:2:3"},
     {"funds": "abcdefghijkm:-5"}, {"wording": "9" * 30}],
)  # fmt: skip
def test_what_others_wrote_is_taken_for_not_said(given: dict[str, Any]) -> None:
    said = metadata.read(given)
    assert (said.parts, said.wording_id) == ((), None)


def test_two_funds_never_have_the_same_opaque_id(app: Flask) -> None:
    ids = [fund.opaque_id for fund in db.session.query(Fund)] + [area.opaque_id for area in db.session.query(Area)]
    assert None not in ids
    assert len(set(ids)) == len(ids)
