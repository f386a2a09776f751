"""R24: an attacker who takes the server, with its database, its .env and its files, finds no name of a settled
donation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from donations import database, ledger
from donations.database import write_unit
from donations.extensions import db
from donations.giving import checks, messages
from donations.models import (
    Appeal,
    BankAccount,
    Donation,
    DonationCheck,
    OfflineDonation,
    Receipt,
    StatementLine,
    Subscriber,
    SubscriberRequest,
)
from donations.reconciliation.matches import Said
from donations.web.treasury.offline_key import STAYS
from donations.worker.jobs import JOBS
from tests.data_request_steps import MAYA, NAME, WORDS, follow, give, send_all
from tests.factories import NOON
from tests.house import ROOT
from tests.offline_key.steps import (
    KEY,
    asked_for,
    counts,
    hashes,
    in_clear,
    match_all,
    opened_by_the_machine,
    seal,
    turn_on,
    unlocked,
)
from tests.reconciliation.readers.examples import example
from tests.reconciliation.steps import a_gift, accepted, match
from tests.reconciliation.test_statements import an_account, bring
from tests.test_erased_bytes import bytes_of, bytes_of_tables

LATER = NOON + timedelta(minutes=5)
CARD = "c" * 20
PAYER = "Quillon Featherstone"


@pytest.fixture
def lists(app: Flask) -> None:
    """Donations by card, by cash and by transfer, received and mailed; then the worker has run."""
    turn_on()
    give(CARD, NOON)
    with write_unit():
        messages.hide(CARD, by="tara", at=NOON)
    accepted(1000)
    statement = example("camt053.xml").decode().replace("Maya Example", PAYER)
    bring(an_account("Current account"), statement, NOON)
    for line in db.session.scalars(select(StatementLine)).all():
        match(line.id, Said("charge" if line.amount_minor < 0 else "own_account", line.amount_minor))
    send_all(LATER)
    seal(LATER)


def test_no_name_of_a_settled_donation_is_found(lists: None) -> None:
    opened = opened_by_the_machine()
    everything = "\n".join([in_clear(), *(text for texts in opened.values() for text in texts)])
    for secret in (NAME, MAYA, WORDS, "Maya Example", PAYER, "Unforgettable"):
        assert secret not in everything
    # and all of it can be read with the key
    assert all(ours == 0 for _offline, ours in counts().values())
    with unlocked():
        assert [messages.opened(one, "name") for one in db.session.scalars(select(Donation).order_by(Donation.source))]
        assert messages.opened(Donation.by_reference(CARD), "name") == NAME


def test_it_cannot_be_asked_whether_somebody_gave(lists: None) -> None:
    labels = list(db.session.scalars(select(Receipt.label)))
    assert labels
    for text in (NAME, MAYA, "Maya Example", PAYER, "GB33BUKB20201555555555"):
        assert not asked_for(text, labels) & hashes()
    assert (
        list(db.session.scalars(select(OfflineDonation.payer_hash).where(OfflineDonation.payer_hash.is_not(None))))
        == []
    )
    assert list(db.session.scalars(select(StatementLine.payer_hash).where(StatementLine.payer_hash.is_not(None)))) == []


def test_the_same_is_found_without_the_key(app: Flask) -> None:
    """What the tests above look for is there before: they would find it."""
    give(CARD, NOON)
    send_all(LATER)
    seal(LATER)
    opened = opened_by_the_machine()
    assert opened["donation.name_sealed"] == [NAME]
    assert any(NAME in text for text in opened["stripe_event.payload_sealed"])
    assert asked_for(MAYA, []) & hashes()


@pytest.mark.databases("sqlite")
def test_not_a_byte_of_what_the_machine_opens_is_left_in_sqlite(app: Flask) -> None:
    turn_on()
    give(CARD, NOON)
    send_all(LATER)
    before = Donation.by_reference(CARD).name_sealed
    file = app.config["SETTINGS"].database_file
    database.truncate_wal()
    assert before is not None
    assert before in bytes_of(file)
    seal(LATER)
    assert before not in bytes_of(file)


@pytest.mark.databases("postgresql")
def test_no_row_of_before_is_left_in_postgresql_and_no_byte_a_day_later(app: Flask) -> None:
    turn_on()
    give(CARD, NOON)
    send_all(LATER)
    before = Donation.by_reference(CARD).name_sealed
    assert before is not None
    assert before in bytes_of_tables()
    seal(LATER)
    next(job for job in JOBS if job.name == "rewrite-tables").run(LATER)
    assert before not in bytes_of_tables()


def test_the_books_do_not_notice(lists: None) -> None:
    assert ledger.check(db.session.connection(), LATER).sound


@pytest.mark.parametrize(
    "why", ["its mail is not sent", "its message waits", "its line is not matched", "its payment is not here"]
)
def test_what_is_still_needed_stays(app: Flask, why: str) -> None:
    turn_on()
    if why == "its line is not matched":
        bring(an_account("Current account"), example("camt053.xml").decode(), NOON)
        seal(LATER)
        assert counts()["statement lines"][0] == 0 < counts()["statement lines"][1]
        return
    give(CARD, NOON, paid=why != "its payment is not here")
    if why == "its message waits":
        send_all(LATER)
    seal(LATER)
    opened = opened_by_the_machine()
    assert (opened["donation.name_sealed"] == [NAME]) is (why != "its message waits")
    assert opened["donation.message_sealed"] == [WORDS]


def test_what_a_donor_lets_be_shown_goes_on_being_shown(app: Flask) -> None:
    turn_on()
    give(CARD, NOON)
    with write_unit():
        Donation.by_reference(CARD).display = "initials"
        messages.approve(CARD, by="tara", at=NOON)
    send_all(LATER)
    seal(LATER)
    donation = Donation.by_reference(CARD)
    assert (messages.signed(donation), messages.opened(donation, "message")) == ("M. U.", WORDS)
    assert NAME not in str(opened_by_the_machine())
    # and once it is hidden, the message is sealed too
    with write_unit():
        messages.hide(CARD, by="tara", at=LATER)
    seal(LATER)
    assert WORDS not in str(opened_by_the_machine())
    with unlocked():
        assert messages.opened(Donation.by_reference(CARD), "message") == WORDS


def test_another_key_opens_nothing(lists: None) -> None:
    with unlocked(type(KEY)(b"\x08" * 32)):
        assert messages.opened(Donation.by_reference(CARD), "name") == ""


def test_the_form_and_the_subscription_of_a_sealed_donation_do_not_name_its_donor(app: Flask) -> None:
    turn_on()
    appeal = Appeal.any_by_slug("hands-off-ali")
    with write_unit():
        checks.keep(appeal, {"name": NAME, "email": MAYA, "message": WORDS}, NOON)
    give(CARD, NOON)
    follow(CARD, NOON)
    with write_unit() as conn:
        donation = Donation.by_reference(CARD)
        conn.execute(update(DonationCheck).values(donation_id=donation.id))
        conn.execute(update(Subscriber).values(mailed_at=NOON))
        messages.hide(CARD, by="tara", at=NOON)
    send_all(LATER)
    seal(LATER)
    opened = opened_by_the_machine()
    assert opened["donation_check.fields_sealed"] == ["{}"]
    assert db.session.query(SubscriberRequest).count() == 0
    # the address of a subscriber is all there is, and it leads to no donation
    assert [column for column, texts in opened.items() if any(MAYA in text for text in texts)] == [
        "subscriber.email_sealed"
    ]


@pytest.mark.parametrize("what", ["hidden", "discreet", "refunded"])
def test_a_name_that_is_shown_nowhere_any_more_is_not_kept(app: Flask, what: str) -> None:
    turn_on()
    give(CARD, NOON)
    with write_unit():
        Donation.by_reference(CARD).display = "name"
        messages.approve(CARD, by="tara", at=NOON)
    send_all(LATER)
    seal(LATER)
    assert opened_by_the_machine()["donation.signed_sealed"] == [NAME]
    with write_unit():
        donation = Donation.by_reference(CARD)
        donation.appeal.discreet = what != "refunded"
        if what == "refunded":
            donation.state = "refunded"
        else:
            messages.hide(CARD, by="tara", at=LATER)
    seal(LATER)
    assert opened_by_the_machine()["donation.signed_sealed"] == []


def test_what_was_given_back_keeps_no_message_open(app: Flask) -> None:
    turn_on()
    give(CARD, NOON)
    with write_unit():
        Donation.by_reference(CARD).state = "refunded"
    send_all(LATER)
    seal(LATER)
    assert opened_by_the_machine()["donation.message_sealed"] == []


def test_a_transfer_that_came_to_nothing_is_sealed_too(app: Flask) -> None:
    turn_on()
    a_gift(1000, "bank")
    with write_unit() as conn:
        conn.execute(update(Donation).values(state="abandoned"))
    seal(NOON + timedelta(days=2))
    assert opened_by_the_machine()["donation.name_sealed"] == []


def test_lines_from_before_numbers_were_noted_are_sealed_once_they_are(app: Flask) -> None:
    turn_on()
    account = an_account("Current account")
    bring(account, example("camt053.xml").decode(), NOON)
    match_all(NOON)
    with write_unit() as conn:
        conn.execute(update(BankAccount).values(evidence_complete=False))
    seal(LATER)
    assert counts()["statement lines"][1] == 0


def test_the_page_and_the_document_list_the_same() -> None:
    body = (ROOT / "docs" / "offline-key.md").read_text(encoding="utf-8")
    listed = body.partition("## Data the server’s own key still opens\n\n")[2].partition("\n\n")[0]
    assert [line.removeprefix("- ") for line in listed.splitlines()] == [str(one) for one in STAYS]
