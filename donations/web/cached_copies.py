"""Whether the public still sees what was hidden. Every address of an appeal is asked as the world asks it: through
PUBLIC_URL, and so through each cache before us. To ask is to heal, too: what we answer takes the place of a copy."""

from __future__ import annotations

import gzip
import re
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import func, select

from donations.appeals.directory import PAGE_LENGTH
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Organisation
from donations.web.embed_theme import SIZES, THEMES
from donations.web.headers import kind_of
from donations.web.query_parameters import read_by

AT_ONCE, ASK_SECONDS, ALL_SECONDS, AGAIN_SECONDS = 16, 3.0, 8.0, 1.2
MAX_BYTES = 2_000_000
LOOKS: tuple[dict[str, str], ...] = (
    {}, *({"size": size} for size in SIZES[1:]), *({"theme": theme} for theme in THEMES[1:]),
)  # fmt: skip
_TOTAL = 'id="total"'
_PAGE_AMOUNT = re.compile(r'id="total"[^>]*>\s*<p class="raised"')
_AMOUNT = re.compile(r'class="raised"|"raised_minor": ?\d')


@dataclass(frozen=True, slots=True)
class Report:
    """The result for `asked` addresses: the paths that still show the appeal, and those of unknown state, because there
    was no answer or a refusal."""

    asked: int
    still: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_gone(self) -> bool:
        return not self.still and not self.unknown

    @property
    def is_unreachable(self) -> bool:
        """Whether not one address answered: PUBLIC_URL leads nowhere from here."""
        return len(self.unknown) == self.asked


@dataclass(frozen=True, slots=True)
class Hidden:
    """An appeal that may show no more than its `visibility` allows; `lists` are paths that show others too."""

    slug: str
    visibility: str
    lists: frozenset[str]

    def is_shown_by(self, path: str, status: int, body: str) -> bool:
        if status != 200:
            return False
        if self.visibility == "amounts_hidden":
            # A page that takes no donations shows the amounts of others below its own.
            amount = _PAGE_AMOUNT if path.endswith(f"/appeals/{self.slug}") else _AMOUNT
            return "/scoreboard" in path or (path not in self.lists and bool(amount.search(body)))
        if path in self.lists:
            return any(f"/appeals/{self.slug}{end}" in body for end in ("<", '"', "?", "#"))
        return _TOTAL in body if path.endswith(f"/appeals/{self.slug}") else True  # That may be the holding page.


def ask_all(appeal: Appeal) -> Report:
    """Ask for everything that the public may ask for by an address of ours. Takes at most `ALL_SECONDS` or so."""
    house = Organisation.get()
    paths, hidden = addresses(appeal, house), Hidden(appeal.slug, appeal.visibility, frozenset(_lists(house)))
    public = str(current_app.config["SETTINGS"].public_url)
    ends, open, found = time.monotonic() + ALL_SECONDS, paths, dict.fromkeys(paths, "unknown")
    if _look(public, paths[0], hidden, ends) == "unknown":  # No answer there: no need to wait for each.
        return Report(len(paths), (), tuple(paths))
    with ThreadPoolExecutor(AT_ONCE) as many:
        while True:
            found |= dict(zip(open, many.map(lambda path: _look(public, path, hidden, ends), open), strict=True))
            open = [path for path in open if found[path] == "still"]
            if not open or time.monotonic() + AGAIN_SECONDS > ends:
                break
            time.sleep(AGAIN_SECONDS)  # A copy may be a second old by right.
    by_word = {word: tuple(path for path in paths if found[path] == word) for word in ("still", "unknown")}
    return Report(len(paths), by_word["still"], by_word["unknown"])


def addresses(appeal: Appeal, house: Organisation) -> list[str]:
    """The paths of everything public that tells of an appeal, in every language and look that we offer ourselves."""
    posted = select(AppealUpdate.id).where(AppealUpdate.appeal_id == appeal.id, AppealUpdate.published_at.is_not(None))
    numbers = list(db.session.scalars(posted))
    found = [*_lists(house), *_oembed(appeal, house)]
    for endpoint, path in _paths(appeal.slug, house, numbers):
        known = read_by(endpoint)
        found += [path, *(f"{path}?{urlencode(query)}" for query in _queries(known, house) if query)]
    return list(dict.fromkeys(found))


def _paths(slug: str, house: Organisation, numbers: Iterable[int]) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of every public route of one appeal."""
    routes = current_app.url_map.bind("")
    for rule in current_app.url_map.iter_rules():
        takes = rule.arguments - {"language"}
        if "GET" not in (rule.methods or ()) or kind_of(rule.endpoint) not in ("page", "data", "frame"):
            continue
        if takes not in ({"slug"}, {"slug", "number"}):
            continue
        languages = house.languages[1:] if "language" in rule.arguments else [None]
        for language, number in product(languages, numbers if "number" in takes else [None]):
            values = {"slug": slug, "language": language, "number": number}
            given = {name: value for name, value in values.items() if value is not None}
            yield rule.endpoint, routes.build(rule.endpoint, given)


def _queries(known: frozenset[str], house: Organisation) -> Iterator[dict[str, str]]:
    """In the order of our own links, and in that of the script for other sites."""
    languages: list[dict[str, str]] = [{}, *({"lang": code} for code in house.languages)] if "lang" in known else []
    least: list[dict[str, str]] = [{}, {"least": "10"}] if "least" in known else [{}]
    for language, look, names in product(languages, LOOKS if "size" in known else [{}], least):
        yield language | names | look
        yield look | language | names


def _lists(house: Organisation) -> list[str]:
    count = db.session.scalar(select(func.count()).select_from(Appeal)) or 0
    pages = ["", *(f"?page={number}" for number in range(1, count // PAGE_LENGTH + 2))]
    homes = ["/", *(f"/{code}/" for code in house.languages[1:])]
    return [*(home + page for home in homes for page in pages), "/sitemap.xml"]


def _oembed(appeal: Appeal, house: Organisation) -> list[str]:
    public = current_app.config["SETTINGS"].public_url
    codes = ["", *(f"/{code}" for code in house.languages[1:])]
    asked = [{"url": f"{public}{code}/appeals/{appeal.slug}"} for code in codes]
    return [f"/oembed?{urlencode(query | more)}" for query in asked for more in ({}, {"format": "json"})]


def _look(public: str, path: str, hidden: Hidden, ends: float) -> str:
    """`gone`, `still`, or `unknown`."""
    left = ends - time.monotonic()
    if left <= 0:
        return "unknown"
    try:
        found = [_get(public + path, encoding, min(ASK_SECONDS, left)) for encoding in ("gzip", "identity")]
    except (OSError, EOFError, zlib.error, ValueError):
        return "unknown"
    if any(hidden.is_shown_by(path, status, body) for status, body in found):
        return "still"
    return "gone" if all(status in (200, 404, 409, 410) for status, _ in found) else "unknown"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _get(address: str, encoding: str, seconds: float) -> tuple[int, str]:
    """(status, body) as text, of the copy that a cache keeps for clients that accept this encoding. Raises OSError
    where nothing answers, EOFError and zlib.error where the body cannot be read."""
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    question = urllib.request.Request(address, headers={"Accept-Encoding": encoding})  # noqa: S310 - our own address
    try:
        with opener.open(question, timeout=seconds) as answer:
            body = answer.read(MAX_BYTES)
            plain = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
            return answer.status, plain.decode(errors="replace")
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""
