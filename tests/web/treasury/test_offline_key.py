"""A treasurer unlocks the offline key in the browser, sees what it has sealed, and it is forgotten again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from donations import data_requests
from donations.data_keys.offline import PrivateKey
from donations.database import write_unit
from donations.extensions import db
from donations.giving import messages
from donations.models import AuditRecord, Mail, OfflineUnlock, Receipt
from donations.offline_key import key_file, unlocks
from tests.data_request_steps import MAYA, NAME, give
from tests.offline_key.steps import KEY, PASSPHRASE, seal, turn_on
from tests.web.staff.conftest import PASSWORD, Browser, Person

pytestmark = pytest.mark.databases("sqlite")
PAGE, PERSON = "/treasury/offline-key", "/treasury/personal-data/person"
CARD = "c" * 20


@pytest.fixture(scope="module")
def file() -> bytes:
    return key_file.written(KEY, PASSPHRASE)


@pytest.fixture
def sealed(app: object) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    turn_on(at=at)
    give(CARD, at)
    with write_unit() as conn:
        messages.hide(CARD, by="tara", at=at)
        conn.execute(db.update(Mail).values(state="sent", recipient_sealed=None))
    seal(datetime.now(UTC))


def unlock(browser: Browser, file: bytes, passphrase: str = PASSPHRASE) -> int:
    answer = browser.post(f"{PAGE}/unlock", file=(BytesIO(file), "offline.key"), passphrase=passphrase)
    db.session.rollback()
    return answer.status_code


def acts() -> list[str]:
    db.session.rollback()
    ours = AuditRecord.act.startswith("offline_key.")
    return list(db.session.scalars(select(AuditRecord.act).where(ours).order_by(AuditRecord.id)))


def test_names_are_there_for_the_browser_that_unlocked_the_key_and_for_no_other(
    treasurer: Browser, auditor: Browser, sealed: None, file: bytes
) -> None:
    locked = treasurer.post(PERSON, email=MAYA)
    assert locked.status_code == 409
    assert "encrypted with the offline key" in locked.text
    assert unlock(treasurer, file) == 303
    assert "Unlocked until" in treasurer.get(PAGE).text
    assert NAME in treasurer.post(PERSON, email=MAYA).text
    assert data_requests.find(MAYA).donations == ()
    assert "Unlocked until" not in auditor.get(PAGE).text
    # and when it is locked again, they are gone
    assert treasurer.post(f"{PAGE}/lock").status_code == 303
    assert treasurer.post(PERSON, email=MAYA).status_code == 409
    assert acts() == ["offline_key.unlocked", "offline_key.locked"]


def test_a_copy_of_a_receipt_names_its_donor_only_while_the_key_is_unlocked(
    treasurer: Browser, sealed: None, file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    label, printed = db.session.scalars(select(Receipt.label)).one(), []
    monkeypatch.setattr("donations.paper.receipt.pdf", lambda _template, told, **_more: printed.append(told) or b"%PDF")
    treasurer.post(f"/treasury/receipts/{label}/copy")
    assert unlock(treasurer, file) == 303
    treasurer.post(f"/treasury/receipts/{label}/copy")
    assert [NAME in str(told) for told in printed] == [False, True]
    assert "a donor whose name is locked" in str(printed[0])


def test_it_is_forgotten_after_a_quarter_of_an_hour(
    treasurer: Browser, clock: time_machine.Traveller, sealed: None, file: bytes
) -> None:
    assert unlock(treasurer, file) == 303
    clock.shift(timedelta(minutes=15))
    assert "Unlocked until" not in treasurer.get(PAGE).text
    assert data_requests.find(MAYA).donations == ()


def test_it_goes_on_under_another_cookie_and_ends_with_the_session(
    app: Flask, join: Callable[..., Person], clock: time_machine.Traveller, sealed: None, file: bytes
) -> None:
    person, browser = join("rena@example.org", "treasurer"), Browser(app)
    assert browser.sign_in(person).status_code == 303
    assert unlock(browser, file) == 303
    before = (browser.cookie, db.session.scalars(select(OfflineUnlock.key_wrapped)).one())
    clock.shift(60)
    browser.get("/staff/again")
    assert browser.post("/staff/again", password=PASSWORD, code=person.code()).status_code == 303
    db.session.rollback()
    after = (browser.cookie, db.session.scalars(select(OfflineUnlock.key_wrapped)).one())
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert NAME in browser.post(PERSON, email=MAYA).text
    assert browser.post("/staff/sign-out").status_code == 303
    db.session.rollback()
    assert db.session.query(OfflineUnlock).count() == 0


def test_the_server_alone_cannot_open_what_a_browser_has_unlocked(
    treasurer: Browser, sealed: None, file: bytes
) -> None:
    assert unlock(treasurer, file) == 303
    row = db.session.query(OfflineUnlock).one()
    assert KEY.raw not in row.key_wrapped
    assert unlocks.read(row.session_id, "another cookie", datetime.now(UTC)) is None


@pytest.mark.parametrize("what", ["passphrase", "file", "key", "nothing"])
def test_what_does_not_open_it_is_refused_with_what_to_do(
    treasurer: Browser, sealed: None, file: bytes, what: str
) -> None:
    other = key_file.written(PrivateKey(b"\x09" * 32), PASSPHRASE) if what == "key" else b"a letter"
    sent = {"passphrase": file, "file": other, "key": other, "nothing": b""}[what]
    fields = {"file": (BytesIO(sent), "offline.key" if sent else ""), "passphrase": "" if what == "nothing" else
              PASSPHRASE + ("?" if what == "passphrase" else "")}  # fmt: skip
    answer = treasurer.post(f"{PAGE}/unlock", **fields)
    assert answer.status_code == 422
    words = {
        "passphrase": "does not open this file", "file": "This is not an offline key file",
        "key": "is encrypted with this key", "nothing": "Choose the file",
    }  # fmt: skip
    assert words[what] in answer.text
    assert acts() == []


def test_every_admin_and_treasurer_is_told_by_mail(
    treasurer: Browser, signed_in: Callable[..., Browser], sealed: None, file: bytes
) -> None:
    signed_in("admin")
    before = db.session.query(Mail).filter_by(kind="staff_notice").count()
    assert unlock(treasurer, file) == 303
    told = db.session.query(Mail).filter_by(kind="staff_notice").all()[before:]
    assert [mail.facts["what"] for mail in told] == ["unlocked", "unlocked"]


def test_without_a_key_the_page_says_how_to_make_one(treasurer: Browser) -> None:
    page = treasurer.get(PAGE)
    assert "donations keys offline create" in page.text
    assert treasurer.post(PERSON, email=MAYA).status_code == 200
