"""What follows from clocks that are, or were, wrong: a moment that lies further ahead than it ever could holds nothing
up."""

from __future__ import annotations

from datetime import timedelta

CLOCKS_DIFFER = timedelta(minutes=1)  # clocks of several hosts may differ by this much without harm
# Nothing is put off for longer: mails and events wait an hour at most between tries, a session's look a day.
FURTHEST_AHEAD = timedelta(days=2)
