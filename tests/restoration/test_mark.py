"""The mark of a restored database: no number of a receipt twice, no link to another's receipt, no mail twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from donations import giving, ledger, receipts, restoration, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Refund
from donations.models import Mail, Receipt
from donations.reconciliation import to_do
from donations.worker import queues
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, gbp
from tests.fixtures.outside import MailServer
from tests.web.staff.conftest import Browser
from tests.worker.steps import received

LATER = NOON + timedelta(days=1)


def marked(at: datetime = LATER) -> str:
    with write_unit() as conn:
        return restoration.mark_restored(conn, NOON, actor="cli:test", at=at)


def labels() -> list[str]:
    fresh()
    return list(db.session.scalars(select(Receipt.label).order_by(*receipts.IN_ORDER)))


def test_receipts_after_a_restore_are_numbered_in_a_series_of_their_own(app: Flask) -> None:
    received()
    # when the same copy is restored twice, on two hosts, and another time
    series = [marked(), marked(), marked()]
    received(email_sealed=None)
    # then each has another series, and numbers begin again in it without a gap
    assert len(set(series)) == 3
    assert all(len(one) == 5 and one.startswith("R") for one in series)
    assert labels() == ["R-000001", f"{series[-1]}-000001"]
    assert ledger.check(db.session.connection(), LATER).findings == ()


def test_the_newest_receipt_of_a_donation_is_that_of_the_newest_series(app: Flask, client: FlaskClient) -> None:
    # given a donation with a receipt of a high number
    for _ in range(3):
        reference = received()
    series = marked()
    charge = db.session.execute(
        text("SELECT charge_id FROM payment WHERE reference = :r"), {"r": reference}
    ).scalar_one()
    # when a part of it is refunded
    part = Refund("re_1", charge, gbp("5.00"), "succeeded", LATER)
    with write_unit() as conn:
        giving.refunds.apply_refund(conn, part, at=LATER)
    # then the new one replaces the old one, and a repeated report changes nothing
    assert labels() == ["R-000001", "R-000002", "R-000003", f"{series}-000001"]
    hear(a_charge(reference, gbp("20.00"), charge_id=charge))
    assert labels() == ["R-000001", "R-000002", "R-000003", f"{series}-000001"]
    states = db.session.scalars(select(Receipt.state).order_by(*receipts.IN_ORDER)).all()
    assert states == ["live", "live", "replaced", "live"]


def test_a_number_is_found_by_figures_alone_in_every_series(app: Flask, client: FlaskClient) -> None:
    received()
    series = marked()
    received()
    for label in ("R-000001", f"{series}-000001"):
        receipt = receipts.by_label(label)
        code = tokens.check_code(label, receipt.payload)
        for typed in ("1", "000001", label, label.replace("-", ""), label.lower()):
            if typed == label.replace("-", "").lower():
                continue
            answer = client.post("/receipts/check", data={"number": typed, "code": code})
            assert answer.location.endswith(f"/receipts/check/{label}/{code}"), typed
            assert label in client.get(answer.location).text


def test_a_lost_receipts_link_never_opens_another_receipt(app: Flask, client: FlaskClient) -> None:
    # given links to receipts that were issued after the copy was made: by number, as they once were, and by link
    reference = received(name_sealed=None)
    links = [tokens.for_receipt("R-000002"), tokens.for_receipt_link("lost", "gone"),
             tokens.for_receipt_link("lost", reference)]  # fmt: skip
    # when the numbers go on, restored or not
    received()
    marked()
    received()
    # then the page explains what has happened, and none opens
    for link in links:
        for address in (f"/receipts/{link}", f"/receipts/{link}.pdf"):
            answer = client.get(address)
            assert answer.status_code == 410
            assert "no longer in our records" in answer.text
            assert "R-00000" not in answer.text
    # and the old receipt of a known donation leads to its live one
    assert f"/receipts/{receipts.token_of(receipts.by_label('R-000001'))}" in client.get(f"/receipts/{links[2]}").text
    assert client.get("/receipts/invented").status_code == 404


def test_an_unknown_paper_is_not_called_false_after_a_restore(app: Flask, client: FlaskClient) -> None:
    address = "/receipts/check/R-000357/AAAAA-AAAAA"
    assert "restored from a copy" not in client.get(address).text
    marked()
    assert "restored from a copy" in client.get(address).text


def test_no_mail_that_was_waiting_goes_out_by_itself(app: Flask, mail_server: MailServer) -> None:
    # given mails that were waiting when the copy was made
    received()
    db.session.execute(text("INSERT INTO mail (id, kind, dedupe_key, language, facts, state, attempts, created_at,"
                            " next_attempt_at) VALUES (1, 'staff_reset', 'x', 'en', '{}', 'due', 0, '2026-11-21',"
                            " '2026-11-21')"))  # fmt: skip
    db.session.commit()
    # when the copy is restored
    marked()
    queues.send_mails(LATER + timedelta(days=2))
    # then none is sent, what is over is gone, and what waits is on the list with its way out
    assert mail_server.mails == []
    waiting = to_do.of_kind(db.session.connection(), "held_mail", LATER)
    assert [item.note for item in waiting] == ["receipt"]
    with write_unit() as conn:
        to_do.retry(conn, "held_mail", waiting[0].ref, at=LATER)
    queues.send_mails(LATER)
    fresh()
    assert [mail.state for mail in db.session.query(Mail)] == ["sent"]
    assert len(mail_server.mails) == 1


def test_nobody_stays_signed_in(app: Flask, join: Any, browser: Browser) -> None:
    treasurer = join("maya@example.org", "treasurer")
    browser.become(treasurer)
    assert browser.get("/treasury/").status_code == 200
    marked()
    assert browser.get("/treasury/").status_code == 303
