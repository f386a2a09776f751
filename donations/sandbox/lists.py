"""Lists that page as Stripe's do: newest first, by cursor.

What is listed, and by which filters, is the caller's.
"""

from collections.abc import Callable
from itertools import dropwhile, islice
from typing import Any

from . import params
from .errors import ApiError, no_such
from .store import Doc
from .world import World

FIELDS: params.Fields = {
    "limit": params.integer(1, 100),
    "starting_after": params.text(),
    "ending_before": params.text(),
    "created": params.created,
}
BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def page(
    world: World,
    kind: str,
    wanted: dict[str, Any],
    url: str,
    matches: Callable[[Doc], bool] = lambda doc: True,
) -> Doc:
    """One page of the documents of `kind` that match. Raises ApiError for a cursor that does not exist."""
    bounds = wanted.get("created", {})

    def keeps(doc: Doc) -> bool:
        return all(BOUNDS[name](doc["created"], bound) for name, bound in bounds.items()) and matches(doc)

    after, before = (
        _cursor(world, kind, wanted, "starting_after"),
        _cursor(world, kind, wanted, "ending_before"),
    )
    if after and before:
        raise conflicting("starting_after", "ending_before")
    docs = world.store.oldest_first(kind) if before else world.store.newest_first(kind)
    if cursor := after or before:
        docs = islice(dropwhile(lambda doc: doc["id"] != cursor, docs), 1, None)
    limit = wanted.get("limit", 10)
    found = list(islice((doc for doc in docs if keeps(doc)), limit + 1))
    shown = found[:limit]
    return listed(shown[::-1] if before else shown, url, has_more=len(found) > limit)


def listed(docs: list[Doc], url: str, *, has_more: bool = False) -> Doc:
    return {"object": "list", "data": docs, "has_more": has_more, "url": url}


def only(wanted: dict[str, Any], *names: str) -> Callable[[Doc], bool]:
    """A filter: each of the named fields equals what was asked for, where something was."""
    asked = {name: wanted[name] for name in names if name in wanted}
    return lambda doc: all(doc.get(name) == value for name, value in asked.items())


def conflicting(one: str, other: str) -> ApiError:
    return ApiError(f"You may only specify one of these parameters: {one}, {other}.", param=one)


def _cursor(world: World, kind: str, wanted: dict[str, Any], name: str) -> str | None:
    id: str | None = wanted.get(name)
    if id is not None and world.store.get(id, kind) is None:
        raise no_such(kind, id, name, status=400)
    return id
