"""R26: one admin with every right, alone. Each action that moves money, gives access or exports the ledger needs a
second person, or a day and a mail to all; and a cut audit log is detected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

import donations
from donations import approvals, audit, create_app, mailer, staff, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Job, Mail, Passkey, PaymentRequest, RecoveryCode, StaffChange
from donations.models.staff import ROLES
from donations.staff import second_factor
from donations.web import STAFF
from donations.worker.staff_changes import mail_audit_head, make_staff_changes
from tests.fixtures.outside import plain_text
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import banked
from tests.web.staff.alone_steps import ALONE, BY_MAIL, NEEDS_ANOTHER, PAYMENT, WAITS, Scene, invite_a_puppet, two_must
from tests.web.staff.conftest import PASSWORD, Browser, Person
from tests.web.treasury.snapshots import kept

pytestmark = pytest.mark.databases("sqlite")

WATCHERS = ("bea@example.org", "theo@example.org")
MADE = ("adjustment made", "classification made", "disbursement approved", "offline_gift accepted", "period closed")


@pytest.fixture
def scene(app: Flask, join: Callable[..., Person], tmp_path: Path) -> Scene:
    """Two watch, an admin and a treasurer, and there is one more. Two people must decide here."""
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    account = banked(80000)
    two_must()
    join(WATCHERS[0], "admin")
    join(WATCHERS[1], "treasurer")
    other, admin = join("maya@example.org", "treasurer"), join("ada@example.org", *ROLES)
    browser = Browser(app)
    browser.become(admin)
    return Scene(admin, browser, other, account)


def team() -> dict[str, Any]:
    """Who is on the team, what each may do, and by what each gets in."""
    db.session.rollback()
    found: dict[str, Any] = {}
    for person in staff.listed():
        ways = [sorted(db.session.scalars(select(key).where(model.staff_id == person.id)))
                for model, key in ((RecoveryCode, RecoveryCode.code_hash), (Passkey, Passkey.id))]  # fmt: skip
        found[staff.email_of(person)] = (sorted(person.roles), person.password, person.totp_sealed, ways)
    return found


def told() -> set[str]:
    """Whom a mail tells what was asked for."""
    db.session.rollback()
    mails = db.session.scalars(select(Mail).where(Mail.kind == "staff_notice").order_by(Mail.id)).all()
    return {str(mailer.compose(mail, datetime.now(UTC))["To"]) for mail in mails if mail.facts["change"]}


def waiting() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(StaffChange.state).order_by(StaffChange.id)))


def test_every_form_of_the_team_is_listed() -> None:
    app = create_app(environ_for(f"sqlite:///{gettempdir()}/never-made.db"), TESTING=True)
    names = {bp.name for bp in STAFF}
    changing = {"POST", "PUT", "PATCH", "DELETE"}
    rules = (rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in names)
    posting = {rule.endpoint for rule in rules if changing & (rule.methods or set())}
    lists = (NEEDS_ANOTHER, WAITS, ALONE)
    assert posting == {endpoint for each in lists for endpoint in each}
    assert sum(map(len, lists)) == len(posting)  # each in one list


@pytest.mark.parametrize("endpoint", NEEDS_ANOTHER)
def test_a_second_person_stands_before_it(scene: Scene, endpoint: str) -> None:
    people, before = team(), kept()
    answer = NEEDS_ANOTHER[endpoint](scene)
    is_signed = endpoint == "treasury.periods.answer"  # whose first signature is hers already
    assert answer.status_code == (409 if is_signed else 403), answer.text
    assert team() == people
    after = kept()
    assert [name for name in MADE if after.get(name, 0) != before.get(name, 0)] == []
    if is_signed:
        return
    refused = select(AuditRecord.about).where(AuditRecord.act == "staff.refused", AuditRecord.actor == scene.actor)
    assert [about for about in db.session.scalars(refused) if about.startswith("rule:")]


@pytest.mark.parametrize("endpoint", WAITS)
def test_a_day_and_a_mail_to_all_stand_before_it(scene: Scene, endpoint: str, clock: time_machine.Traveller) -> None:
    before = team()
    answer = WAITS[endpoint](scene)
    assert answer.status_code in (200, 303), answer.text
    assert (waiting()[-1], told() >= set(WATCHERS)) == ("waiting", True)
    assert team() == before
    # nor can the one who asked accept it, and until a day has passed nothing makes it so
    if endpoint != BY_MAIL:  # that is the other's own request, and the next test
        assert scene.post(f"/staff/people/changes/{len(waiting())}/accept").status_code == 403
    clock.shift(timedelta(hours=23, minutes=59))
    make_staff_changes(datetime.now(UTC))
    assert team() == before


def test_a_puppet_that_nobody_refused_approves_nothing_for_a_week(
    app: Flask, scene: Scene, clock: time_machine.Traveller
) -> None:
    # given a puppet whose invitation took effect after its day, and who has joined with a second step
    assert invite_a_puppet(scene).status_code == 303
    clock.shift(timedelta(hours=25))
    make_staff_changes(datetime.now(UTC))
    with write_unit() as conn:
        row = staff.find_by_email("puppet@attacker.example")
        assert row is not None
        staff.join(conn, tokens.for_invitation(row.id, row.link_key), "Puppet", PASSWORD, at=datetime.now(UTC))
        puppet = Person(row.id, "puppet@attacker.example", second_factor.prepare_totp(row))
        assert second_factor.confirm_totp(conn, row, puppet.code(), at=datetime.now(UTC))
    # when the admin asks for a payment and the puppet approves it, then the other way round
    first, second = scene.browser, Browser(app)
    first.become(scene.admin)
    second.become(puppet)
    for number, (asks, approves) in enumerate(((first, second), (second, first)), 1):
        assert (
            asks.post("/treasury/payment-requests/new", **{**PAYMENT, "form_key": f"form {number}"}).status_code == 303
        )
        answer = approves.post(f"/treasury/payment-requests/{number}", act="approve")
        assert (answer.status_code, "gave the other access" in answer.text) == (403, True)
    # then no money has moved
    assert {row.state for row in db.session.query(PaymentRequest)} == {"requested"}


def test_who_reads_the_mail_of_another_and_accepts_it_is_one_person(scene: Scene) -> None:
    # given an admin who has set a new password for another person through their mailbox, and accepts it as the second
    # admin
    assert WAITS[BY_MAIL](scene).status_code == 303
    before = team()[scene.other.email]
    assert scene.post("/staff/people/changes/1/accept").status_code == 303
    after = team()[scene.other.email]
    # then the second step is as it was, and for a week the two accounts are no two people
    assert (after[1] != before[1], after[2:]) == (True, before[2:])
    for one, other in ((scene.actor, scene.other.row.actor), (scene.other.row.actor, scene.actor)):
        assert not approvals.are_two(one, other, datetime.now(UTC) + timedelta(days=6))
        assert approvals.are_two(one, other, datetime.now(UTC) + timedelta(days=8))


def test_no_form_touches_how_somebody_else_gets_in_or_ends_the_brakes_on_it(app: Flask, scene: Scene) -> None:
    # given a person whose second step was guessed at until it must wait
    guessing = Browser(app, "203.0.113.66")
    guessing.get("/staff/sign-in")
    guessing.post("/staff/sign-in", email=scene.other.email, password=PASSWORD)
    guessing.get("/staff/second")
    assert [guessing.post("/staff/second", code="000000").status_code for _ in range(7)][-1] == 429
    before = team()
    # when the admin sends every form of the team, about that person
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    names, urls = {bp.name for bp in STAFF}, app.url_map.bind("localhost")
    for rule in rules:
        if rule.endpoint.partition(".")[0] in names and "language" not in rule.arguments:
            path = urls.build(rule.endpoint, dict.fromkeys(rule.arguments, scene.other.id), method="POST")
            scene.browser.become(scene.admin)
            scene.post(path, roles=list(ROLES), email=scene.other.email, act="approve")
    # then no person gets more rights or another way in, and the throttle holds; removing access is allowed
    after = team()
    assert after.keys() == before.keys()
    for email, (roles, *ways) in after.items():
        assert set(roles) <= set(before[email][0])
        assert ways == list(before[email][1:]), email
    with write_unit():
        scene.other.row.state = "active"  # which disabling had ended
    again = Browser(app, "203.0.113.66")
    again.get("/staff/sign-in")
    again.post("/staff/sign-in", email=scene.other.email, password=PASSWORD)
    again.get("/staff/second")
    assert again.post("/staff/second", code="000000").status_code == 429


def test_only_the_command_line_removes_a_second_step_and_it_tells_everybody() -> None:
    calling = [path for path in Path(donations.__file__).parent.rglob("*.py")
               if re.search(r"(?<!def )forget_factors\(", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert [path.name for path in calling] == ["staff.py"]
    after = calling[0].read_text(encoding="utf-8").partition("forget_factors(")[2]
    assert after.index("notices.tell(") < after.index("@staff.command")


@pytest.mark.parametrize("format_name", ["csv", "beancount", "pdf"])
def test_who_takes_the_books_is_told_of_to_all(scene: Scene, format_name: str) -> None:
    scene.browser.get(f"/treasury/exports/file?format={format_name}&since=2026-11-01&until=2026-11-30").close()
    mails = db.session.scalars(select(Mail).where(Mail.kind == "staff_notice")).all()
    shown = [mailer.compose(mail, datetime.now(UTC)) for mail in mails]
    assert {str(one["To"]) for one in shown if "Ada exported the accounts." in plain_text(one)} >= set(WATCHERS)


def cut(acts: int) -> None:
    """As who owns the file or the tables can: the guards come off, and the last acts go."""
    with db.engine.begin() as conn:
        for name in ("audit_never_changes", "audit_never_deleted"):
            conn.exec_driver_sql(f"DROP TRIGGER {name}{'' if conn.dialect.name == 'sqlite' else ' ON audit'}")
        last = conn.execute(text("SELECT max(id) FROM audit")).scalar_one()
        conn.execute(text("DELETE FROM audit WHERE id > :left"), {"left": last - acts})
    db.session.rollback()


@pytest.mark.parametrize("wiped", [False, True])
def test_an_audit_log_that_was_cut_shows(app: Flask, scene: Scene, wiped: bool) -> None:
    # given acts of the admin, after which the day's end was mailed to all
    invite_a_puppet(scene)
    with write_unit():
        if db.session.get(Job, audit.HEAD_JOB) is None:
            db.session.add(Job(name=audit.HEAD_JOB, due_at=datetime.now(UTC), memory={}))
    mail_audit_head(datetime.now(UTC))
    mails = db.session.scalars(select(Mail).where(Mail.kind == "audit_head")).all()
    shown = [mailer.compose(mail, datetime.now(UTC)) for mail in mails]
    assert {str(one["To"]) for one in shown} >= set(WATCHERS)
    named = re.search(r"--head (\d+:hmac:[0-9a-f]{64})", plain_text(shown[0]))
    assert named is not None
    run = app.test_cli_runner().invoke
    assert run(args=["audit", "verify", "--head", named[1]]).exit_code == 0
    # when the admin, who has the database too, cuts them off, with what is remembered here or without
    cut(2)
    if wiped:
        with write_unit():
            db.session.get_one(Job, audit.HEAD_JOB).memory = {}
    # then it shows: here, and where all is wiped here, against any of the mails
    assert run(args=["audit", "verify", "--head", named[1]]).exit_code == 1
    if not wiped:
        assert run(args=["audit", "verify"]).exit_code == 1
        assert "The audit log was tampered with" in scene.browser.get("/staff/audit").text
