"""Appeals as their organisers run them: loaded from a TOML file (file, loader), drafted and published (drafts), opened,
paused, closed, hidden and shown (states), with updates and the subscribers who get them by email.

Nothing is committed here: the caller wraps these functions in a write unit. Donations are in giving, totals in
totals."""

from donations.appeals.counts import waiting_for_somebody
from donations.appeals.directory import listed, shown_mark, shown_slugs
from donations.appeals.load_report import Change, LoadReport
from donations.appeals.loader import load
from donations.appeals.states import close, hide, needing_donations, open_again, pause, show, shown

__all__ = [
    "Change",
    "LoadReport",
    "close",
    "hide",
    "listed",
    "load",
    "needing_donations",
    "open_again",
    "pause",
    "show",
    "shown",
    "shown_mark",
    "shown_slugs",
    "waiting_for_somebody",
]
