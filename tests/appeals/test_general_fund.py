"""The one general fund, which bears what the organisation bears: its own, or one that an appeal declares."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, Fund
from tests.appeals.steps import DEMO, load, refused


def without_general() -> str:
    """The demo's file less the appeal that has the general fund."""
    return re.sub(
        r'\[\[appeals\]\]\nslug = "fighting-fund".*?(?=\[\[appeals\]\]\nslug = "kurmanov")', "", DEMO, flags=re.DOTALL
    )


def test_where_no_appeal_has_the_general_fund_the_organisation_has_its_own(bare_app: Flask, at: datetime) -> None:
    report = load(without_general(), at)
    assert report.created[-1] == "fund general"
    general = db.session.scalars(select(Fund).where(Fund.kind == "general")).one()
    assert (general.slug, general.appeal) == ("general", None)
    assert set(general.name) == {"en", "ru"}
    assert not load(without_general(), at).did_anything


def test_an_appeal_that_declares_the_general_fund_later_adopts_it(bare_app: Flask, at: datetime) -> None:
    # given the organisation's own general fund, which has an id in the ledger
    load(without_general(), at)
    old = db.session.scalar(select(Fund.id).where(Fund.kind == "general"))
    # when an appeal declares one, under another slug
    text = DEMO.replace('slug = "general"\n  kind = "general"', 'slug = "our-paper"\n  kind = "general"')
    report = load(text, at)
    # then it is the same row
    general = db.session.scalars(select(Fund).where(Fund.kind == "general")).one()
    assert (general.id, general.slug) == (old, "our-paper")
    assert general.appeal is Appeal.any_by_slug("fighting-fund")
    assert report.changed[0].what == "fund our-paper"
    assert not load(text, at).did_anything


def test_a_second_general_fund_in_another_file_is_refused(app: Flask, at: datetime) -> None:
    more = DEMO[DEMO.index('[[appeals]]\nslug = "fighting-fund"') : DEMO.index('[[appeals]]\nslug = "kurmanov"')]
    more = more.replace('slug = "fighting-fund"', 'slug = "another"').replace('slug = "general"', 'slug = "ours"')
    assert [fault.split(":")[0] for fault in refused(more, at)] == ["appeals[0].funds[0].kind"]
