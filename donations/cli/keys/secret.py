"""`donations keys rotate secret`: the key that signs links, forms, sessions and the check codes on receipts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from donations import audit
from donations.cli.actor import actor
from donations.cli.keys import env_file
from donations.database import write_unit

DIES = (
    "links in sent emails: receipts, donations, unsubscribe, invitations, new passwords",
    "links for branch returns",
    "check codes on printed receipts",
    "open forms and all sign-ins",
)


@click.command("secret")
@click.option("--leaked", is_flag=True, help="The old key has leaked: stop accepting everything it has signed.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_appcontext
def rotate_secret(leaked: bool, yes: bool) -> None:
    """Replace SECRET_KEY. The old key moves to SECRET_KEY_FALLBACKS, so that links in emails still open.

    With --leaked the old key is dropped: the command lists what stops working and asks first. Exit codes: 0 done,
    1 refused."""
    settings = current_app.config["SETTINGS"]
    if leaked:
        click.echo("These stop working at the next restart:")
        for what in DIES:
            click.echo(f"  {what}")
        if not yes:
            click.confirm("Replace SECRET_KEY and forget the old ones?", abort=True)
    fallbacks = [] if leaked else [settings.secret_key, *settings.secret_key_fallbacks]
    env_file.put({"SECRET_KEY": secrets.token_urlsafe(48), "SECRET_KEY_FALLBACKS": ",".join(fallbacks)})
    with write_unit() as conn:
        audit.record(conn, actor(), "keys.secret_rotated", "key:secret", {"leaked": leaked}, at=datetime.now(UTC))
    click.echo("Restart `donations serve` and `donations worker` on every host, with the same keys.")
    if leaked:
        click.echo("Then repeat open invitations and make new links for branches.")
        click.echo("If a donor asks, print a copy of the receipt: Treasury > Receipts.")
    else:
        click.echo("Old links still work. Remove the oldest fallback when its links are no longer needed.")
