"""docs/security.md has a row for each line of OWASP's ASVS 5.0 that a review found not met, and what it names is there:
the tests, the decisions. Here too are the tests of what only documents and files of the machine can hold."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from donations.cli import logs
from donations.config import NAMES
from tests import promises
from tests.house import ROOT

pytestmark = pytest.mark.databases("sqlite")
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
# What the review of commit 90e6808 marked as not met or met in part, and the numbers of its faults without a line.
LINES = (
    "2.3.2 2.4.1 3.4.1 3.4.6 4.1.1 5.3.2 5.4.3 6.2.3 6.2.4 6.2.11 6.2.12 6.3.3 6.4.3 7.2.4 9.2.1 11.1.1 11.4.1 11.5.1 "
    "12.1.1 12.3.1 13.2.2 13.3.1 14.2.1 14.2.2 14.2.4 15.1.1 15.2.2 15.2.3 15.3.7 16.1.1 16.2.5 16.3.1 16.3.2 "
    "16.3.3 16.4.3"
).split()
FAULTS = "13 16b 16c 16f 16h 16j".split()
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_DECISION = re.compile(r"\[decision (\d+)\]\(decisions/(\d{4})-([\w-]+)\.md\)")


def cells(first: str) -> list[list[str]]:
    """The rows whose first cell is as the pattern says."""
    found = [line.strip().strip("|").split(" | ") for line in TEXT.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in found if re.fullmatch(first, row[0].strip())]


def test_every_line_that_was_not_met_has_its_row() -> None:
    assert [row[0] for row in cells(r"\d+\.\d+\.\d+")] == LINES
    assert [row[0] for row in cells(r"\d+[a-j]?")] == FAULTS


def test_each_row_names_a_test_of_one_function_or_a_decision() -> None:
    rows = cells(r"\d+\.\d+\.\d+|\d+[a-j]?")
    assert {len(row) for row in rows} == {4}
    without = [row[0] for row in rows if not any(name for _file, name in _TEST.findall(row[3]))]
    assert [
        number for number in without if not _DECISION.search(TEXT.partition(f"\n| {number} ")[2].partition("\n")[0])
    ] == []
    unmet = [row[0] for row in rows if row[2].startswith("not met")]
    assert unmet == ["5.4.3", "13.3.1", "14.2.1"]  # and each has its decision
    assert all(_DECISION.search(row[3]) for row in rows if row[0] in unmet)


def test_every_test_that_it_names_exists() -> None:
    named = _TEST.findall(TEXT)
    assert len(named) > 60
    assert [one for one in named if not (ROOT / one[0]).is_file() or (one[1] and not promises.defines(*one))] == []


def test_every_decision_that_it_names_exists_and_is_numbered_so() -> None:
    named = _DECISION.findall(TEXT)
    assert len(named) > 8
    for said, number, name in named:
        text = (ROOT / "docs" / "decisions" / f"{number}-{name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {int(said)}. ")
        assert int(said) == int(number)


def test_how_soon_updates_are_taken_is_written_down() -> None:
    said = " ".join(OPERATING.partition("\n## Updates\n")[2].partition("\n## ")[0].split())
    for words in ("Once a month", "within 48 hours", "within a week", "requirements.txt", "static/vendor"):
        assert words in said
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", locked, re.MULTILINE)
    assert len(pinned) > 40
    assert len(re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==[^\n]*\\\n    --hash=sha256:", locked, re.MULTILINE)) == len(
        pinned
    )


def test_every_log_is_in_the_list() -> None:
    said = OPERATING.partition("\n## What is logged\n")[2].partition("\n## ")[0]
    nginx = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    files = set(re.findall(r"(?:access|error)_log /var/log/nginx/(\S+?)[ ;]", nginx))
    assert files == {"fund.log", "fund-error.log"}
    for name in (*files, "audit log", "standard error", "ALERT_EMAIL", "webhook_arrival"):
        assert name in said
    # and the app itself writes nowhere else
    handlers = [path for path in (ROOT / "donations").rglob("*.py")
                if re.search(r"FileHandler|SysLogHandler|SocketHandler", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert handlers == []
    assert "StreamHandler" in (ROOT / "donations" / "cli" / "logs.py").read_text(encoding="utf-8"), logs


def test_what_serves_the_fund_holds_nothing_that_tries_it_out() -> None:
    """Neither the stand-in for Stripe nor the mailbox of the demo is loaded by the commands that serve."""
    asked = (
        "import sys, click; from donations.cli import group; from donations import create_app; g = group();"
        "ctx = click.Context(g); [g.get_command(ctx, name) for name in ('serve', 'worker', 'doctor', 'init')];"
        "trials = ('aiosmtpd', 'donations.sandbox', 'donations.cli.stage');"
        "print(sorted(m for m in sys.modules if m.startswith(trials)));"
        "print(sorted(set(g.list_commands(ctx)) & {'demo', 'sandbox', 'tour'}));"
        "print(g.get_command(ctx, 'tour').name)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines() == ["[]", "['demo', 'sandbox', 'tour']", "tour"]


def test_the_unit_of_systemd_is_closed_and_starts_what_there_is() -> None:
    text = (ROOT / "deploy" / "fighting-fund.service").read_text(encoding="utf-8")
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert said["ExecStart"].endswith("/donations serve")
    assert said["User"] not in ("", "root")
    closed = (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectKernelTunables",
        "RestrictSUIDSGID",
    )
    assert {said[name] for name in closed} == {"true"}
    assert (said["ProtectSystem"], said["UMask"], said["CapabilityBoundingSet"]) == ("strict", "0077", "")
    assert said["ReadWritePaths"] == f"{said['WorkingDirectory']}/instance"
    assert {"DATA_KEY", "SECRET_KEY"} <= set(NAMES)  # which can come as files
