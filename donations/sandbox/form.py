"""Form bodies and query strings with brackets, turned into nested values.

What the values may be is decided in `params`.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import ApiError

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
Pairs = list[tuple[str, str]]


def pairs(text: str) -> Pairs:
    """The name-value pairs in the order sent. Raises ApiError on bytes that are not UTF-8."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise ApiError("The request's parameters are not valid UTF-8 form data.") from error


def nested(sent: Pairs) -> dict[str, Any]:
    """Objects become dicts; lists too, with keys "0", "1", ... because only the schema knows which is which.

    Raises ApiError on a name whose brackets do not match, or a name used both as a value and as an object.
    """
    tree: dict[str, Any] = {}
    for name, value in sent:
        match = NAME.match(name)
        if not match:
            raise ApiError(
                f"Invalid parameter name: {name}. Square brackets may only enclose the names of nested parameters.",
                param=name,
            )
        _put(tree, [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])], value, name)
    return tree


def _put(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    node = tree
    for key in path[:-1]:
        below = node.setdefault(key or str(len(node)), {})
        if not isinstance(below, dict):
            raise ApiError(f"Invalid object: {name}", param=name)
        node = below
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise ApiError(f"Invalid object: {name}", param=name)
    node[last] = value


def parsed_leniently(text: str) -> Pairs:
    """For the log: whatever can be read of it."""
    return parse_qsl(text, keep_blank_values=True, errors="replace")
