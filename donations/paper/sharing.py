"""What an appeal gives away: the poster to hang up, the card that other sites show beside its address. Both say what
the public may see of it and nothing else; figures come from totals.public only."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from donations.paper.amounts_in_words import written
from donations.paper.codes import qr_svg
from donations.paper.typst_documents import pdf, png
from donations.totals import PublicTotal

KEPT = 64  # pictures and posters kept in each process
_turn = threading.Lock()  # One at a time: a flood must not make every thread draw the same picture.


@dataclass(frozen=True, slots=True)
class Poster:
    """`call` is the sentence under the title; `address` is where the code leads."""

    title: str
    call: str
    address: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Card:
    """`call` replaces the figures where amounts are not shown."""

    title: str
    call: str
    organisation: str
    total: PublicTotal


def poster_pdf(poster: Poster, *, at: datetime) -> bytes:
    """One A4 page in the language of now; from memory if it was made before. `at` is the date it carries."""
    said = {
        **asdict(poster),
        "language": _language(),
        "name": poster.title,
        "issuer": poster.organisation,
        "shown_address": poster.address.partition("://")[2],
        "scan": _("Scan with your phone to donate"),
        "or_type": _("or open"),
        "qr": qr_svg(poster.address, border=0),
        "qr_says": _("QR code with the address of the appeal"),
    }
    with _turn:
        return _made("poster", json.dumps(said), at.replace(hour=0, minute=0, second=0, microsecond=0))


def card_png(said: str) -> bytes:
    """A picture of 1200 x 630 pixels with the texts of `card_words`; from memory if the same was drawn before."""
    with _turn:
        return _made("card", said, None)


def card_words(card: Card) -> str:
    """All that a card says, in the language of now, as one text: the same text is the same picture."""
    total = card.total
    return json.dumps({
        "language": _language(),
        "title": card.title,
        "organisation": card.organisation,
        "call": "" if total.amounts_shown else card.call,
        "state": {"paused": _("Paused"), "closed": _("Closed")}.get(total.state, ""),
        "figures": _figures(total) if total.amounts_shown else None,
    })  # fmt: skip


def _figures(total: PublicTotal) -> dict[str, Any]:
    assert total.raised is not None, "amounts are shown"
    count = None
    if total.donations is not None:
        shown = written("number", total.donations)
        count = ngettext("%(count)s donation", "%(count)s donations", total.donations, count=shown)
    also = _("plus %(sums)s", sums=", ".join(written("money", other) for other in total.also)) if total.also else None
    short = {"short": True}
    return {
        "raised": written("money", total.raised, **short),
        "of": _("raised of %(goal)s", goal=written("money", total.goal, **short)) if total.goal else _("raised"),
        "percent": "" if total.percent is None else written("percent", total.percent),
        # How far the bar is filled, and the position of the goal on it: at its end until it is passed.
        "filled": None if total.percent is None else min(total.percent, 100),
        "goal_at": None if total.percent is None else 10000 // max(total.percent, 100),
        "beside": [said for said in (count, also) if said],
    }


@lru_cache(maxsize=KEPT)
def _made(template: str, said: str, at: datetime | None) -> bytes:
    data = json.loads(said)
    return png(template, data) if at is None else pdf(template, data, at=at)


def _language() -> str:
    return str(get_locale() or "en")
