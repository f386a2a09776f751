"""What was typed is kept sealed for a day, and makes one donation: whatever is clicked, sent again or sent at once."""

from __future__ import annotations

import threading
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from donations import giving, privacy, retention
from donations.appeals import wordings
from donations.database import write_unit
from donations.errors import AppealClosed, BadSeal, CheckExpired, CheckIncomplete, CheckNotFound, CheckUsed
from donations.extensions import db
from donations.giving import NewDonation, checks
from donations.models import Appeal, Donation, DonationCheck
from donations.worker.erasure import erase_personal_data
from tests.events import a_charge, an_attempt, fresh, hear, rows
from tests.factories import NOON, gbp

TYPED = {"amount": "20", "name": "Maya Example", "email": "maya@example.org", "message": "Hold on, friends."}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def kept() -> tuple[str, str]:
    """A check; gives its code and key."""
    with write_unit():
        check = checks.keep(Appeal.any_by_slug("hands-off-ali"), TYPED, NOON)
        return check.code, check.key


def begin(code: str, key: str, at: datetime = NOON, **more: Any) -> str:
    """Go on from the check. Returns the donation's reference."""
    said: dict[str, Any] = {"amount": gbp("20.00"), "name": TYPED["name"], "email": TYPED["email"], **more}
    gift = NewDonation(interval="once", fund=None, message="", display="secret", language="en", nonce=key, **said)
    with write_unit():
        return checks.begin_donation(code, key, gift, at).reference


def open_check(code: str, at: datetime = NOON) -> None:
    fresh()
    checks.require_open(checks.find(code), at)


def test_what_was_typed_is_kept_whole(app: Flask) -> None:
    code, _ = kept()
    fresh()
    assert checks.fields_of(checks.find(code)) == TYPED


def test_the_wording_that_was_shown_is_kept_also_where_it_changed_before_the_payment(app: Flask) -> None:
    # given a donor who has checked a donation, and a wording that is changed before they go on
    code, key = kept()
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        before = wordings.latest(appeal)
        appeal.surplus = {"en": "What is left goes to the paper."}
        wordings.record(appeal, by="tara", at=NOON + HOUR, source="file")
    # when they go on
    reference = begin(code, key, NOON + 2 * HOUR)
    # then the donation keeps the text they had read, and one that is checked now the new text
    fresh()
    assert before is not None
    assert Donation.by_reference(reference).wording_id == before.id
    with write_unit():
        check = checks.keep(Appeal.any_by_slug("hands-off-ali"), TYPED, NOON + 2 * HOUR)
        later = check.code, check.key
    assert Donation.by_reference(begin(*later, NOON + 2 * HOUR)).wording_id != before.id


def test_an_address_has_more_than_128_random_bits_and_is_never_the_same(app: Flask) -> None:
    codes, keys = zip(*(kept() for _ in range(20)), strict=True)
    assert len({*codes, *keys}) == 40
    assert all(len(code) * 6 >= 192 for code in codes)


def test_what_was_typed_cannot_be_read_in_the_database_nor_moved_to_another_address(app: Flask) -> None:
    code, _ = kept()
    other, _ = kept()
    fresh()
    raw = db.session.execute(text("SELECT * FROM donation_check")).mappings().all()
    everything = b"|".join(v if isinstance(v, bytes) else str(v).encode() for row in raw for v in row.values())
    for word in (b"Maya", b"maya", b"example", b"Hold on"):
        assert word not in everything
    with pytest.raises(BadSeal):
        privacy.unseal(checks.find(code).fields_sealed, f"donation_check:{other}:fields")


def test_its_key_makes_one_donation_however_often_it_is_sent(app: Flask) -> None:
    code, key = kept()
    assert begin(code, key) == begin(code, key)
    assert rows("donation") == 1


def test_two_forms_with_the_same_words_are_two_donations(app: Flask) -> None:
    assert begin(*kept()) != begin(*kept())


