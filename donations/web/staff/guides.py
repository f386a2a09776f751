"""The guides of docs/ for the team, as pages in the reader's language where a guide is there in it, else in English.
They are files of ours: what a person types never comes here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path

from flask import Blueprint, Response, abort, url_for
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from donations.web import filters, languages
from donations.web.page import page

bp = Blueprint("guides", __name__, url_prefix="/staff/guide")
DOCS = Path(__file__).parents[3] / "docs"
# What the team reads. Documents for operators and developers stay with the code.
GUIDES = (
    "treasurer", "organiser", "embedding", "statements", "matching", "waiting", "exports", "offline-key",
    "personal-data", "glossary",
)  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@bp.get("/<slug:name>")
def show(name: str) -> Response:
    if name not in GUIDES:
        abort(404)
    language, file = _found(name, languages.current() or languages.default())
    text = file.read_text(encoding="utf-8")
    return page(
        "staff/guide.html", cache="no-store", title=text.partition("\n")[0].lstrip("# "), language_of_guide=language,
        guide=shown(text, url_for("guides.show", name="guide")),
    )  # fmt: skip


@lru_cache(maxsize=32)
def shown(text: str, address: str) -> Markup:
    """A document as HTML. `address` is that of a guide called "guide": links between guides are made like it."""
    tokens = _markdown.parse(text.replace("- [ ] ", "- ☐ "))
    rendered = _markdown.renderer.render(list(_framed(tokens, address)), _markdown.options, {})
    return filters.guide(rendered.replace("<p></p>\n", ""))  # where a picture stood


def anchor(heading: str) -> str:
    """The id of a heading, as GitHub makes it, so that one list of contents serves here and there."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _found(name: str, language: str) -> tuple[str, Path]:
    translated = DOCS / f"{name}.{language}.md"
    return (language, translated) if translated.is_file() else ("en", DOCS / f"{name}.md")


def _framed(tokens: list[Token], address: str) -> Iterator[Token]:
    """The tokens with ids on headings, addresses in links, and a frame that scrolls around what is wide."""
    heading = ""
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[number + 1].content
            token.attrSet("id", anchor(heading))
        if token.children:
            token.children = list(_linked(token.children, address))
        is_wide = token.type == "fence"
        if is_wide or token.type == "table_open":
            yield _markup(f'<div class="scroller" role="region" tabindex="0" aria-label="{escape(heading)}">')
        yield token
        if is_wide or token.type == "table_close":
            yield _markup("</div>")


def _markup(content: str) -> Token:
    return Token("html_block", "", 0, content=content)


def _linked(children: list[Token], address: str) -> Iterator[Token]:
    """Links to other guides lead to their pages; links to files that are not served are left as text. No pictures."""
    is_kept = False
    for token in children:
        if token.type == "link_open":
            to = _address(str(token.attrGet("href")), address)
            is_kept = to is not None
            if to is not None:
                token.attrSet("href", to)
        if token.type != "image" and (is_kept or token.type not in ("link_open", "link_close")):
            yield token


def _address(href: str, address: str) -> str | None:
    name, _, place = href.partition("#")
    guide = name.removesuffix(".md").removesuffix(".ru")
    if not name or name.startswith("https:"):
        return href
    if guide not in GUIDES:
        return None
    return address.removesuffix("guide") + guide + (f"#{place}" if place else "")
