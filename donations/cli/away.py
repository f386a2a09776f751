"""`donations away-page`: the page that the web server shows while the app does not answer."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import click
from babel import Locale
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import force_locale
from markupsafe import Markup

from donations.models import Organisation


@click.command("away-page")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def away_page(file: Path) -> None:
    """Save to FILE the page that nginx shows while the app is down.

    The page has every language and the bank details, and names no appeal. Run this again when the bank details change.
    Exit codes: 0 saved, 1 refused (no organisation), 2 wrong usage."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(rendered(), encoding="utf-8")
    file.chmod(0o644)  # The web server reads it.
    click.echo(f"Saved {file}. Next: name this file in nginx (docs/operating.md).")


def rendered() -> str:
    """The page as HTML. Raises DatabaseNotReady without an organisation."""
    house, sections = Organisation.get(), []
    part, whole = (current_app.jinja_env.get_template(f"errors/{name}.html") for name in ("_away", "away"))
    for code in house.languages:
        facts = {"organisation": house, "language": code, "direction": Locale.parse(code, sep="-").text_direction}
        with force_locale(code):
            sections.append(Markup(part.render(**facts)))  # noqa: S704 - a template of ours
    # It loads nothing, so its style is inline, and the page's own policy allows it by its hash.
    style = Path(current_app.static_folder or "", "css/away.css").read_text(encoding="utf-8")
    hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return whole.render(organisation=house, language=house.default_language, sections=sections, hash=hash, style=style)


COMMANDS = (away_page,)
