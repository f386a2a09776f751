"""Page or fragment: how a template becomes an answer, and what every page knows (organisation, languages, addresses of
static files). The only reader of request.htmx, and the only clock of the views."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from werkzeug.routing import BaseConverter

from donations.web import languages
from donations.web.tags import OneLineTags


class SlugConverter(BaseConverter):
    """The name of an appeal in an address: what cannot be one is not looked up."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*"


def init_app(app: Flask) -> None:
    app.url_map.converters["slug"] = SlugConverter
    app.context_processor(_what_every_page_knows)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True  # Bytes count: a poll sends them every 10 s.
    app.jinja_env.add_extension(OneLineTags)


def now() -> datetime:
    """The moment of this request, aware, in UTC."""
    return datetime.now(UTC)


def page(template: str, status: int = 200, *, cache: str = "private, no-cache", **context: Any) -> Response:
    """A whole page. `cache` is its Cache-Control; most pages carry a form or a person's own affairs."""
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = cache
    return response


def fragment(template: str, *, cache: str = "no-store", **context: Any) -> Response:
    """One partial alone, as htmx fetches it."""
    return page(template, cache=cache, **context)


def versioned(response: Response, *, version: str) -> Response:
    """The answer marked with its version; 304 if the asker has it."""
    return marked(response, version=version).make_conditional(request)  # type: ignore[return-value]


def marked(response: Response, *, version: str) -> Response:
    """The answer with a weak ETag made of the version, language and wording of the page."""
    mark = f"{version}|{languages.current()}|{_edition()}"
    response.set_etag(hashlib.sha256(mark.encode()).hexdigest()[:20], weak=True)
    return response


def asks_for_fragment() -> bool:
    """Whether htmx asks, not a person who opened the fragment's address."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def public_url(path: str) -> str:
    """The absolute address of a path of ours, as the public reaches it."""
    return f"{current_app.config['SETTINGS'].public_url}{path}"


def static_url(filename: str) -> str:
    """The address of a static file with its content's hash, so that it may be kept for ever."""
    return url_for("static", filename=filename, v=content_hash(filename))


def content_hash(filename: str) -> str:
    """Ten characters of the SHA-256 of a static file's content; empty if there is no such file."""
    path = Path(current_app.static_folder or "") / filename
    return _hash_of(str(path), path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=256)
def _hash_of(path: str, _changed_ns: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=1)
def _edition() -> str:
    """Changes when the partials or the translations change, so that no old wording is answered with 304."""
    root = Path(current_app.root_path)
    templates = root.parent / "templates"
    sources = [*templates.glob("supporters/_*.html"), *templates.glob("components/*.html"), *templates.glob("embeds/*")]
    sources += root.glob("translations/*/LC_MESSAGES/*.po")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:10]


def _what_every_page_knows() -> dict[str, Any]:
    language = languages.current() or "en"
    return {
        "organisation": languages.organisation(),
        "language": language,
        "direction": languages.locale_of(language).text_direction,
        "alternates": languages.alternates,
        "static_url": static_url,
        "public_url": public_url,
    }
