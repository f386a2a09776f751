"""The query parameters that an address reads, and whether a cache may keep the answer. A cache and we must read an
address alike: whatever is unknown, doubled, encoded or oddly written in the name of a parameter is answered as usual,
and never cached."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import current_app

LOOK = ("size", "theme", "accent", "button")
_PAIR = re.compile(r"([a-z_]+)=.*")


def reads(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a view with all the parameters that its answer depends on. An answer of a view without it is the same
    whatever the query says, so that it may be kept under its path alone."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.reads = frozenset(names)  # type: ignore[attr-defined]
        return view

    return mark


def read_by(endpoint: str | None) -> frozenset[str]:
    """The parameters that the answer of an endpoint depends on."""
    if endpoint == "static":
        return frozenset({"v"})
    found: frozenset[str] = getattr(current_app.view_functions.get(endpoint or ""), "reads", frozenset())
    return found


def is_clean(query: str, known: frozenset[str]) -> bool:
    """Whether a raw query (percent-encoded) says only what is known, each once, as every cache reads it."""
    if not query or not known:
        return True
    names = []
    for pair in query.split("&"):
        found = _PAIR.fullmatch(pair)
        if found is None:
            return False
        names.append(found[1])
    return known.issuperset(names) and len(set(names)) == len(names)
