"""The link of a branch: what it refuses, whom it shows what, and when it ends."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from donations import tokens
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import Area
from tests.web.staff.conftest import Browser
from tests.web.treasury.branch_return_steps import SLUG, TYPED, Branch, all_of_them, decide
from tests.web.treasury.snapshots import acts, kept, said_beside

WRONG: list[tuple[dict[str, str], str]] = [
    ({"collection": "", "paper_sales": ""}, "collection"),
    ({"collection": "lots"}, "collection"),
    ({"collection": "-5"}, "collection"),
    ({"stall": "0"}, "stall"),
    ({"raffle": "1e999"}, "raffle"),
    ({"collection": "99999999999999999999"}, "collection"),
    ({"second_counter": ""}, "second_counter"),
    ({"second_counter": "ann"}, "second_counter"),
    ({"handed_in_by": ""}, "handed_in_by"),
    ({"from_on": "yesterday"}, "from_on"),
    ({"to_on": "2026-10-01"}, "to_on"),
    ({"to_on": "2027-01-01"}, "to_on"),
    ({"method": "gold"}, "method"),
    ({"collection_note": "x" * 5000}, "collection_note"),
    ({"first_counter": "x" * 5000}, "first_counter"),
]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("typed", "field"), WRONG, ids=[f"{f} {next(iter(t.values()))[:8]}" for t, f in WRONG])
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    branch: Branch, typed: dict[str, str], field: str
) -> None:
    answer = branch.hands_in(**{"standing_orders_note": "<script>two</script>", **typed})
    assert (answer.status_code, all_of_them()) == (422, [])
    assert said_beside(answer, field)
    assert "&lt;script&gt;two" in answer.text
    assert "<script>two" not in answer.text


@pytest.mark.databases("sqlite")
def test_a_form_of_another_site_or_another_branch_is_refused(branch: Branch) -> None:
    other = tokens.for_form(tokens.FormToken(slug="pay-in 999", nonce="x"))
    assert branch.hands_in(token=other).status_code == 422
    assert branch.hands_in(token="invented").status_code == 422
    data, headers = {**TYPED, "token": "x"}, {"Sec-Fetch-Site": "cross-site"}
    assert branch.client.post(branch.path, data=data, headers=headers).status_code == 403
    assert all_of_them() == []


def test_a_link_that_was_revoked_replaced_or_invented_opens_nothing(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in()
    (row,) = all_of_them()
    tried = ["invented", tokens.for_branch_return(branch.area, "guessed"), tokens.for_receipt("R-000001")]
    tried += [tokens.for_branch_return(10**30, "x"), tokens.for_return("x")]
    for token in tried:
        assert branch.client.get(f"/branch-returns/{token}").status_code == 404
        assert branch.client.post(f"/branch-returns/{token}/{row.id}", data=TYPED).status_code == 404
    # when another link is made, the one before has ended; and so does that when it is revoked
    assert treasurer.post(f"/treasury/branch-returns/links/{branch.area}", act="make").status_code == 303
    assert (branch.page().status_code, branch.hands_in(collection="7").status_code) == (404, 404)
    new = f"/branch-returns/{branch_returns.token_of(db.session.get_one(Area, branch.area))}"
    assert branch.client.get(new).status_code == 200
    assert treasurer.post(f"/treasury/branch-returns/links/{branch.area}", act="revoke").status_code == 303
    assert (branch.client.get(new).status_code, len(all_of_them())) == (404, 1)
    assert acts()[-2:] == ["pay_in_link.made", "pay_in_link.revoked"]


def test_a_branch_sees_and_amends_nothing_of_another(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in()
    (row,) = all_of_them()
    with write_unit():
        wales = db.session.scalars(select(Area).where(Area.name == "Wales")).one()
        path = f"/branch-returns/{branch_returns.make_link(wales)}"
    other = Branch(treasurer.client.application, wales.id, path)
    assert "£142.50" not in other.page().text
    assert other.client.get(f"{path}/{row.id}").status_code == 404
    assert other.hands_in(on=f"/{row.id}").status_code == 404
    for odd in ("0", "9" * 30):
        assert other.client.get(f"{path}/{odd}").status_code == 404
        assert treasurer.get(f"/treasury/branch-returns/{odd}").status_code == 404


@pytest.mark.parametrize("hidden", ["dark", "holding_page"])
def test_the_link_of_a_hidden_appeal_says_nothing(branch: Branch, change: Any, hidden: str) -> None:
    change(SLUG, visibility=hidden)
    answer = branch.page()
    assert (answer.status_code, "London" in answer.text) == (404, False)


def test_an_auditor_looks_and_changes_nothing(auditor: Browser, branch: Branch) -> None:
    branch.hands_in()
    (row,) = all_of_them()
    for path in ("/treasury/branch-returns", f"/treasury/branch-returns/{row.id}"):
        assert auditor.get(path).status_code == 200
    assert auditor.get("/treasury/branch-returns/links").status_code == 403
    before = kept()
    assert decide(auditor, "accept").status_code == 403
    assert auditor.post(f"/treasury/branch-returns/links/{branch.area}", act="make").status_code == 403
    assert kept() == before
