"""`donations appeals`: what an operator types, reads and gets as an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations.extensions import db
from donations.models import Appeal
from donations.web import cached_copies
from tests.house import ROOT

DEMO = ROOT / "appeals.toml"


def run(app: Flask, *arguments: str) -> Result:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["appeals", *arguments])
    db.session.rollback()
    return result


def appeal(slug: str) -> tuple[str, str]:
    found = Appeal.any_by_slug(slug)
    return found.state, found.visibility


def test_a_load_says_what_was_created_and_the_second_that_nothing_was(bare_app: Flask) -> None:
    first = run(bare_app, "load", str(DEMO))
    assert first.exit_code == 0, first.output
    assert "created    appeal hands-off-ali" in first.output
    second = run(bare_app, "load", str(DEMO))
    assert second.exit_code == 0
    assert "Nothing changed" in second.output


def test_a_load_reports_to_machines(app: Flask) -> None:
    report = json.loads(run(app, "load", str(DEMO), "--json").output)
    assert report["ok"] is True
    assert report["created"] == report["changed"] == []
    assert "appeal kurmanov" in report["unchanged"]


def test_a_bad_file_is_refused_with_every_fault_and_nothing_is_written(app: Flask, tmp_path: Path) -> None:
    # given a file with two faults and a change
    text = DEMO.read_text(encoding="utf-8").replace("share = 60", "share = -1").replace('"12000"', '"12x"')
    file = tmp_path / "bad.toml"
    file.write_text(text.replace('title.en = "Hands Off Ali"', 'title.en = "Changed"'), encoding="utf-8")
    # when it is loaded
    result = run(app, "load", str(file))
    # then both are told on the error stream, and the title is as it was
    assert result.exit_code == 1
    assert "appeals[0].target: " in result.stderr
    assert "appeals[0].funds[0].share: " in result.stderr
    assert Appeal.any_by_slug("hands-off-ali").title["en"] == "Hands Off Ali"


def test_faults_are_told_to_machines_one_by_one(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[organisation]\nname = = 3", encoding="utf-8")
    result = run(app, "load", str(file), "--json")
    assert result.exit_code == 1
    said = json.loads(result.output)
    assert said["ok"] is False
    assert [fault.split(":")[0] for fault in said["faults"]] == ["line 2, column 8"]


def test_a_file_in_another_encoding_is_refused_with_its_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes("# one\nname = 'Grünau'".encode("latin-1"))
    result = run(app, "load", str(file))
    assert result.exit_code == 1
    assert "line 2: " in result.stderr
    assert "UTF-8" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("load", "none.toml"), ("load",), ("hide", "kurmanov", "--how", "away"), ("end", "x")]
)
def test_wrong_usage_ends_with_2(app: Flask, arguments: tuple[str, ...]) -> None:
    assert run(app, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("command", "after"),
    [
        (("pause",), ("paused", "shown")),
        (("close",), ("closed", "shown")),
        (("hide",), ("paused", "holding_page")),
        (("hide", "--how", "amounts"), ("paused", "amounts_hidden")),
        (("hide", "--how", "holding"), ("paused", "holding_page")),
        (("hide", "--how", "dark"), ("paused", "dark")),
    ],
)
def test_a_command_changes_the_appeal_and_says_how_it_stands(
    app: Flask, command: tuple[str, ...], after: tuple[str, str]
) -> None:
    # when an open appeal is changed
    result = run(app, command[0], "hands-off-ali", *command[1:])
    # then it says so, and twice changes nothing
    assert result.exit_code == 0, result.output
    assert appeal("hands-off-ali") == after
    assert result.output.splitlines()[0] == f"hands-off-ali: {after[0]}, {after[1].replace('_', ' ')}"
    again = run(app, command[0], "hands-off-ali", *command[1:])
    assert again.output.splitlines()[0].endswith("(unchanged)")
    assert appeal("hands-off-ali") == after


def test_copies_says_what_is_still_shown_and_by_its_code_whether_anything_is(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an appeal that is not hidden, and one that is, with an unreachable server
    assert run(app, "copies", "hands-off-ali").exit_code == 1
    run(app, "hide", "hands-off-ali")
    alone = run(app, "copies", "hands-off-ali")
    assert (alone.exit_code, "No answer from http://localhost" in alone.output) == (1, True)
    # when one address of many still shows it, and when none does
    for still, code in ((("/embed/hands-off-ali",), 1), ((), 0)):
        found = cached_copies.Report(asked=300, still=still, unknown=())
        monkeypatch.setattr(cached_copies, "ask_all", lambda _, found=found: found)
        result = run(app, "copies", "hands-off-ali")
        # then it is named, and the code says so to a script
        assert result.exit_code == code
        assert ("still shown: http://localhost/embed/hands-off-ali" in result.output) == bool(still)
        assert f"300 addresses checked at http://localhost, {len(still)} still show what is hidden." in result.output
        assert json.loads(run(app, "copies", "hands-off-ali", "--json").stdout)["still"] == list(still)


def test_show_undoes_hide_and_open_undoes_pause(app: Flask) -> None:
    run(app, "hide", "hands-off-ali", "--how", "dark")
    assert run(app, "show", "hands-off-ali").exit_code == 0
    assert appeal("hands-off-ali") == ("open", "shown")
    run(app, "pause", "hands-off-ali")
    assert run(app, "open", "hands-off-ali").exit_code == 0
    assert appeal("hands-off-ali") == ("open", "shown")


@pytest.mark.parametrize("command", ["open", "pause", "close", "hide", "show"])
def test_an_unknown_slug_is_refused_with_those_that_are_close(app: Flask, command: str) -> None:
    result = run(app, command, "hands-of-ali")
    assert result.exit_code == 1
    assert "hands-off-ali" in result.stderr


def test_where_nothing_is_close_all_are_named(app: Flask) -> None:
    result = run(app, "pause", "xyzzy")
    assert result.exit_code == 1
    assert "kurmanov" in result.stderr
