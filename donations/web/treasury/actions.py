"""How a person acts on the money: as everywhere, and what the dashboard keeps is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from donations.web import audited_action
from donations.web.audited_action import Act, me, names, say_used, unit
from donations.web.treasury import dashboard_cache

__all__ = ["Act", "act", "me", "names", "say_used", "unit"]


@contextmanager
def act(what: str, about: str = "", **details: str | int) -> Iterator[Act]:
    """Do `what` in one transaction and record it there. If anything is raised, nothing is done and nothing recorded."""
    with audited_action.act(what, about, **details) as done:
        yield done
    dashboard_cache.forget()
