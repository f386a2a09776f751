"""The documents say what is so: every setting, command and subscribed event of docs/reference.md exists, and the other
way round."""

from __future__ import annotations

import re
from pathlib import Path

import click
from flask import Flask

from donations import config, inbox
from donations.cli import demo, setup, tour
from donations.cli.sandbox import sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
OF_FLASK = {"run", "routes", "shell"}


def section(title: str) -> str:
    return REFERENCE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(title: str) -> list[str]:
    """The code spans in the first column of a section's table."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), flags=re.M)


def test_every_setting_is_in_the_reference_and_nothing_else() -> None:
    assert first_cells("Settings") == list(config.NAMES)


def test_every_command_is_in_the_reference_and_nothing_else(app: Flask) -> None:
    plain = {command.name for command in (sandbox, *setup.COMMANDS, *demo.COMMANDS, *tour.COMMANDS)}
    commands = plain | {name for name in app.cli.commands if name not in OF_FLASK}
    assert {f"donations {name}" for name in commands} == set(first_cells("Commands"))


def test_every_command_of_a_group_is_named_beside_it(app: Flask) -> None:
    rows = {row.split("`")[1].removeprefix("donations "): row for row in section("Commands").splitlines() if "`" in row}
    for name in ("appeals", "bank", "inbox", "ledger", "messages", "receipts", "staff", "stripe", "audit"):
        group = app.cli.commands[name]
        assert isinstance(group, click.Group)
        missing = [word for word in group.commands if not re.search(rf"`{word}\b", rows[name])]
        assert missing == [], name


def test_the_events_to_subscribe_to_are_those_that_are_handled() -> None:
    listed = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", section("Stripe events")))
    assert listed == set(inbox.HANDLERS)


def test_the_pictures_and_pages_that_are_linked_exist() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        assert [name for name in links if not (document.parent / name).exists()] == [], document.name
    assert "docs/pictures/" in README


def test_every_file_of_a_recipe_exists() -> None:
    """CONTRIBUTING.md names every file to touch."""
    named = re.findall(r"`((?:donations|docs|migrations|templates|tests)/[\w./-]*)`", CONTRIBUTING)
    assert len(set(named)) > 50
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_nothing_in_the_project_points_to_a_file_outside_it() -> None:
    outside = re.compile(r"(?:\.\./){1,}shared/|/work/|\bdesign\.md\b|\btrust\.md\b|STRIPE_OPENAPI_DIR")
    folders = ("donations", "docs", "templates", "tests", ".ci", "deploy", "migrations")
    kinds = {".py", ".md", ".html", ".toml", ".txt", ".css", ".js", ".conf", ""}
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]
    read = [
        file for file in files if file.suffix in kinds and file != Path(__file__) and "__pycache__" not in str(file)
    ]
    assert len(read) > 500
    assert [str(file) for file in read if outside.search(file.read_text(encoding="utf-8", errors="replace"))] == []
