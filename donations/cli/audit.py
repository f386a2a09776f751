"""`donations audit`: whether the audit log is still as it was written."""

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
@click.option("--head", help="The last act as a mail or a backup named it, like 812:hmac:5f3a…")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def verify(head: str | None, as_json: bool) -> None:
    """Follow the whole chain of hashes, to the end that was kept last, and to the HEAD you name. What was accepted is
    passed over. Exit code 0: whole; 1: it breaks, and where."""
    named = _read(head) if head else None
    with snapshot() as conn:
        broken, count = ledger.broken_act(conn), domain.count(conn)
        if broken is None and named is not None:
            broken = domain.head_break(conn, named)
    if as_json:
        said = {"id": broken.id, "said": broken.said} if broken else None
        click.echo(json.dumps({"whole": broken is None, "acts": count, "broken": said}))
    elif broken:
        click.echo(f"The audit is BROKEN: {broken.said}.", err=True)
    else:
        click.echo(f"{count} acts: whole")
    if broken:
        raise SystemExit(1)


def _read(head: str) -> domain.Head:
    number, _colon, sha256 = head.partition(":")
    if not (number.isascii() and number.isdigit() and sha256):
        raise click.UsageError(f"{head} is not the end of an audit log. Copy NUMBER:HASH from the mail or the backup.")
    return domain.Head(int(number), sha256)


COMMANDS = (audit,)
