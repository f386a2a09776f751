"""An alarm is mailed to ALERT_EMAIL: once an hour by its name, in the transaction of its cause, in plain words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from donations import alarms, outbox
from donations.alarms import Kind
from donations.database import write_unit
from donations.extensions import db
from donations.ledger import Finding
from donations.models import Mail, Organisation
from donations.money import Money
from donations.worker.queues import send_mails
from tests.events import fresh
from tests.factories import NOON
from tests.fixtures.outside import MailServer, plain_text
from tests.fixtures.settings import environ_for

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url, "ALERT_EMAIL": "treasurer@example.org"}


def sound(name: str, kind: Kind = Kind.LEDGER_CHECK, *, after: timedelta = timedelta(), **more: Any) -> None:
    with write_unit() as conn:
        alarms.sound(conn, name, kind, more.pop("about", None), at=NOON + after, **more)


def queued() -> list[tuple[str, object]]:
    fresh()
    return [(mail.kind, mail.facts["name"]) for mail in db.session.query(Mail).order_by(Mail.created_at, Mail.id)]


def test_an_alarm_is_queued_for_the_address_of_alarms(app: Flask) -> None:
    sound("refund failed")
    mail = db.session.query(Mail).one()
    assert (mail.kind, mail.state, mail.language, mail.next_attempt_at) == ("alarm", "due", "en", NOON)
    assert mail.facts == {"name": "refund failed", "kind": "ledger_check", "every": "hour", "about": {}}
    assert mail.recipient_sealed is not None
    assert b"treasurer" not in mail.recipient_sealed


def test_the_same_alarm_is_queued_once_an_hour(app: Flask) -> None:
    for minutes in range(0, 60, 10):
        sound("books", after=minutes * MINUTE)
    assert queued() == [("alarm", "books")]
    sound("books", after=HOUR)
    assert queued() == [("alarm", "books")] * 2


def test_a_daily_alarm_is_queued_once_a_day(app: Flask) -> None:
    for hours in range(12):
        sound("deadline dp_1", after=hours * HOUR, daily=True)
    assert queued() == [("alarm", "deadline dp_1")]
    sound("deadline dp_1", after=12 * HOUR, daily=True)
    assert queued() == [("alarm", "deadline dp_1")] * 2


def test_an_alarm_of_a_state_comes_again_only_when_the_state_changes(app: Flask) -> None:
    for hours in range(0, 100, 10):
        sound("dispute dp_1", Kind.DISPUTE, after=hours * HOUR, once="needs_response")
    assert queued() == [("alarm", "dispute dp_1")]
    sound("dispute dp_1", Kind.DISPUTE, after=101 * HOUR, once="appeal_needs_response")
    assert queued() == [("alarm", "dispute dp_1")] * 2


def test_another_alarm_of_the_same_hour_is_another_mail(app: Flask) -> None:
    sound("refund failed")
    sound("payout failed")
    assert sorted(queued()) == [("alarm", "payout failed"), ("alarm", "refund failed")]


def test_an_alarm_whose_cause_is_rolled_back_is_not_sent(app: Flask) -> None:
    def fail() -> None:
        with write_unit() as conn:
            alarms.sound(conn, "books", Kind.LEDGER_CHECK, at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert queued() == []


AMOUNT, MOMENT = Money(250, "GBP"), datetime(2026, 12, 2, 4, 3, tzinfo=UTC)
DISPUTED = {"id": "dp_1", "reason": "fraudulent", "amount": AMOUNT, "respond_by": MOMENT}
PAID_OUT = {"id": "po_1", "amount": AMOUNT}
STOPPED = {"findings": [alarms.told(Finding("I10", "the stored total of fund 1 is £0.01", facts={
    "fund": 1, "start": NOON.date(), "currency": "GBP", "stored": 1, "posted": 2}))]}  # fmt: skip
UNSOUND = {"findings": [alarms.told(Finding("I5", "payout po_1 is £50.00", facts={
    "payout": "po_1", "amount": 5000, "transactions": 4900, "currency": "GBP"}))]}  # fmt: skip
# Of each kind: its facts, its subject, a sentence of the mail, the page that it links to.
TOLD: dict[Kind, tuple[dict[str, object], str, str, str]] = {
    Kind.REFUND_FAILED: (
        {"id": "re_1", "charge": "ch_1", "reason": "lost_or_stolen_card", "amount": AMOUNT},
        "A refund of £2.50 failed",
        "Refund re_1 did not reach the donor. Reason: card lost or stolen.", "/treasury/card-payments/ch_1",
    ),
    Kind.REFUND_WAITS: (
        {"id": "re_1", "charge": None, "amount": AMOUNT},
        "A refund of £2.50 waits: the Stripe balance is too low", "Pay money in at Stripe.", "/treasury/",
    ),
    Kind.DISPUTE: (
        DISPUTED, "Dispute over £2.50: respond by 2 Dec 2026, 04:03 GMT",
        "Reason: fraud.", "/treasury/disputes",
    ),
    Kind.DISPUTE_INQUIRY: (
        {**DISPUTED, "reason": "insufficient_funds"},
        "Dispute inquiry over £2.50: respond by 2 Dec 2026, 04:03 GMT",
        "Reason: not enough money in the donor’s account.", "/treasury/disputes",
    ),
    Kind.DEADLINE: (
        DISPUTED, "Respond by 2 Dec 2026, 04:03 GMT: dispute over £2.50", "Dispute dp_1 still needs a response.",
        "/treasury/disputes",
    ),
    Kind.FRAUD_WARNING: (
        {"id": "issfr_1", "charge": "ch_1", "reason": "made_with_stolen_card"}, "Fraud warning for a card payment",
        "Type: stolen card.", "/treasury/card-payments/ch_1",
    ),
    Kind.PAYOUT_FAILED: (
        {**PAID_OUT, "reason": ""}, "A Stripe payout of £2.50 failed", "Reason: Stripe gave no reason.",
        "/treasury/payouts/po_1",
    ),
    Kind.PAYOUT_DESTINATION: (
        {**PAID_OUT, "destination": "ba_2", "currency": "GBP"},
        "A Stripe payout of £2.50 goes to a new bank account", "Payout po_1 goes to bank account ba_2.",
        "/treasury/payouts/po_1",
    ),
    Kind.STRAY_PAYMENT: (
        {"charge": "ch_1", "amount": None, "reason": "paid_already"}, "A card payment needs a fund: amount unknown",
        "Reason: another payment has already paid the donation it refers to.", "/treasury/card-payments/ch_1",
    ),
    Kind.STRIPE_BALANCE: (
        {"more": [AMOUNT]}, "Stripe’s balance is £2.50 more than the ledger", "run: donations stripe sync",
        "/treasury/",
    ),
    Kind.POSTING_STOPPED: (
        STOPPED, "Posting is stopped: the ledger failed a check", "I10: ", "/treasury/posting-stop",
    ),
    Kind.LEDGER_CHECK: (
        UNSOUND, "The ledger failed a check", "I5: Payout po_1 is £50.00, but its transactions add up to £49.00",
        "/treasury/",
    ),
    Kind.CARD_TESTING: (
        {"declined": 9, "charges": 20, "pages": 60}, "Card testing: many cards are declined",
        "9 of 20 card payments in a row were declined.", "/treasury/card-payments",
    ),
    Kind.CARD_TESTING_OVER: (
        {"since": MOMENT}, "Card testing is over", "It began: 2 Dec 2026, 04:03 GMT.", "/treasury/card-payments",
    ),
    Kind.OTHER_ACCOUNT: (
        {"id": "evt_1", "type": "charge.succeeded", "account": "acct_2"}, "Stripe sends events of another account",
        "Event evt_1 (charge.succeeded) belongs to Stripe account acct_2.", "/treasury/",
    ),
    Kind.STALE_WEBHOOKS: ({}, "Stripe’s events are refused: their time is wrong", "donations doctor", "/treasury/"),
    Kind.OTHER_MODE: (
        {}, "Stripe sends events of the other mode (test or live)", "STRIPE_SECRET_KEY", "/treasury/",
    ),
}  # fmt: skip


def arrived(mail_server: MailServer) -> tuple[EmailMessage, str, str]:
    """The only mail that arrived, with its plain text on one line and its HTML."""
    assert send_mails(NOON + MINUTE) == 1
    assert mail_server.recipients == [["treasurer@example.org"]]
    html = mail_server.mails[0].get_body(("html",))
    assert html is not None
    return mail_server.mails[0], " ".join(plain_text(mail_server.mails[0]).split()), html.get_content()


def test_every_kind_of_alarm_has_its_mail() -> None:
    assert set(TOLD) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_an_alarm_says_what_happened_what_to_do_and_where(app: Flask, mail_server: MailServer, kind: Kind) -> None:
    about, subject, sentence, page = TOLD[kind]
    sound("a name", kind, about=about, once=True)
    mail, text, html = arrived(mail_server)
    assert mail["Subject"] == subject
    assert text.startswith("You get this email because this address receives the alarms of: ")
    assert sentence in text
    link = f"{app.config['SETTINGS'].public_url}{page}"
    assert f": {link} " in text
    assert f'href="{link}"' in html
    assert "minor units" not in text
    # the page is there: no one is signed in, so it asks for that
    assert app.test_client().get(page).status_code == 303


@pytest.mark.parametrize("kind", Kind)
def test_an_alarm_is_in_the_first_language_of_the_organisation(app: Flask, mail_server: MailServer, kind: Kind) -> None:
    with write_unit():
        Organisation.get().languages = ["ru", "en"]
    sound("a name", kind, about=TOLD[kind][0])
    mail, text, _ = arrived(mail_server)
    assert re.search("[а-я]{4}", str(mail["Subject"]))
    assert text.startswith("Вы получили это письмо")
    # but for names of Stripe's, of settings and of commands no English is left
    left = re.sub(r"https?:\S+|donations [a-z]+( [a-z]+)?|docs/\S+|charge\.succeeded|Stripe|Fighting Fund", "", text)
    assert re.findall(r"\b[a-z]{4,}\b(?! ?[:=/_.])", left) == []


def test_what_stripe_has_more_or_less_is_said_by_currency(app: Flask, mail_server: MailServer) -> None:
    sound("I4", Kind.STRIPE_BALANCE, about={"more": [Money(-100, "EUR"), AMOUNT]})
    assert arrived(mail_server)[0]["Subject"] == "Stripe’s balance is €1.00 less, £2.50 more than the ledger"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({}, "at most once an hour"),
        ({"daily": True}, "at most once a day"),
        ({"once": True}, "only when something changes"),
    ],
)
def test_an_alarm_says_how_often_it_comes(
    app: Flask, mail_server: MailServer, how: dict[str, bool], sentence: str
) -> None:
    sound("a name", Kind.OTHER_MODE, **how)
    assert sentence in arrived(mail_server)[1]


def test_an_alarm_queued_before_kinds_is_still_sent(app: Flask, mail_server: MailServer) -> None:
    facts: dict[str, object] = {"name": "posting stopped", "said": "I10: fund 1: stored 1 GBP, posted 2 (minor units)"}
    with write_unit() as conn:
        outbox.queue(conn, "alarm", "alarm:posting stopped:2026112112", to="treasurer@example.org", language="en",
                     at=NOON, facts=facts)  # fmt: skip
    mail, text, html = arrived(mail_server)
    assert mail["Subject"] == "[Fighting Fund] posting stopped"
    assert "I10: fund 1: stored 1 GBP, posted 2 (minor units)" in text
    assert "stored 1 GBP, posted 2" in html
    assert "/treasury/" in text


def test_a_code_of_stripes_that_is_not_known_is_shown_and_cannot_add_markup(
    app: Flask, mail_server: MailServer
) -> None:
    about = {"id": "re_1", "charge": "ch_1", "amount": AMOUNT, "reason": "<b>odd_one</b>"}
    sound("refund failed", Kind.REFUND_FAILED, about=about)
    _, text, html = arrived(mail_server)
    assert "odd one" in text
    assert "<b>odd" not in html


class TestWithoutAnAddress:
    @pytest.fixture
    def environ(self, database_url: str) -> dict[str, str]:
        return environ_for(database_url)

    def test_nothing_is_queued(self, app: Flask) -> None:
        sound("posting stopped")
        assert queued() == []