@pytest.mark.parametrize("wrong", ["", "invented", "é"])
def test_without_its_key_nothing_is_made_of_it(app: Flask, wrong: str) -> None:
    code, key = kept()
    with pytest.raises(CheckIncomplete):
        begin(code, wrong)
    with pytest.raises(CheckIncomplete):
        begin(code, kept()[1])
    assert rows("donation") == 0
    begin(code, key)


def test_an_address_that_was_never_given_out_is_not_found(app: Flask) -> None:
    with pytest.raises(CheckNotFound):
        begin("invented", "key")


@pytest.mark.parametrize("attempt", [None, "open", "starting"])
def test_while_its_donation_waits_to_be_paid_its_supporter_may_come_back(app: Flask, attempt: str | None) -> None:
    code, key = kept()
    reference = begin(code, key)
    with write_unit():
        if attempt:
            an_attempt(donation_of(reference), state=attempt)
    open_check(code)
    assert begin(code, key) == reference


@pytest.mark.parametrize("became", ["pending", "succeeded", "complete", "expired"])
def test_once_its_donation_is_paid_or_on_its_way_or_over_it_is_used(app: Flask, became: str) -> None:
    code, key = kept()
    reference = begin(code, key)
    with write_unit():
        session_id = an_attempt(donation_of(reference)).session_id
    if became in ("pending", "succeeded"):
        hear(a_charge(reference, gbp("20.00"), status=became))
    else:
        with write_unit() as conn:
            giving.record_session(conn, str(session_id), reference, became, at=NOON)
    with pytest.raises(CheckUsed):
        open_check(code)
    with pytest.raises(CheckUsed):
        begin(code, key)
    assert rows("donation") == 1


def test_after_a_declined_card_it_leads_on_to_the_same_payment_page(app: Flask) -> None:
    code, key = kept()
    reference = begin(code, key)
    with write_unit():
        an_attempt(donation_of(reference))
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    open_check(code)
    assert begin(code, key) == reference


def test_it_is_good_for_a_day_and_no_longer(app: Flask) -> None:
    code, key = kept()
    open_check(code, NOON + DAY - timedelta(seconds=1))
    with pytest.raises(CheckExpired):
        open_check(code, NOON + DAY)
    with pytest.raises(CheckExpired):
        begin(code, key, NOON + DAY)
    assert rows("donation") == 0


def test_what_was_typed_is_deleted_after_a_day_and_the_donation_stays(app: Flask) -> None:
    # given a form that was left, and one that was sent
    left, (code, key) = kept()[0], kept()
    begin(code, key)
    # when the day is not over, nothing is deleted
    assert erase_personal_data(NOON + DAY - timedelta(seconds=1)) == 0
    # when it is
    with write_unit():
        young = checks.keep(Appeal.any_by_slug("hands-off-ali"), TYPED, NOON + timedelta(hours=1)).code
    assert erase_personal_data(NOON + DAY) == 2
    # then they are gone, and only they
    for gone in (left, code):
        with pytest.raises(CheckNotFound):
            checks.find(gone)
    checks.find(young)
    assert (rows("donation_check"), rows("donation")) == (1, 1)


def test_more_than_a_batch_are_all_deleted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        kept()
    assert erase_personal_data(NOON + DAY) == 5


def test_an_appeal_that_has_closed_meanwhile_begins_nothing_and_the_words_stay(app: Flask) -> None:
    code, key = kept()
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    with pytest.raises(AppealClosed):
        begin(code, key)
    fresh()
    assert checks.fields_of(checks.find(code)) == TYPED
    assert checks.find(code).donation_id is None


def test_six_clicks_at_once_make_one_donation(app: Flask) -> None:
    code, key = kept()
    references: list[str] = []
    failures: list[BaseException] = []
    barrier = threading.Barrier(6)

    def click() -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                references.append(begin(code, key))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(click,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert (len(references), len(set(references)), rows("donation")) == (6, 1, 1)


def donation_of(reference: str) -> Any:
    fresh()
    return db.session.query(DonationCheck).filter(DonationCheck.donation.has(reference=reference)).one().donation
