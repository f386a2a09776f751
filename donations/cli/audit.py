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
    """Check the audit log."""


@audit.command()
@click.option("--head", help="The last entry that an email or backup named, like 812:hmac:5f3a…")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def verify(head: str | None, as_json: bool) -> None:
    """Check that the audit log is complete and unchanged. With --head, check that it has the entry you name.

    Accepted findings are skipped. Exit codes: 0 unchanged, 1 changed or incomplete, 2 wrong usage."""
    named = _read(head) if head else None
    with snapshot() as conn:
        broken, count = ledger.broken_act(conn), domain.count(conn)
        if broken is None and named is not None:
            broken = domain.head_break(conn, named)
    if as_json:
        said = {"id": broken.id, "said": broken.said} if broken else None
        click.echo(json.dumps({"whole": broken is None, "acts": count, "broken": said}))
    elif broken:
        click.echo(f"The audit log is BROKEN: {broken.said}. Compare with a backup: docs/treasurer.md", err=True)
    else:
        click.echo(f"{count} entries: the audit log is complete and unchanged.")
    if broken:
        raise SystemExit(1)


def _read(head: str) -> domain.Head:
    number, _colon, sha256 = head.partition(":")
    if not (number.isascii() and number.isdigit() and sha256):
        raise click.UsageError(f"{head} is not NUMBER:HASH. Copy NUMBER:HASH from the email or the backup.")
    return domain.Head(int(number), sha256)


COMMANDS = (audit,)
