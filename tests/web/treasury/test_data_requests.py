"""A treasurer who answers a letter looks up the data of one person, makes a copy and erases it; no other role does, and
each step is in the audit log without a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from donations import data_requests, ledger
from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Donation, Mail
from tests.data_request_steps import MAYA, NAME, WORDS, follow, give
from tests.web.staff.conftest import Browser

pytestmark = pytest.mark.databases("sqlite")
PERSON = "/treasury/personal-data/person"


@pytest.fixture
def given(app: object) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    give("maya-1", at)
    follow("maya-1", at)
    with write_unit() as conn:
        conn.execute(db.update(Mail).values(state="sent", recipient_sealed=None))
    db.session.rollback()


def last_record() -> AuditRecord:
    db.session.rollback()
    return db.session.query(AuditRecord).order_by(AuditRecord.id.desc()).limit(1).one()


def test_a_treasurer_sees_and_copies_what_the_person_would_and_each_look_is_recorded(
    treasurer: Browser, given: None
) -> None:
    page = treasurer.post(PERSON, email=MAYA.upper())
    assert page.status_code == 200
    assert all(said in page.text for said in (NAME, WORDS, "R-000001"))
    assert (last_record().act, last_record().details) == ("personal_data.looked_up", {"of": ["maya-1"]})
    copy = treasurer.post(f"{PERSON}/copy", email=MAYA, kind="json")
    assert json.loads(copy.data)["donations"][0]["name"] == NAME
    told = db.session.query(Mail).filter_by(kind="staff_notice").all()
    assert {str(mail.facts["what"]) for mail in told if "copied" in str(mail.facts["what"])} == {"person_copied"}
    assert NAME in treasurer.post(f"{PERSON}/copy", email=MAYA, kind="html").text
    assert last_record().act == "personal_data.copied"
    assert "We keep nothing under" in treasurer.post(PERSON, email="nobody@example.org").text
    everything = json.dumps([one.details for one in db.session.query(AuditRecord)])
    assert "example.org" not in everything
    assert NAME not in everything


def test_erasing_needs_a_reason_which_is_kept(treasurer: Browser, given: None) -> None:
    refused = treasurer.post(f"{PERSON}/erase", email=MAYA)
    assert refused.status_code == 422
    assert "Enter a reason" in refused.text
    assert not data_requests.find(MAYA).is_empty
    db.session.rollback()
    done = treasurer.post(f"{PERSON}/erase", email=MAYA, reason="letter of 3 November")
    assert done.status_code == 200
    assert "The name, email address and messages of this person are erased." in done.text
    assert data_requests.find(MAYA).is_empty
    db.session.rollback()
    assert Donation.by_reference("maya-1").name_sealed is None
    record = last_record()
    assert (record.act, record.actor) == ("personal_data.erased", "staff:1")
    assert record.details == {
        "of": ["maya-1"], "donations": 1, "subscriptions": 1, "events": 1, "waiting": 0,
        "reason": "letter of 3 November",
    }  # fmt: skip
    assert ledger.check(db.session.connection(), datetime.now(UTC)).findings == ()


def test_only_a_treasurer_who_has_just_proved_who_they_are_looks(
    signed_in: Callable[..., Browser], treasurer: Browser, given: None, clock: time_machine.Traveller
) -> None:
    for role in ("auditor", "admin", "organiser"):
        browser = signed_in(role)
        for path in (PERSON, f"{PERSON}/copy", f"{PERSON}/erase"):
            assert browser.post(path, email=MAYA, kind="json", reason="mine").status_code == 403
    clock.shift(timedelta(minutes=6))
    assert treasurer.post(PERSON, email=MAYA).status_code == 303
    assert NAME not in treasurer.get("/treasury/personal-data").text
    assert not data_requests.find(MAYA).is_empty
