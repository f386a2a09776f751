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
    "links in emails that have gone out: receipts, donations, unsubscribe, invitations, new passwords",
    "links by which branches send in their returns",
    "check codes on receipts that were printed",
    "forms that are open now, and everybody's sign-in",
)


@click.command("secret")
@click.option("--leaked", is_flag=True, help="Someone else knows the old key: nothing it has signed stays valid.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def rotate_secret(leaked: bool, yes: bool) -> None:
    """Replace SECRET_KEY. The old one goes into SECRET_KEY_FALLBACKS, so that links in emails still open.

    With --leaked it does not: it says what dies, and asks. Exit codes: 0 done, 1 refused."""
    settings = current_app.config["SETTINGS"]
    if leaked:
        click.echo("These end when the fund is started again:")
        for what in DIES:
            click.echo(f"  {what}")
        if not yes:
            click.confirm("Replace SECRET_KEY and forget the old ones?", abort=True)
    fallbacks = [] if leaked else [settings.secret_key, *settings.secret_key_fallbacks]
    env_file.put({"SECRET_KEY": secrets.token_urlsafe(48), "SECRET_KEY_FALLBACKS": ",".join(fallbacks)})
    with write_unit() as conn:
        audit.record(conn, actor(), "keys.secret_rotated", "key:secret", {"leaked": leaked}, at=datetime.now(UTC))
    click.echo("Start `donations serve` and `donations worker` again on every host, with the same keys.")
    if leaked:
        click.echo(
            "Invite staff again who had not joined, and make new links for branches. To a donor who asks, send a"
        )
        click.echo("copy of the receipt: its page in the treasury prints one.")
    else:
        click.echo("Old links go on working. Take the oldest fallback out when no old link needs to open any more.")
