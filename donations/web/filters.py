"""How money, dates, texts and errors look on a page. The one place that makes Markup, and only from cleaned Markdown;
no template says `|safe`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from babel import Locale
from babel.dates import format_date, format_datetime, format_interval, format_skeleton
from babel.numbers import format_decimal, format_percent
from flask import Flask
from flask_babel import get_locale, gettext, ngettext
from markdown_it import MarkdownIt
from markupsafe import Markup

from donations import references
from donations.models import Appeal
from donations.money import WORLD_ENGLISH, Money, written
from donations.web import error_labels, languages

_TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6", "hr"}
_GUIDE_TAGS = _TAGS | {"h1", "h2", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "div"}
_GUIDE_ATTRIBUTES = {
    "a": {"href"}, "h1": {"id"}, "h2": {"id"}, "h3": {"id"}, "div": {"class", "role", "tabindex", "aria-label"},
}  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False})


def init_app(app: Flask) -> None:
    texts = (in_language, language_of, other_language, markdown, sentence, local_day, label)
    for made in (money, of, number, percent, day, month_or_day, span, moment, zone, timestamp, reference_code, *texts):
        app.add_template_filter(made)


def money(value: Money, short: bool = False) -> str:
    """£1,234.50 as the reader's language writes it; `short` leaves the pence out where there are none."""
    return written(value, _locale(), short=short)


def of(minor: int, currency: str) -> Money:
    """Money out of a column of minor units, for `money` to write."""
    return Money(minor, currency)


def reference_code(appeal: Appeal) -> str:
    """What a supporter writes into a bank transfer to this appeal."""
    return references.code_of_appeal(appeal)


def number(value: int) -> str:
    return format_decimal(value, locale=_locale())


def day(value: date) -> str:
    """21 November 2026"""
    return format_date(value, "long", locale=_locale())


def local_day(value: datetime) -> str:
    """The day of a moment in the organisation's own zone: 21 November 2026."""
    house = languages.organisation()
    return day(value.astimezone(ZoneInfo(house.timezone if house else "UTC")).date())


def month_or_day(value: date, month_only: bool) -> str:
    """March 2017, where only the month is known; else the day."""
    return format_skeleton("yMMMM", value, locale=_locale()) if month_only else day(value)


def span(first: date, last: date) -> str:
    """1 October – 31 December 2026"""
    return format_interval(first, last, "yMMMMd", locale=_locale())


def percent(part: int, whole: int = 100) -> str:
    """54 %, as the reader's language writes it; rounded down, never up."""
    return format_percent(Decimal(part * 100 // whole) / 100, locale=_locale())


def moment(value: datetime) -> str:
    """21 Nov 2026, 20:00, in the organisation's own zone."""
    house = languages.organisation()
    local = value.astimezone(ZoneInfo(house.timezone if house else "UTC"))
    return f"{format_date(local, 'medium', locale=_locale())}, {format_datetime(local, 'HH:mm', locale=_locale())}"


def zone(value: datetime) -> str:
    """GMT, BST: what the organisation's own clock is called at that moment; UTC+05 where it has no name."""
    house = languages.organisation()
    name = value.astimezone(ZoneInfo(house.timezone if house else "UTC")).tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def timestamp(value: datetime) -> str:
    """2026-11-21T20:00:00Z, for machines."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_language(texts: Mapping[str, str] | None) -> str:
    """The text in the reader's language, else in the organisation's first, else in any there is."""
    return texts[language_of(texts)] if texts else ""


def language_of(texts: Mapping[str, str] | None) -> str:
    """The language `in_language` found, for the lang attribute: a story may be in another one than its page."""
    wanted = (languages.current() or languages.default(), languages.default())
    return next((code for code in (*wanted, *(texts or ())) if (texts or {}).get(code)), wanted[0])


def other_language(texts: Mapping[str, str] | None) -> str:
    """What the reader calls the language that `in_language` found, like Russian; empty if it is the page's own."""
    found = language_of(texts)
    return languages.name_of(found) if texts and found != languages.current() else ""


def markdown(text: str) -> Markup:
    """Markdown made HTML: no raw HTML, headings below the page's own, links that say nothing about where they were."""
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    rendered = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(
        rendered, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def guide(rendered: str) -> Markup:
    """A document of ours, rendered by web/staff/guides.py: with tables, and headings that links lead to."""
    clean = nh3.clean(rendered, tags=_GUIDE_TAGS, attributes=_GUIDE_ATTRIBUTES, url_schemes={"https"})
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def label(code: str | None, labels: Mapping[Any, Any]) -> str:
    """What a code of Stripe's or ours is called. One that is younger than the table is shown beside a neutral word."""
    if code in labels:
        return str(labels[code])
    return gettext("other: %(code)s", code=code.replace("_", " ")) if code else ""


def sentence(error: Any) -> str:
    """What went wrong, in the reader's language: of a DonationsError, or of whatever else has a sentence and facts."""
    facts = {name: _fact(name, fact) for name, fact in error.facts.items()}
    if getattr(error, "plural", ""):
        return str(ngettext(error.sentence, inspect.cleandoc(error.plural), error.facts[error.counted], **facts))
    return str(gettext(error.sentence, **facts))


def _fact(name: str, fact: Any) -> Any:
    if isinstance(fact, str) and fact in error_labels.FACTS.get(name, {}):
        return str(error_labels.FACTS[name][fact])
    if isinstance(fact, Money):
        return money(fact, short=True)
    if isinstance(fact, date) and not isinstance(fact, datetime):
        return day(fact)
    return _fault(fact) if name in ("fault", "fix") and fact else fact


def _fault(fact: Any) -> str:
    return sentence(fact) if hasattr(fact, "sentence") else str(gettext(fact))


def _locale() -> Locale:
    """Plain `en` would write dates and dollars as in the United States; we write English for the world."""
    locale = get_locale() or Locale("en")
    return WORLD_ENGLISH if str(locale) == "en" else locale
