"""`donations demo`: the whole thing on this machine with no account anywhere, to click through."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import click

from donations import config
from donations.cli.stage import Stage, month, people
from donations.installation import lock


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the app. The next 4 are used too.")
@click.option("--fresh", is_flag=True, help="Start with an empty database.")
def demo(port: int, fresh: bool) -> None:
    """Run a demo with the appeals of appeals.toml until Ctrl-C. Pay with test cards: no real money, no account."""
    folder = config.INSTANCE / "demo"
    if lock.is_served(folder / config.DATABASE):  # With --fresh its database would be taken from under it.
        raise click.ClickException("The demo is already running. End the other one first (Ctrl-C).")
    if fresh:
        for leftover in (*folder.glob("*.db*"), *folder.glob("mailbox/*.eml")):
            leftover.unlink()
    state = folder / "sandbox.db"
    is_new = not state.exists()
    behind = ["--behind", str(month.DAYS * month.DAY_SECONDS)] if is_new else []
    stage = Stage(
        folder,
        port=port,
        sandbox_port=port + 1,
        smtp_port=port + 3,
        database_url="",
        sandbox_options=["--state", str(state), "--bt-delay", "5", *behind],
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo("Setting the stage ...")
    try:
        stage.start(load_appeals=is_new)
        if is_new:
            month.live_through(stage, click.echo)
        stage.mailbox.show_on(port + 4)
        _serve_host_page(folder, stage.url, port + 2)
        _tell(stage, port)
        while not stop.wait(1):
            if stage.died():
                raise SystemExit(f"A part of the demo has ended. Read the log files in {folder}.")
    finally:
        stage.stop()
    click.echo("\nThe demo has ended. Its data stays in instance/demo. To start again: donations demo --fresh")


def _tell(stage: Stage, port: int) -> None:
    click.echo(f"""
  The fund        {stage.url}/
  in Russian      {stage.url}/ru/
  The sandbox     {stage.sandbox_url}/sandbox/     what "Stripe" knows and sends
  Another site    http://127.0.0.1:{port + 2}/     a page of another origin, with every embed
  The mailbox     http://127.0.0.1:{port + 4}/     the emailed receipts

  Pay with the card 4242 4242 4242 4242 (any future date, any CVC).
  4000 0000 0000 0002 is declined, 4000 0025 0000 3155 asks for a confirmation.

  Staff sign in at {stage.url}/staff/sign-in
{_sign_ins(stage.environ)}

  Commands beside it, in another terminal:  .venv/bin/donations -e instance/demo/env messages list

  Ctrl-C ends it.
""")


def _sign_ins(environ: Mapping[str, str]) -> str:
    """One of each role, and what they type. The codes that two of them are asked for come from an app, or from us."""
    lines = [f"    {each.email:22} {people.PASSWORD}" + (f"   key {each.key}" if each.key else "")
             for each in people.join_all(environ)]  # fmt: skip
    lines.append("  With a key, a code is asked for: give the key to an app for one-time codes, or ask in another")
    lines.append("  terminal:  .venv/bin/donations -e instance/demo/env staff code treasurer@demo.example")
    return "\n".join(lines)


def _serve_host_page(folder: Path, url: str, port: int) -> None:
    """A page of another origin, as a campaign's own site would be, with every form that an appeal has elsewhere."""
    site = folder / "another-site"
    site.mkdir(exist_ok=True)
    for source, name in (("another-site.html", "index.html"), ("another-site.css", "another-site.css")):
        said = resources.files("donations.cli.stage").joinpath(source).read_text(encoding="utf-8")
        (site / name).write_text(said.replace("FUND", url), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Silent, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


COMMANDS = (demo,)
