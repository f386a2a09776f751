"""`donations staff` and `donations audit`: who is invited, who is here, and what was done."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text

from donations import audit, staff, tokens
from donations.cli.actor import actor
from donations.database import write_unit
from donations.errors import AlreadyDone, LastAdmin, NoSuchStaff, NotInThisState, StaffKnown
from donations.extensions import db
from donations.models import AuditRecord, Mail, StaffSession
from donations.staff import changes, second_factor, sessions

PASSWORD = "correct horse battery staple"
EMAIL = "maya@example.org"


def run(app: Flask, *words: str) -> Result:
    done = app.test_cli_runner().invoke(args=list(words))
    db.session.rollback()
    return done


def acts() -> list[tuple[str, str, str]]:
    rows = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))
    return [(row.actor, row.act, row.about) for row in rows]


def invite(app: Flask, email: str = EMAIL, *roles: str) -> str:
    """Invite a person; gives the token of the link that was printed."""
    words = [word for role in roles or ("admin",) for word in ("--role", role)]
    done = run(app, "staff", "invite", email, *words)
    assert done.exit_code == 0, done.output
    link = re.search(r"http://localhost/staff/join/(\S+)", done.output)
    assert link, done.output
    return link[1]


def join(app: Flask, email: str = EMAIL, *roles: str) -> int:
    token = invite(app, email, *roles)
    with write_unit() as conn:
        return staff.join(conn, token, "Maya", PASSWORD, at=datetime.now(UTC)).id


def test_an_invitation_is_mailed_and_printed_and_stands_in_the_audit(app: Flask) -> None:
    token = invite(app, EMAIL, "treasurer", "auditor")

    person = staff.find_by_email("MAYA@example.org ")
    assert person is not None
    assert (person.state, sorted(person.roles)) == ("invited", ["auditor", "treasurer"])
    assert tokens.read_invitation(token) == (person.id, person.link_key)
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.kind, mail.facts) == ("staff_invitation", {"staff_id": person.id})
    assert acts() == [(actor(), "staff.invited", f"staff:{person.id}")]


def test_an_address_is_kept_sealed_only(app: Flask) -> None:
    invite(app)

    for table in ("staff", "mail", "audit"):
        row = db.session.execute(text(f"SELECT * FROM {table}")).one()
        assert "maya" not in str([bytes(v) if isinstance(v, memoryview) else v for v in row]).lower()


def test_a_second_invitation_makes_the_first_link_worthless(app: Flask) -> None:
    first, second = invite(app), invite(app, EMAIL, "auditor")

    assert tokens.read_invitation(first)[1] != tokens.read_invitation(second)[1]
    person = staff.find_by_email(EMAIL)
    assert person is not None
    assert person.roles == {"auditor"}


def test_who_has_joined_is_not_invited_again(app: Flask) -> None:
    join(app)

    assert isinstance(run(app, "staff", "invite", EMAIL, "--role", "auditor").exception, StaffKnown)


@pytest.mark.parametrize(
    "words",
    [
        ("invite", EMAIL),
        ("invite", EMAIL, "--role", "king"),
        ("invite", "nobody", "--role", "admin"),
        ("invite", EMAIL, "--role", "admin", "--language", "xx"),
        ("disable",),
    ],
)
@pytest.mark.databases("sqlite")
def test_wrong_usage_is_exit_code_2(app: Flask, words: tuple[str, ...]) -> None:
    assert run(app, "staff", *words).exit_code == 2
    assert staff.listed() == []


@pytest.mark.parametrize("verb", ["disable", "enable", "reset-factor"])
@pytest.mark.databases("sqlite")
def test_nobody_of_that_address_is_refused(app: Flask, verb: str) -> None:
    assert isinstance(run(app, "staff", verb, "nobody@example.org").exception, NoSuchStaff)


@pytest.mark.databases("sqlite")
def test_the_list_says_who_is_here(app: Flask) -> None:
    assert "No team yet" in run(app, "staff", "list").output
    join(app, EMAIL, "treasurer")

    assert "no two-step verification" in run(app, "staff", "list").output
    said = json.loads(run(app, "staff", "list", "--json").output)["staff"]
    wanted = {"id": 1, "email": EMAIL, "state": "active", "roles": ["treasurer"], "second_factor": False}
    assert said == [wanted]


def test_who_is_disabled_is_out_at_once_and_may_come_back(app: Flask) -> None:
    # given an admin, and a treasurer who has signed in
    join(app, "ada@example.org", "admin")
    number, at = join(app, EMAIL, "treasurer"), datetime.now(UTC)
    with write_unit():
        _, key = sessions.begin(staff.find(number), stage="full", place=b"x", browser="Firefox", at=at)
    # when disabled
    assert run(app, "staff", "disable", EMAIL).exit_code == 0
    # then the session is worth nothing, and to disable once more is refused
    assert sessions.find(key, at) is None
    assert isinstance(run(app, "staff", "disable", EMAIL).exception, NotInThisState)
    # and after re-enabling, a new sign-in is needed
    assert run(app, "staff", "enable", EMAIL).exit_code == 0
    assert staff.find(number).state == "active"
    assert sessions.find(key, at) is None


@pytest.mark.databases("sqlite")
def test_the_last_admin_stays(app: Flask) -> None:
    join(app, "ada@example.org", "admin")
    invite(app, "ben@example.org", "admin")  # Who has not joined yet cannot invite anybody.

    assert isinstance(run(app, "staff", "disable", "ada@example.org").exception, LastAdmin)


def test_a_lost_second_factor_is_forgotten_with_its_codes_and_sessions(app: Flask) -> None:
    number, at = join(app, EMAIL, "treasurer"), datetime.now(UTC)
    with write_unit() as conn:
        person = staff.find(number)
        code = second_factor.codes().code(second_factor.prepare_totp(person), at)
        assert second_factor.confirm_totp(conn, person, code, at=at)
        second_factor.new_recovery_codes(conn, person, at=at)
        sessions.begin(person, stage="full", place=b"x", browser="Firefox", at=at)

    assert run(app, "staff", "reset-factor", EMAIL).exit_code == 0

    person = staff.find(number)
    assert person.needs_second_factor
    assert second_factor.recovery_codes_left(person) == 0
    living = select(func.count()).select_from(StaffSession).where(StaffSession.ended_at.is_(None))
    assert db.session.scalar(living) == 0


def test_the_audit_is_verified(app: Flask) -> None:
    invite(app)
    assert run(app, "audit", "verify").output == "1 entries: the audit log is complete and unchanged.\n"
    with db.engine.begin() as conn:
        on = "" if conn.dialect.name == "sqlite" else " ON audit"
        conn.exec_driver_sql(f"DROP TRIGGER audit_never_changes{on}")
        conn.exec_driver_sql("UPDATE audit SET actor = 'somebody else'")

    done = run(app, "audit", "verify")
    assert done.exit_code == 1
    assert "act 1 was changed" in done.output
    said = json.loads(run(app, "audit", "verify", "--json").output)
    assert (said["whole"], said["acts"], said["broken"]["id"]) == (False, 1, 1)
    books = run(app, "ledger", "check")
    assert books.exit_code == 1
    assert "Check failed (I13): the audit log is broken at entry 1" in books.output


def test_what_an_operator_does_to_an_appeal_stands_in_the_audit(app: Flask) -> None:
    for verb in ("pause", "pause", "open", "hide", "show", "close"):
        assert run(app, "appeals", verb, "hands-off-ali").exit_code == 0

    # Whatever changed nothing is no act.
    assert acts() == [(actor(), "appeal.changed", "appeal:hands-off-ali")] * 5


def test_what_is_done_on_the_machine_is_mailed_to_admins_and_treasurers(app: Flask) -> None:
    with write_unit() as conn:  # an eavesdropper
        row = staff.invite(conn, "ada@example.org", ["admin"], language="en", by="cli:test", at=datetime.now(UTC))
        row.state = "active"
    run(app, "staff", "invite", EMAIL, "--role", "treasurer")
    run(app, "staff", "reset-factor", EMAIL)
    run(app, "staff", "disable", EMAIL)
    run(app, "staff", "enable", EMAIL)
    db.session.rollback()
    found = db.session.scalars(select(Mail).where(Mail.kind == "staff_notice"))
    told = [mail.facts["what"] for mail in found if mail.facts["staff_id"] == row_id_of("ada@example.org")]
    assert sorted(map(str, told)) == ["disabled", "enabled", "factors", "invitation"]


def row_id_of(email: str) -> int:
    person = staff.find_by_email(email)
    assert person is not None
    return person.id


def test_the_audit_is_compared_with_the_end_that_a_mail_named(app: Flask) -> None:
    run(app, "staff", "invite", EMAIL, "--role", "treasurer")
    with write_unit() as conn:
        known = audit.head(conn)
    assert known is not None
    assert run(app, "audit", "verify", "--head", f"{known.id}:{known.sha256}").exit_code == 0
    for wrong in (f"{known.id}:hmac:{'0' * 64}", f"{known.id + 1}:{known.sha256}"):
        done = run(app, "audit", "verify", "--head", wrong)
        assert done.exit_code == 1
        assert "BROKEN" in done.output
    assert run(app, "audit", "verify", "--head", "nonsense").exit_code == 2


def test_what_waits_is_listed_and_accepted_on_the_machine(app: Flask) -> None:
    assert "No changes wait." in run(app, "staff", "changes").output
    with write_unit() as conn:
        changes.ask_invitation(conn, "new@example.org", ["auditor"], language="en", by="staff:1", at=datetime.now(UTC))
    listed = run(app, "staff", "changes").output
    assert "invitation" in listed
    assert "new@example.org as auditor, requested by staff:1" in listed
    assert "has taken effect" in run(app, "staff", "accept", "1").output
    person = staff.find_by_email("new@example.org")
    assert person is not None
    assert person.roles == {"auditor"}
    assert isinstance(run(app, "staff", "accept", "1").exception, AlreadyDone)
