"""`donations db`: the tables and their versions. What makes new versions is for developers: `flask --app wsgi db`."""

from __future__ import annotations

import click
from flask_migrate import cli as migrations

db = click.Group(
    "db",
    {command.name: command for command in
     (migrations.upgrade, migrations.downgrade, migrations.current, migrations.history)},
    callback=migrations.db.callback,
    params=migrations.db.params,
    help="Update the database tables and show their version.\n\nExit codes: 0 done, 1 refused.",
)  # fmt: skip
COMMANDS = (db,)
