"""What the team may undo changes no receipt for two hours: an undone match or a correction that is itself undone in
time leaves the receipt alone and sends no mail; what remains by then is mailed once, with its true cause."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from donations import giving, receipts
from donations.database import write_unit
from donations.extensions import db
from donations.models import Fund, Mail, OfflineDonation, Receipt, ReceiptChange
from donations.money import Money
from donations.reconciliation import donation_moves, matches
from donations.reconciliation.matches import Said
from donations.worker.queues import send_mails
from donations.worker.receipts import change_receipts
from tests.events import fresh, live_lines
from tests.factories import NOON
from tests.fixtures.outside import MailServer, plain_text
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import (
    TODAY,
    a_bank_account,
    a_gift,
    a_line,
    accepted,
    match,
    raised,
    receipts_of,
    sound,
)

DUE = NOON + receipts.UNDO_WITHIN


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url}


def matched(minor: int = 3000, *, on: date = TODAY, bank: str = "Current") -> tuple[int, int]:
    """A donation by bank with its statement line, matched; its donor has had the receipt by mail."""
    gift = a_gift(minor, "bank")
    line = a_line(a_bank_account(bank), minor, on=on)
    match(line, Said("offline_gift", minor, target=str(gift)))
    told()
    return gift, line


def told() -> None:
    with write_unit():
        for mail in db.session.query(Mail).filter_by(state="due"):
            mail.state, mail.sent_at, mail.recipient_sealed = "sent", NOON, None


def undo(line: int) -> None:
    with write_unit() as conn:
        matches.undo(conn, line, actor="tara", at=NOON)


def changes() -> int:
    fresh()
    return db.session.query(ReceiptChange).count()


def later(server: MailServer) -> list[str]:
    """What a donor is told when the two hours, and what a mail waits besides, are over."""
    before = len(server.mails)
    fresh()
    change_receipts(DUE)
    for _ in range(3):
        fresh()
        send_mails(DUE + receipts.SETTLES_WITHIN)
    return [mail["Subject"] for mail in server.mails[before:]]


def payload(number: int) -> dict[str, object]:
    fresh()
    said: dict[str, object] = json.loads(db.session.query(Receipt).filter_by(number=number).one().payload)
    return said


def test_an_undone_match_takes_the_money_off_at_once_and_the_receipt_waits(app: Flask) -> None:
    gift, line = matched()
    undo(line)
    assert (raised(), receipts_of(gift), changes()) == (0, [("live", 3000)], 1)
    assert sound() == ()
    change_receipts(DUE - timedelta(seconds=1))
    assert receipts_of(gift) == [("live", 3000)]


def test_a_match_that_is_undone_and_made_again_mails_nothing_and_takes_no_number(
    app: Flask, mail_server: MailServer
) -> None:
    gift, line = matched()
    for _ in range(3):
        undo(line)
        match(line, Said("offline_gift", 3000, target=str(gift)))
    assert changes() == 0
    assert later(mail_server) == []
    assert (raised(), receipts_of(gift), sound()) == (3000, [("live", 3000)], ())


def test_a_match_that_stays_undone_voids_the_receipt_and_says_that_it_was_our_mistake(
    app: Flask, mail_server: MailServer
) -> None:
    gift, line = matched()
    undo(line)
    assert later(mail_server) == ["Your receipt R-000001 is void"]
    said = plain_text(mail_server.mails[-1])
    assert "We had recorded your donation by mistake" in said
    assert "refunded" not in said
    assert "your bank" not in said.lower()
    assert (receipts_of(gift), changes(), sound()) == ([("void", 3000)], 0, ())


def test_a_match_made_again_after_the_mail_has_a_new_receipt_and_says_what_is_valid(
    app: Flask, mail_server: MailServer
) -> None:
    gift, line = matched()
    undo(line)
    later(mail_server)
    match(line, Said("offline_gift", 3000, target=str(gift)), at=DUE)
    assert receipts_of(gift) == [("void", 3000), ("live", 3000)]
    fresh()
    send_mails(DUE + 2 * receipts.SETTLES_WITHIN)
    assert "Receipt R-000002 for £30.00 is valid. The earlier receipt R-000001 stays void." in plain_text(
        mail_server.mails[-1]
    )


def test_a_corrected_amount_waits_and_what_is_corrected_back_is_never_told(app: Flask, mail_server: MailServer) -> None:
    gift = accepted(3000)
    told()
    for minor in (2000, 3000):
        with write_unit() as conn:
            giving.offline_donations.correct(conn, gift, Money(minor, "GBP"), "cash", at=NOON)
        assert (raised(), receipts_of(gift), sound()) == (minor, [("live", 3000)], ())
    assert (later(mail_server), receipts_of(gift)) == ([], [("live", 3000)])
    with write_unit() as conn:
        giving.offline_donations.correct(conn, gift, Money(2000, "GBP"), "cash", at=NOON)
    assert later(mail_server) == ["Your new receipt R-000002"]
    assert "We had recorded a wrong amount" in plain_text(mail_server.mails[-1])


def test_where_nobody_would_be_told_a_receipt_by_hand_follows_at_once(app: Flask) -> None:
    gift = accepted(3000)
    with write_unit() as conn:
        donation = db.session.get_one(OfflineDonation, gift).donation
        donation.email_sealed = donation.email_hash = None
        db.session.flush()
        giving.offline_donations.correct(conn, gift, Money(2000, "GBP"), "cash", at=NOON)
    assert receipts_of(gift) == [("replaced", 3000), ("live", 2000)]
    fresh()
    assert db.session.scalars(select(ReceiptChange)).all() == []


def test_a_cheque_that_bounces_says_that_the_bank_reversed_it(app: Flask, mail_server: MailServer) -> None:
    gift = accepted(5000, "cheque")
    told()
    match(a_line(a_bank_account(), -5000), Said("bounced", -5000, target=str(gift)))
    assert later(mail_server) == ["Your receipt R-000001 is void"]
    assert "Your bank reversed your donation." in plain_text(mail_server.mails[-1])


@pytest.mark.databases("sqlite")
def test_a_receipt_that_cannot_follow_yet_holds_up_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    gifts = []
    for bank in ("Current", "Savings"):
        gift, line = matched(bank=bank)
        undo(line)
        gifts.append(gift)
    carry_out, seen = giving.carry_out_change, []

    def failing(conn: object, donation_id: int, **more: object) -> None:
        seen.append(donation_id)
        if len(seen) == 1:
            raise ZeroDivisionError
        carry_out(conn, donation_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(giving, "carry_out_change", failing)
    with pytest.raises(ZeroDivisionError):
        change_receipts(DUE)
    assert sorted(receipts_of(gift)[0][0] for gift in gifts) == ["live", "void"]
    change_receipts(DUE)
    assert [receipts_of(gift)[0][0] for gift in gifts] == ["void", "void"]


def test_the_day_of_a_donation_by_bank_is_the_day_the_bank_booked_it(app: Flask) -> None:
    matched(on=TODAY - timedelta(days=3))
    assert payload(1)["received_on"] == (TODAY - timedelta(days=3)).isoformat()


def test_the_day_of_cash_and_cheques_is_the_day_they_were_handed_in(app: Flask) -> None:
    for number, method in enumerate(("cash", "cheque"), start=1):
        accepted(1000, method)
        assert payload(number)["received_on"] == TODAY.isoformat()


def fund(slug: str) -> Fund:
    return db.session.scalars(select(Fund).where(Fund.slug == slug)).one()


def move(gift: int, slug: str) -> None:
    with write_unit() as conn:
        donation_moves.move_offline(conn, gift, fund(slug), at=NOON)


@pytest.mark.parametrize("method", ["cash", "cheque", "bank"])
def test_an_offline_donation_moves_with_all_that_was_entered_for_it(app: Flask, method: str) -> None:
    if method == "bank":
        gift, _ = matched()
    else:
        gift = accepted(3000, method)
    move(gift, "sakharovo")
    held = {slug for lines in live_lines().values() for _, slug, _, _ in lines}
    assert held == {"sakharovo"}
    assert (raised(), sound()) == (3000, ())
    allocations = db.session.get_one(OfflineDonation, gift).donation.allocations
    assert [(one.fund_id, one.amount_minor) for one in allocations] == [(fund("sakharovo").id, 3000)]


def test_an_offline_donation_that_moves_to_another_appeal_is_counted_there(app: Flask) -> None:
    gift = accepted(3000)
    move(gift, "kozlov")
    assert (raised("hands-off-ali"), raised("campaign-kazakhstan"), sound()) == (0, 3000, ())
