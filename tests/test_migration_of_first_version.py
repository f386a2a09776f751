"""A database of the first version in use (90e6808), with something of each kind in it, brought to the newest version.
Its books stay as they are, what it sealed opens, and the links that it sent still lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flask_migrate
import pytest
from flask import Flask, current_app
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy import Table, select, text
from sqlalchemy.engine import Connection

from donations import data_keys, ledger
from donations.data_keys import seals
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import Area, BankAccount, Entry, PaymentRequest, Subscriber, triggers
from donations.money import Money
from donations.reconciliation import paying_in_slips
from donations.reconciliation.matches import Said
from donations.reconciliation.posting_stop import source_entries
from tests.events import fresh
from tests.factories import NOON
from tests.fixtures import old_tables
from tests.fixtures.app import Client
from tests.fixtures.databases import Templates, app_of_version
from tests.reconciliation import a_month
from tests.reconciliation.steps import TODAY, a_bank_account, a_gift, a_line, accepted, match, settled

FIRST_IN_USE = "0016"
# As that version wrote them; see its data and links in use. None of these words may ever change.
SEALED = {
    ("bank_line", "details_sealed"): "bank_line:{id}:details",
    ("disbursement", "payee_sealed"): "disbursement:{form_key}:payee",
    ("donation", "email_sealed"): "donation:{reference}:email",
    ("donation", "message_sealed"): "donation:{reference}:message",
    ("donation", "name_sealed"): "donation:{reference}:name",
    ("mail", "recipient_sealed"): "mail:{dedupe_key}:recipient",
    ("pay_in", "words_sealed"): "pay_in:{id}:words",
    ("receipt", "person_sealed"): "receipt:{label}:person",
    ("staff", "email_sealed"): "staff:{fs_uniquifier}:email",
    ("staff", "name_sealed"): "staff:{fs_uniquifier}:name",
    ("staff", "totp_sealed"): "staff:{fs_uniquifier}:totp",
    ("staff", "totp_waiting_sealed"): "staff:{fs_uniquifier}:totp",
    ("stripe_event", "payload_sealed"): "event:{id}:payload",
    ("subscription", "email_sealed"): "subscription:{reference}:email",
}
SOURCES = {"payment", "offline_gift", "slip", "disbursement", "adjustment", "bank_line"}
Seal = Callable[[str, str], bytes]
PURPOSES = ("follow-end", "pay-in", "receipt", "donation", "return")
no_xid8 = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")


@pytest.fixture
def before(app: Flask, lived: dict[str, Any], templates: Templates) -> Iterator[Flask]:
    """An app on the tables of the first version in use, where money has come and gone in every way it knew."""
    _move_money()
    settled()
    with write_unit():
        branch_returns.make_link(db.session.scalars(select(Area).limit(1)).one())
    kept = old_tables.read()
    strays = {row["payment_id"] for row in kept["stray_payment"]}
    for row in kept["payment"]:  # That version knew a payment that is held for a person only without its donation.
        if row["id"] in strays:
            row |= {"donation_id": None, "reference": None}
    url = templates.server.create(None)
    with app_of_version(FIRST_IN_USE, url) as old:
        old.test_client_class = Client
        old_tables.write(kept)
        with db.engine.begin() as conn:
            for (table, column), identity in SEALED.items():
                _fill(conn, seals.sealer(*next(iter(keys().items()))), table, column, identity)
        yield old
    templates.server.drop(url)


def _move_money() -> None:
    """Cards, cash on a slip that the bank credits, a transfer that is matched, a payment that clears."""
    a_month.happen("Of the month")
    account = a_bank_account("Other")
    cash = accepted(8000)
    with write_unit() as conn:
        slip = paying_in_slips.pay_in(
            conn, db.session.get_one(BankAccount, account), [cash], Money(8000, "GBP"), count=1, on=TODAY,
            number="7", actor="tara", at=NOON,
        ).id  # fmt: skip
    match(a_line(account, 8000), Said("slip", 8000, target=str(slip)))
    match(a_line(account, 3000), Said("offline_gift", 3000, target=str(a_gift(3000, "bank"))))
    sent = db.session.scalars(select(PaymentRequest.id).where(PaymentRequest.state == "sent")).one()
    match(a_line(account, -30000), Said("disbursement", -30000, target=str(sent)))


def _fill(conn: Connection, seal: Seal, table: str, column: str, identity: str) -> None:
    """Seal something in a column of which no row holds anything."""
    row = conn.execute(text(f"SELECT * FROM {table} ORDER BY {column} IS NULL LIMIT 1")).mappings().one()
    if row[column] is None:
        values = {"sealed": seal("{}", identity.format(**row)), "id": row["id"]}
        conn.execute(text(f"UPDATE {table} SET {column} = :sealed WHERE id = :id"), values)


def keys() -> Mapping[str, bytes]:
    return current_app.config["SETTINGS"].data_keys  # type: ignore[no-any-return]


def texts(identities: dict[tuple[str, str], str], found: dict[str, Table]) -> dict[tuple[str, str], list[str]]:
    """What stands sealed in each column, opened."""
    with db.engine.connect() as conn:
        return {
            (table, column): sorted(
                seals.unseal(keys(), row[column], identity.format(**row))
                for row in conn.execute(select(found[table])).mappings()
                if row[column] is not None
            )
            for (table, column), identity in identities.items()
        }  # fmt: skip


def books() -> list[Any]:
    with db.engine.connect() as conn:
        return list(conn.execute(text(
            "SELECT e.idem_key, e.revision, e.kind, e.source_type, e.source_id, p.account, p.fund_id, p.currency,"
            " p.amount_minor, p.clear_ref FROM entry e JOIN posting p ON p.entry_id = e.id ORDER BY 1, 2, p.line"
        )).all())  # fmt: skip


def brought_up_to_date() -> None:
    flask_migrate.upgrade()
    with write_unit() as conn:
        data_keys.record(conn, at=NOON)  # as `serve` does
    fresh()


@no_xid8
def test_the_books_stay_and_everything_booked_again_posts_nothing(before: Flask) -> None:
    was = books()
    brought_up_to_date()
    with db.engine.connect() as conn:
        assert triggers.missing(conn) == []
    assert books() == was
    assert ledger.check(db.session.connection(), NOON).findings == ()
    # when everything that has an entry is booked again
    sources = db.session.execute(select(Entry.source_type, Entry.source_id).distinct()).all()
    assert {kind for kind, _ in sources} >= SOURCES
    for kind, number in sources:
        with write_unit() as conn:
            source_entries.rebook(conn, (kind, number), actor="test", at=NOON)
    # then nothing is posted
    assert books() == was


@no_xid8
def test_what_was_sealed_opens(before: Flask) -> None:
    was = texts(SEALED, old_tables.tables())
    assert all(was.values())
    brought_up_to_date()
    now = texts({name: bound_to for name, bound_to in data_keys.SEALED.items() if name[0] != "data_key"},
                db.metadata.tables)  # fmt: skip
    assert {(old_tables.BEFORE.get(table, table), column): found
            for (table, column), found in now.items() if found} == was  # fmt: skip


@no_xid8
def test_the_links_that_were_sent_still_open(before: Flask) -> None:
    key = before.config["SETTINGS"].secret_key
    with db.engine.connect() as conn:
        subscriber = conn.execute(text("SELECT reference FROM subscription")).scalars().first()
        area = conn.execute(text("SELECT id, link_nonce FROM area WHERE link_nonce IS NOT NULL")).one()
        label, donation = conn.execute(text(
            "SELECT r.label, d.reference FROM receipt r JOIN donation d ON d.id = r.donation_id WHERE r.state = 'live'"
        )).first() or ("", "")  # fmt: skip
    lasting = {purpose: URLSafeSerializer(key, salt=f"fighting-fund.{purpose}") for purpose in PURPOSES}
    confirm = URLSafeTimedSerializer(key, salt="fighting-fund.follow-confirm").dumps(subscriber)
    end = lasting["follow-end"].dumps(subscriber)
    brought_up_to_date()
    client = before.test_client()
    for path in (
        f"/following/confirm/{confirm}",
        f"/following/end/{end}",
        f"/pay-in/{lasting['pay-in'].dumps([area.id, area.link_nonce])}",
        f"/receipts/{lasting['receipt'].dumps(label)}",
        f"/donations/{lasting['donation'].dumps(donation)}",
        f"/donations/{lasting['return'].dumps(donation)}",
    ):
        assert client.get(path, follow_redirects=True).status_code == 200, path
    # and the answers to an email do what they say
    for path, state in ((f"/following/confirm/{confirm}", "confirmed"), (f"/following/end/{end}", "ended")):
        assert client.post(path).status_code in (200, 303), path
        fresh()
        assert db.session.scalars(select(Subscriber.state).where(Subscriber.reference == subscriber)).one() == state
