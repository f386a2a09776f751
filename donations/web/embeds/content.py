"""What an appeal shows on other sites, read from the database at most once a second for each appeal, however many ask
and whatever they write into the address. The one function behind frame, badge, oEmbed, feed and overlay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask, Response, current_app, g, request

from donations import appeals, totals
from donations.appeals import updates
from donations.appeals.amounts import suggested
from donations.errors import AppealNotFound
from donations.extensions import db
from donations.giving import public_names
from donations.giving.public_names import NamedDonation
from donations.models import Appeal, Organisation
from donations.money import Money
from donations.totals import PublicTotal
from donations.web import languages
from donations.web.page import marked, now
from donations.web.response_cache import Kept, Shelf, tick

Texts = dict[str, str]
RENDERED_SECONDS, MAX_RENDERED = 60.0, 512
MAX_NEWS = 30


@dataclass(frozen=True, slots=True)
class News:
    """An entry of the feed: an update with its title and text (Markdown), or a part of the goal, `percent`, reached."""

    name: str  # for the entry's id; never changes
    at: datetime
    title: Texts
    text: Texts
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Showing:
    """All that the embeds may show of an appeal. `sites` are the origins that may frame it; none means any."""

    slug: str
    title: Texts
    summary: Texts
    outcome: Texts
    closed_on: date | None
    takes_donations: bool
    total: PublicTotal
    suggested: tuple[Money, ...]
    sites: tuple[str, ...]
    news: tuple[News, ...]  # latest first
    named: tuple[NamedDonation, ...]  # latest first; only the person who chose to be named

    @property
    def version(self) -> str:
        """Changes with whatever a form says."""
        words = (self.title, self.summary, self.outcome, self.closed_on)
        total = (
            self.total.version,
            self.total.state,
            self.total.goal,
            self.takes_donations,
            self.suggested,
            self.total.further,
        )
        return repr((self.slug, *total, *words, self.sites, self.news, self.named))


class Window:
    """What was read in the last `seconds`, shared by the threads of a process. One reads while the others wait."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self.seconds, self.clock = seconds, clock
        self._lock = threading.Lock()
        self._house: Organisation | None = None
        self._slugs: frozenset[str] = frozenset()
        self._read_in: int | None = None
        self._held: dict[str, Showing] = {}

    def find(self, slug: str) -> tuple[Showing | None, Organisation]:
        """None for whatever the public may not know of, without asking the database for each."""
        with self._lock:
            now_in = tick(self.clock(), self.seconds) if self.seconds else None
            if self._house is None or now_in is None or now_in != self._read_in:
                self._house, self._slugs = _house(), frozenset(appeals.shown_slugs())
                self._read_in, self._held = now_in, {}
            showing = self._held.get(slug)
            if showing is None and slug in self._slugs:
                showing = self._held[slug] = _read(slug)
            return showing, self._house


def init_app(app: Flask) -> None:
    """Renderings are cached by the version of the content: rendered again when that changes, not when time passes."""
    app.extensions["showing"] = Window(app.config["KEEP_SECONDS"])
    kept_seconds = RENDERED_SECONDS if app.config["KEEP_SECONDS"] else 0
    behind_proxy = app.config["SETTINGS"].trusted_proxies > 0
    app.extensions["embeds"] = Shelf(kept_seconds, MAX_RENDERED, behind_proxy=behind_proxy)


def find(slug: str, language: str | None) -> Showing:
    """The content of an appeal; from here on this request is in `language`, or in the default language where that is
    not offered. Raises AppealNotFound for one that is unknown, not published, or hidden."""
    window: Window = current_app.extensions["showing"]
    showing, house = window.find(slug)
    g.organisation = house
    languages.speak(language)
    if showing is None:
        raise AppealNotFound()
    return showing


def kept(showing: Showing, form: Hashable, make: Callable[[], Response]) -> Response:
    """One form of it as `make` answers, made once for each version and language however many ask. `form` says which:
    an accent alone has millions of values, so these answers have a shelf of their own."""
    shelf: Shelf = current_app.extensions["embeds"]
    version = repr((form, showing.version))
    found = shelf.fetch((version, g.language), lambda: marked(make(), version=version))
    return found.answer(request.environ) if isinstance(found, Kept) else found


def _house() -> Organisation:
    house = Organisation.get()
    db.session.refresh(house)
    db.session.expunge(house)  # It outlives the request, and is read by other threads.
    return house


def _read(slug: str) -> Showing:
    appeal = Appeal.by_slug(slug)
    total = totals.public(appeal, now())
    return Showing(
        slug=appeal.slug,
        title=dict(appeal.title),
        summary=dict(appeal.summary),
        outcome=dict(appeal.outcome),
        closed_on=appeal.closed_on,
        takes_donations=appeal.takes_donations,
        total=total,
        suggested=tuple(suggested(appeal)),
        sites=tuple(appeal.embed_sites),
        news=_news(appeal, total),
        named=public_names.latest(appeal, MAX_NEWS),
    )


def _news(appeal: Appeal, total: PublicTotal) -> tuple[News, ...]:
    posted = [
        News(f"updates/{update.id}", update.published_at, dict(update.title), dict(update.text))
        for update in updates.shown(appeal, MAX_NEWS)
        if update.published_at is not None
    ]
    milestones = [
        News(f"milestones/{one.period_start:%Y%m%d}/{one.percent}", one.reached_at, {}, {}, one.percent)
        for one in totals.milestones_reached(appeal, total)
    ]
    return tuple(sorted((*posted, *milestones), key=lambda one: one.at, reverse=True)[:MAX_NEWS])
