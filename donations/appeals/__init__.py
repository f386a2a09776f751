"""Appeals as their organisers run them: load them from a TOML file, open, pause, close, hide and show them.

Nothing is committed here; the caller wraps these functions in a write unit. Gifts are in giving, totals in totals."""

from donations.appeals.listing import listed, shown_mark, shown_slugs
from donations.appeals.loading import load
from donations.appeals.report import Change, LoadReport
from donations.appeals.states import close, hide, needing_gifts, open_again, pause, show, shown
from donations.appeals.waiting import waiting_for_somebody

__all__ = [
    "Change",
    "LoadReport",
    "close",
    "hide",
    "listed",
    "load",
    "needing_gifts",
    "open_again",
    "pause",
    "show",
    "shown",
    "shown_mark",
    "shown_slugs",
    "waiting_for_somebody",
]
