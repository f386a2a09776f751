"""`donations keys`: which keys there are, and how each is replaced. docs/keys.md says what to keep where."""

from __future__ import annotations

import click

from donations.cli.keys.data import list_keys, lost, rotate_data
from donations.cli.keys.offline import offline_keys
from donations.cli.keys.secret import rotate_secret
from donations.cli.keys.webhook import rotate_webhook


@click.group()
def keys() -> None:
    """List the keys of this installation and replace them.

    Exit codes: 0 done, 1 refused or not finished."""


@keys.group()
def rotate() -> None:
    """Replace a key while the fund keeps running: data, secret or webhook."""


for command in (list_keys, lost, offline_keys):
    keys.add_command(command)
for command in (rotate_data, rotate_secret, rotate_webhook):
    rotate.add_command(command)

COMMANDS = (keys,)
