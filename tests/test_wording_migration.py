"""The migration that gives every donation its wording: on a database of the version before, from what donations, audit
log and appeals still hold; sums, ledger and receipts as before, and nothing left to post."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import appeals, create_app, facts, giving, ledger
from donations.appeals import wordings
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealWording, Donation
from tests.appeals.steps import DEMO
from tests.events import fresh
from tests.factories import NOON, a_donation
from tests.fixtures import old_tables
from tests.fixtures.databases import Templates
from tests.fixtures.settings import environ_for
from tests.reconciliation import a_month

BEFORE = "0016"
TODAYS = "If Ali is freed or the appeal raises more than it needs, what is left goes to the others held at Sakharovo."


@pytest.fixture
def old_url(templates: Templates) -> Iterator[str]:
    """A database of the version before: a month of everything, in the tables as they were."""
    new, old = templates.server.create(templates.loaded), templates.server.create(None)
    with _app(old).app_context():
        flask_migrate.upgrade(revision=BEFORE)
        _leave()
    with _app(new).app_context():
        a_month.happen()
        kept = old_tables.read()
        _leave()
    with _app(old).app_context():
        old_tables.write(kept)
        _leave()
    yield old
    for url in (new, old):
        templates.server.drop(url)


def _app(url: str) -> Flask:
    return create_app(environ_for(url), TESTING=True)


def _leave() -> None:
    db.session.remove()
    db.engine.dispose()


def _sums() -> list[Any]:
    with db.engine.connect() as conn:
        asked = (
            "SELECT account, fund_id, currency, clear_ref, sum(amount_minor), count(*) FROM posting GROUP BY 1, 2, 3, 4"
        )
        books = conn.execute(text(f"{asked} ORDER BY 1, 2, 3, 4")).all()
        totals = conn.execute(text("SELECT * FROM fund_total ORDER BY 1, 2, 3")).all()
        receipts = conn.execute(text("SELECT label, payload_sha256, state FROM receipt ORDER BY 1")).all()
        return [*books, *totals, *receipts, conn.execute(text("SELECT count(*) FROM entry")).scalar()]


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_books_of_the_version_before_are_the_same_after_it(old_url: str) -> None:
    with _app(old_url).app_context():
        before = _sums()
        assert len(before) > 20
        # when they are migrated
        flask_migrate.upgrade()
        # then not a penny has moved, the ledger is sound, every donation has a wording of its appeal
        assert _sums() == before
        fresh()
        assert ledger.check(db.session.connection(), NOON).findings == ()
        donations = list(db.session.scalars(select(Donation)))
        assert donations
        for donation in donations:
            assert donation.wording is not None
            assert (donation.wording.appeal_id, donation.wording.source) == (donation.appeal_id, "migration")
            assert donation.wording.surplus["en"] == TODAYS
        # and everything that is booked again posts nothing
        _book_again()
        assert _sums() == before
        # and what the appeals say is their newest version: loading the file makes no other
        with write_unit():
            appeals.load(DEMO, NOON)
        fresh()
        assert db.session.query(AppealWording).count() == db.session.query(Appeal).count()
        _leave()


def _book_again() -> None:
    fresh()
    charges = list(db.session.execute(text("SELECT charge_id FROM payment ORDER BY id")).scalars())
    for charge_id in charges:
        with write_unit() as conn:
            giving.settle(conn, facts.lock_root(conn, charge_id, at=NOON), at=NOON)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_earlier_wordings_are_found_where_anything_still_says_them(old_url: str) -> None:
    # given an appeal whose wording was changed twice on its page, and once by a file without a record
    first, second = NOON + timedelta(days=1), NOON + timedelta(days=3)
    told: list[tuple[str, datetime, str, str]] = [
        ("silent early", NOON, "en", ""),
        ("named early", NOON, "en", "First words."),
        ("named early, Russian", NOON, "ru", "Первые слова."),
        ("silent between", first + timedelta(hours=1), "en", ""),
        ("named late", second + timedelta(hours=1), "en", "Words of a file."),
        ("silent late", second + timedelta(hours=1), "en", ""),
        ("of today", second + timedelta(hours=2), "en", TODAYS),
    ]
    with _app(old_url).app_context():
        _tell(told, [first, second])
        # when they are migrated
        flask_migrate.upgrade()
        # then each donation has the wording that it kept, or that of its time, or an unknown one
        fresh()
        found = {one.donor_id: one.wording for one in db.session.scalars(select(Donation)) if one.wording}
        early = {"en": "First words.", "ru": "Первые слова."}
        assert {who: (found[who].surplus, found[who].source) for who, *_ in told} == {
            "silent early": (early, "migration"),
            "named early": (early, "migration"),
            "named early, Russian": (early, "migration"),
            "silent between": ({}, "lost"),
            "named late": ({"en": "Words of a file."}, "migration"),
            "silent late": ({"en": TODAYS}, "migration"),
            "of today": ({"en": TODAYS}, "migration"),
        }
        # and the page says since when today's text holds
        appeal = Appeal.any_by_slug("hands-off-ali")
        newest = wordings.latest(appeal)
        assert newest is not None
        assert newest.surplus == appeal.surplus
        assert [one.is_lost for one in wordings.shown(appeal).earlier] == [False, True, False]
        _leave()


def _tell(told: list[tuple[str, datetime, str, str]], changes: list[datetime]) -> None:
    """Donations as they were kept then, and the audit of the changes."""
    tables = old_tables.tables()
    with db.engine.begin() as conn:
        some = conn.execute(select(tables["donation"])).mappings().first()
        assert some is not None
        for number, (who, made_at, language, words) in enumerate(told, 100_000):
            row = dict(some) | {"id": number, "reference": who, "donor_id": who, "language": language, "form_key": None}
            row |= {"created_at": _kept(made_at), "terms": {"restriction": words}, "state": "abandoned"}
            conn.execute(tables["donation"].insert(), row | {"counted_in": None})
        for number, moment in enumerate(changes, 100_000):
            act = {"id": number, "at": _kept(moment), "actor": "staff:1", "act": "appeal.published"}
            act |= {"about": "appeal:hands-off-ali", "details": {"fields": ["surplus"]}}
            conn.execute(tables["audit"].insert(), act | {"previous_sha256": str(number), "sha256": str(number)})


def _kept(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None if db.engine.dialect.name == "sqlite" else UTC)


def test_a_donation_without_a_version_would_be_refused_afterwards(app: Flask) -> None:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"))
        assert donation.wording_id is not None
