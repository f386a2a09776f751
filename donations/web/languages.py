"""Which language an address speaks: none in front is the organisation's first one, `/ru/...` mirrors the rest.
Nothing is negotiated with the browser, so every address can be cached. No texts live here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel import Locale
from flask import Blueprint, Flask, abort, current_app, g, has_request_context, redirect, request, url_for
from flask_babel import Babel
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.routing import BaseConverter

from donations.errors import DatabaseNotReady
from donations.extensions import db
from donations.models import Organisation
from donations.web import pseudo_locale

# Where a page that answers a POST is found by GET.
_GET_TWINS = {
    "checks.keep": "appeals.show",
    "checks.begin": "checks.show",
    "donations.again": "donations.show",
    "subscribers.confirm": "subscribers.ask_confirm",
    "subscribers.unsubscribe": "subscribers.ask_unsubscribe",
    "campaigns.close": "campaigns.ask_close",
    "campaigns.hide": "campaigns.show",
    "campaigns.open": "campaigns.show",
    "campaigns.pause": "campaigns.show",
    "campaigns.reveal": "campaigns.show",
    "campaigns.drafts.create": "campaigns.drafts.ask_new",
    "campaigns.drafts.write": "campaigns.drafts.ask",
    "campaigns.drafts.rewrite": "campaigns.drafts.show",
    "campaigns.drafts.publish": "campaigns.drafts.preview",
    "campaigns.drafts.delete": "campaigns.drafts.preview",
    "campaigns.updates.write": "campaigns.updates.ask",
    "campaigns.updates.edit": "campaigns.updates.ask_edit",
    "campaigns.updates.publish": "campaigns.updates.show",
    "campaigns.updates.withdraw": "campaigns.updates.show",
    "account.recovery_codes": "account.show",
    "passkeys.add": "account.show",
    "people.change_roles": "people.show",
    "people.disable": "people.show",
}


class LanguageConverter(BaseConverter):
    """A language in front of an address: two or three small letters, and a land's where it needs them."""

    regex = "[a-z]{2,3}(?:-[A-Z]{2})?"


@dataclass(frozen=True, slots=True)
class Alternate:
    """This page in another language: `code`, the language's `name` in itself, and its path."""

    code: str
    name: str
    path: str
    is_current: bool


def init_app(app: Flask, babel: Babel) -> None:
    babel.init_app(app, locale_selector=_locale_asked_for)
    app.url_map.converters["language"] = LanguageConverter
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_add_language)
    app.before_request(_check_prefix)


def mirror(app: Flask, bp: Blueprint) -> None:
    """Give every address of the blueprint its twin under a language prefix, for the same endpoint."""
    for rule in list(app.url_map.iter_rules()):
        if rule.endpoint.startswith(f"{bp.name}.") and rule.rule not in ("/robots.txt", "/sitemap.xml"):
            app.add_url_rule(
                f"/<language:language>{rule.rule}", rule.endpoint, methods=(rule.methods or set()) - {"HEAD", "OPTIONS"}
            )


def organisation() -> Organisation | None:
    """The organisation, read once a request; None while the database cannot say (then a page still renders)."""
    if "organisation" not in g:
        try:
            g.organisation = Organisation.get()
        except (DatabaseNotReady, SQLAlchemyError):
            db.session.rollback()
            g.organisation = None
    return g.organisation


def default() -> str:
    """The language of addresses without a prefix."""
    house = organisation()
    return house.default_language if house else str(current_app.config["BABEL_DEFAULT_LOCALE"])


def current() -> str | None:
    """The language of the address asked for; None outside a request, where the caller says it."""
    if not has_request_context():
        return None
    if "language" not in g:
        first = request.path.split("/", 2)[1]
        g.language = first if first in _known() else default()
    return str(g.language)


def speak(language: str | None) -> None:
    """Answer this request in a language that is no prefix of its address: that of an embed. One that is not offered
    becomes the default language."""
    g.language = language if language in _known() else default()


def locale_of(code: str) -> Locale:
    """How a language writes numbers, dates and lines. Raises UnknownLocaleError."""
    return pseudo_locale.LOCALE if code == pseudo_locale.CODE else Locale.parse(code, sep="-")


def for_keeping() -> str:
    """The language in which a supporter is answered from now on: that of the page, if it is a real one."""
    code = current()
    return code if code in _offered() else default()


def name_of(code: str) -> str:
    """What the reader's language calls a language, like `Russian`."""
    return locale_of(code).get_display_name(locale_of(current() or default())) or code


def alternates() -> list[Alternate]:
    """The page asked for in every language of the organisation, its own included."""
    return [
        Alternate(code, (locale_of(code).display_name or code).capitalize(), _path(code), code == current())
        for code in _offered()
    ]


def _offered() -> list[str]:
    house = organisation()
    return house.languages if house else _translated()


def _translated() -> list[str]:
    """What we could speak while the database does not say what is offered."""
    found = Path(current_app.config["BABEL_TRANSLATION_DIRECTORIES"]).glob("*/LC_MESSAGES/messages.po")
    return [str(current_app.config["BABEL_DEFAULT_LOCALE"]), *sorted(file.parts[-3] for file in found)]


def _known() -> list[str]:
    """The allowed prefixes of an address: the languages offered, and in development one for trying out the pages."""
    trial = [pseudo_locale.CODE] if current_app.config["SETTINGS"].in_development else []
    return [*_offered(), *trial]


def _locale_asked_for() -> Locale | None:
    code = current()
    if code == pseudo_locale.CODE:
        pseudo_locale.prepare()
    return locale_of(code) if code else None


def _path(code: str) -> str:
    endpoint = _GET_TWINS.get(request.endpoint or "", request.endpoint)
    if not endpoint or not current_app.url_map.is_endpoint_expecting(endpoint, "language"):
        return url_for("appeals.home", language=code)
    return url_for(endpoint, language=code, **(request.view_args or {}))


def _take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        g.prefix = values.pop("language", None)


def _add_language(endpoint: str, values: dict[str, Any]) -> None:
    if not current_app.url_map.is_endpoint_expecting(endpoint, "language"):
        return
    if values.setdefault("language", current()) == default():
        del values["language"]


def _check_prefix() -> Any:
    """The default language has one address only, the one without a prefix; other languages are not known."""
    prefix = g.get("prefix")
    if prefix is None:
        return None
    if prefix not in _known():
        abort(404)
    if prefix == default():
        return redirect(_without_prefix(prefix), 308)
    return None


def _without_prefix(prefix: str) -> str:
    """The address asked for, quoted as it came: what was a `%0d` or `%3f` in it stays one."""
    query = quote(request.query_string, safe="%&=+;/:@!$'()*,?")
    return quote(request.path.removeprefix(f"/{prefix}")) + (f"?{query}" if query else "")
