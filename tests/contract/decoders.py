"""Turns form bodies and query strings with brackets into the values a schema describes. It judges nothing."""

import re
from collections.abc import Callable
from typing import Any

Pairs = list[tuple[str, str]]
Schema = dict[str, Any]
Resolve = Callable[[Schema], Schema]


def decoded(pairs: Pairs, schema: Schema, resolve: Resolve) -> tuple[dict[str, Any], list[str]]:
    """The values, and what could not be read (a name sent twice, brackets that do not match)."""
    tree: dict[str, Any] = {}
    faults = []
    for name, value in pairs:
        match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", name)
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
        if not steps or not _put(tree, steps, value):
            faults.append(f"{name}: sent twice, or as a value and an object, or with odd brackets")
    return _coerced(tree, schema, resolve), faults


def _put(tree: dict[str, Any], steps: list[str], value: str) -> bool:
    node = tree
    for step in steps[:-1]:
        node = node.setdefault(step or str(len(node)), {})
        if not isinstance(node, dict):
            return False
    last = steps[-1] or str(len(node))
    if last in node:
        return False
    node[last] = value
    return True


def _coerced(value: Any, schema: Schema, resolve: Resolve) -> Any:
    """The value with the types of its schema where it can have them, untouched where it cannot."""
    schema = resolve(schema)
    if "anyOf" in schema:
        return _first_fitting(value, schema["anyOf"], resolve)
    kind = schema.get("type")
    if isinstance(value, dict):
        return _coerced_members(value, schema, resolve)
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _coerced_members(value: dict[str, Any], schema: Schema, resolve: Resolve) -> Any:
    if schema.get("type") == "array" and all(key.isdigit() for key in value):
        return [_coerced(value[key], schema["items"], resolve) for key in sorted(value, key=int)]
    known = schema.get("properties", {})
    others = schema.get("additionalProperties")
    rest = others if isinstance(others, dict) else {}
    return {name: _coerced(each, known.get(name, rest), resolve) for name, each in value.items()}


def _first_fitting(value: Any, branches: list[Schema], resolve: Resolve) -> Any:
    """By the shape alone: an object or a list needs such a branch, a string the first whose type accepts it."""
    shaped = [resolve(each) for each in branches]
    if isinstance(value, dict):
        wanted = "array" if all(key.isdigit() for key in value) else "object"
        fitting = [each for each in shaped if each.get("type") == wanted] or shaped
        return _coerced(value, fitting[0], resolve)
    plain = [each for each in shaped if each.get("type") not in ("object", "array")]
    return next((new for each in plain if (new := _coerced(value, each, resolve)) != value), value)
