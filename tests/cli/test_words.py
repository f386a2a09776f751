"""Commands speak plain English: help and messages without the words that we no longer use, in short sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from donations import cli
from tests.house import ROOT

MOST_WORDS = 25
FORBIDDEN = re.compile(r"\b(?:[Gg]ifts?|e-mail|[Ww]hoever|[Ss]omebody|[Nn]obody|reckon\w*|mend|Write|minor units)\b|;")
OURS = [
    file
    for part in ("cli", "config", "worker")
    for file in sorted((ROOT / "donations" / part).rglob("*.py"))
    if "stage" not in file.parts
]


def faults(text: str) -> list[str]:
    """Forbidden words of a text, and its sentences that are too long."""
    sentences = re.split(r"(?<=[.!?:])\s|\n\s*\n", text)
    return FORBIDDEN.findall(text) + [each for each in sentences if len(each.split()) > MOST_WORDS]


def commands(group: click.Command, name: str = "donations") -> Iterator[tuple[str, click.Command]]:
    """Every command of ours by its name, groups too."""
    yield name, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for inner in group.list_commands(context):
            command = group.get_command(context, inner)
            if command is not None and inner not in ("sandbox", "db"):  # A stand-in for tests, and Flask-Migrate's.
                yield from commands(command, f"{name} {inner}")


COMMANDS = dict(commands(cli.group()))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_what_each_option_does(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert faults(command.help) == []
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert faults(option.help) == []


def said(file: Path) -> Iterator[str]:
    """What a file may show to people: its strings with a space in them, without docstrings and SQL."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs
        if is_text and " " in node.value.strip() and not re.search(r"\b(?:SELECT|INSERT|VACUUM)\b", node.value):
            yield node.value


@pytest.mark.parametrize("file", OURS, ids=lambda file: str(file.relative_to(ROOT / "donations")))
def test_a_message_has_no_word_that_we_no_longer_use(file: Path) -> None:
    assert [(text, found) for text in said(file) if (found := FORBIDDEN.findall(text))] == []


def test_a_planted_fault_is_found() -> None:
    assert faults("Write a gift; nobody mends it.") == ["Write", "gift", ";", "nobody"]
    assert len(faults("word " * 26)) == 1
