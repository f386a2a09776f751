"""Every command says in plain English what it does and what each of its options does."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from donations import cli
from tests.words import english_faults


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
    assert english_faults(command.help, of_form=False) == []
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert english_faults(option.help, of_form=False) == []
