"""What commands give out of the ledger and of people's data is recorded, and mailed to every admin and treasurer. A new
command fails here until it is in one of the two lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import select

from donations import mailer, staff
from donations.cli import disclosures, group
from donations.cli.actor import actor
from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Mail
from donations.staff import changes, notices
from tests.fixtures.outside import plain_text
from tests.fixtures.receipts import Freeze
from tests.giving.test_messages import write
from tests.reconciliation.a_month import happen

pytestmark = pytest.mark.databases("sqlite")

# Why no mail is sent. Backups are encrypted, and names stay sealed inside; doctor and the daily mail name them.
NOTHING_LEAVES = {
    "appeals": "what is public",
    "away-page": "what is public",
    "audit verify": "whether it is whole",
    "backup": "an encrypted copy, each night",
    "forget-archives": "names of files",
    "drill": "sums, to compare with a copy",
    "restore": "how many came back",
    "bank accounts": "accounts of the organisation",
    "bank add-account": "what was typed",
    "bank import": "how many lines, and those of the file that was given",
    "bank imports": "names of files",
    "bank lines": "days and amounts; no name",
    "bank match": "numbers of lines",
    "bank answer": "a number",
    "bank withdraw": "a name of a file",
    "db": "versions of tables",
    "doctor": "what is wrong",
    "inbox": "numbers and states",
    "init": "keys of its own",
    "keys": "keys of its own, mailed to nobody",
    "ledger assign": "what was typed",
    "ledger check": "sums by account",
    "ledger classify": "what was typed",
    "ledger close": "days and open items",
    "ledger reopen": "days",
    "ledger cure": "what was typed",
    "ledger resume": "what is wrong",
    "messages approve": "a reference",
    "messages hide": "a reference",
    "serve": "runs it",
    "worker": "runs it",
    "staff accept": "mailed as a change of the team",
    "staff disable": "mailed as a change of the team",
    "staff enable": "mailed as a change of the team",
    "staff invite": "mailed as a change of the team",
    "staff reset-factor": "mailed as a change of the team",
    "staff code": "beside the stand-in for Stripe only",
    "stripe": "numbers, and a secret of our own",
    "demo": "made-up people",
    "tour": "made-up people",
    "sandbox": "made-up people",
}


def commands(found: click.Command | None = None, name: str = "") -> Iterator[str]:
    found = found or group()
    if not isinstance(found, click.Group):
        yield name
        return
    ctx = click.Context(found)
    for each in found.list_commands(ctx):
        command = found.get_command(ctx, each)
        assert command is not None
        yield from commands(command, f"{name} {each}".strip())


def test_every_command_says_whether_something_leaves_by_it() -> None:
    told, quiet = disclosures.FILES.keys() | disclosures.SHOWN.keys(), NOTHING_LEAVES.keys()
    every = set(commands())
    undecided = {name for name in every - told if not {name, name.partition(" ")[0]} & quiet}
    assert undecided == set()
    assert told - every == set()
    assert told & quiet == set()
    assert {name for name in quiet if not any(one == name or one.startswith(f"{name} ") for one in every)} == set()


def test_each_command_of_the_list_tells_of_itself_where_it_is_written() -> None:
    folder = Path(disclosures.__file__).parent
    found = [name for path in folder.glob("*.py")
             for name in re.findall(r'disclosures\.tell\("([^"]+)"\)', path.read_text(encoding="utf-8"))]  # fmt: skip
    assert sorted(found) == sorted(disclosures.FILES.keys() | disclosures.SHOWN.keys())


def test_whatever_writes_a_file_for_its_user_alone_tells_of_it() -> None:
    writing = [path for path in Path(disclosures.__file__).parent.glob("*.py")
               if "private(" in path.read_text(encoding="utf-8") and path.name != "files.py"]  # fmt: skip
    assert writing
    for path in writing:
        text = path.read_text(encoding="utf-8")
        assert text.count("with private(") == text.count("disclosures.tell("), path


@pytest.fixture
def watched(app: Flask) -> Flask:
    """With an admin and a treasurer who are told, and something to give out."""
    reference = write("Hold on.", name="Ana Example")
    with write_unit() as conn:
        at = datetime.now(UTC)
        for role in ("admin", "treasurer", "organiser"):
            row = staff.invite(conn, f"{role}@example.org", [role], language="en", by="cli:test", at=at)
            row.state = "active"
        changes.ask_invitation(conn, "new@example.org", ["auditor"], language="en", by="staff:1", at=at)
    app.config["A_REFERENCE"] = reference
    return app


def told() -> list[tuple[str, str]]:
    """(recipient, text) of the mails about exports."""
    db.session.rollback()
    mails = db.session.scalars(select(Mail).where(Mail.kind == "staff_notice").order_by(Mail.id)).all()
    shown = [(mail, mailer.compose(mail, datetime.now(UTC))) for mail in mails]
    return [(str(one["To"]), plain_text(one)) for mail, one in shown if str(mail.facts["what"]).startswith("export")]


SAYS = {
    "export": "exported the accounts",
    "export_receipts": "exported one donor’s receipts to a file",
    "export_messages": "listed supporters' messages",
    "export_lines": "listed statement lines with the names on them",
    "export_team": "listed the names and addresses of the team",
}
WORDS = {
    "ledger export": ("--format", "csv", "--output", "books.csv"),
    "ledger statement": ("--from", "2026-11-01", "--to", "2026-11-30", "--output", "funds.pdf"),
    "receipts statement": ("maya@example.org", "--year", "2026", "--output", "gifts.pdf"),
    "messages list": (),
    "messages show": ("REFERENCE",),
    "staff list": (),
    "staff changes": (),
}


@pytest.mark.parametrize("command", WORDS)
def test_what_leaves_is_recorded_and_mailed_to_admins_and_treasurers(
    watched: Flask, freeze: Freeze, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if command == "receipts statement":
        freeze(2, person="Maya Example", amount_minor=2050)
    if command.startswith("ledger"):
        happen()
    words = [str(watched.config["A_REFERENCE"]) if word == "REFERENCE" else word for word in WORDS[command]]
    for _ in range(2):
        done = watched.test_cli_runner().invoke(args=[*command.split(), *words])
        assert done.exit_code == 0, done.output
    found = told()
    times = 2 if command in disclosures.FILES else 1  # what is only shown: once a day
    assert sorted(to for to, _ in found) == sorted([f"{role}@example.org" for role in notices.TOLD] * times)
    assert all(f"{SAYS[(disclosures.FILES | disclosures.SHOWN)[command]]}." in text for _, text in found)
    acts = db.session.scalars(select(AuditRecord).where(AuditRecord.act.like("%exported"))).all()
    assert [(one.actor, one.about) for one in acts] == [(actor(), f"command:{command}")] * 2


def test_what_cannot_be_told_does_not_leave(watched: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happen()
    monkeypatch.setattr(notices, "tell", lambda *_, **__: 1 / 0)
    done = watched.test_cli_runner().invoke(args=["ledger", "export", "--output", str(tmp_path / "books.csv")])
    assert isinstance(done.exception, ZeroDivisionError)
    assert list(tmp_path.glob("books*")) == []
    done = watched.test_cli_runner().invoke(args=["messages", "list"])
    assert "Hold on" not in done.output
