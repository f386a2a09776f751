"""`donations audit`: whether what was done still stands as it was written."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from donations import audit as domain
from donations import ledger
from donations.database import snapshot


@click.group()
def audit() -> None:
    """The audit of what people did."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def verify(as_json: bool) -> None:
    """Follow the whole chain of hashes. What was accepted is passed over. Exit code 0: whole; 1: it breaks, and
    where."""
    with snapshot() as conn:
        broken, count = ledger.broken_act(conn), domain.count(conn)
    if as_json:
        said = {"id": broken.id, "said": broken.said} if broken else None
        click.echo(json.dumps({"whole": broken is None, "acts": count, "broken": said}))
    elif broken:
        click.echo(f"The audit is BROKEN: {broken.said}.", err=True)
    else:
        click.echo(f"{count} acts: whole")
    if broken:
        raise SystemExit(1)


COMMANDS = (audit,)
