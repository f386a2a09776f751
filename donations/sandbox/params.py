"""How parameters are declared and checked: a kind of value is a function that answers it or raises ApiError.

Which parameters an operation takes stands beside the operation.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .currencies import KNOWN
from .errors import ApiError, missing_parameter, not_modelled, unknown_parameter

Check = Callable[[Any, str], Any]
Fields = Mapping[str, Check]


def checked(values: Any, fields: Fields, required: tuple[str, ...] = (), *, inside: str = "") -> dict[str, Any]:
    """`values` as plain Python values.

    Unknown names first, then missing ones, then each value: Stripe's own order.
    """
    if not isinstance(values, dict):
        raise ApiError(f"Invalid object: {inside}", param=inside)
    for name in values:
        if name not in fields:
            raise unknown_parameter(_within(inside, name))
    for name in required:
        if name not in values:
            raise missing_parameter(_within(inside, name))
    return {name: fields[name](value, _within(inside, name)) for name, value in values.items()}


def text(limit: int = 5000, *, pattern: str = "") -> Check:
    def check(value: Any, param: str) -> str:
        if not isinstance(value, str):
            raise ApiError(f"Invalid string: {param}", param=param)
        if value == "":
            raise ApiError(
                f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset "
                f"a parameter; however '{param}' cannot be unset. You should remove '{param}' from your "
                "request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=param,
            )
        if len(value) > limit:
            raise ApiError(
                f"Invalid string: {value[:20]}...; must be at most {limit} characters",
                code="parameter_invalid_string_length",
                param=param,
            )
        if pattern and not re.fullmatch(pattern, value):
            raise ApiError(f"Invalid {param}: {value[:80]}", param=param)
        return value

    return check


def integer(low: int = 0, high: int | None = None) -> Check:
    def check(value: Any, param: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise ApiError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
        number = int(value)
        if number < low:
            raise ApiError(
                f"This value must be greater than or equal to {low}.",
                code="parameter_invalid_integer",
                param=param,
            )
        if high is not None and number > high:
            raise ApiError(
                f"This value must be less than or equal to {high}.",
                code="parameter_invalid_integer",
                param=param,
            )
        return number

    return check


def boolean(value: Any, param: str) -> bool:
    if value not in ("true", "false"):
        raise ApiError(f"Invalid boolean: {value}", param=param)
    return bool(value == "true")


def choice(*allowed: str) -> Check:
    def check(value: Any, param: str) -> str:
        if value not in allowed:
            raise ApiError(f"Invalid {param}: must be one of {', '.join(allowed)}", param=param)
        return str(value)

    return check


def currency(value: Any, param: str) -> str:
    code = value.lower() if isinstance(value, str) else ""
    if code not in KNOWN:
        known = ", ".join(sorted(KNOWN))
        raise ApiError(
            f"Invalid currency: {value}. Stripe currently supports these currencies: {known}",
            param=param,
        )
    return code


def url(value: Any, param: str) -> str:
    """An absolute web address; Stripe calls anything else "Not a valid URL"."""
    address: str = text(5000)(value, param)
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", address):
        raise ApiError("Not a valid URL", code="url_invalid", param=param)
    return address


def email(value: Any, param: str) -> str:
    address: str = text(512)(value, param)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise ApiError(f"Invalid email address: {address}", code="email_invalid", param=param)
    return address


def listing(item: Check, *, most: int | None = None) -> Check:
    def check(value: Any, param: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise ApiError(f"Invalid array: {param}", param=param)
        if most is not None and len(value) > most:
            raise ApiError(f"Array exceeded maximum size of {most}: {param}", param=param)
        ordered = sorted(value.items(), key=lambda entry: int(entry[0]))
        return [item(entry, _within(param, key)) for key, entry in ordered]

    return check


def mapping(fields: Fields, required: tuple[str, ...] = ()) -> Check:
    return lambda value, param: checked(value, fields, required, inside=param)


def metadata(value: Any, param: str) -> dict[str, str]:
    """At most 50 keys of at most 40 characters without square brackets, values of at most 500.

    "" means: remove.
    """
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
        raise ApiError("Metadata must be an object of strings; its keys may not contain square brackets.", param=param)
    if len(value) > 50:
        raise ApiError("Metadata can have up to 50 keys.", param=param)
    for key, entry in value.items():
        if len(key) > 40:
            raise ApiError(f"Metadata keys can have up to 40 characters: {key}", param=_within(param, key))
        if len(entry) > 500:
            raise ApiError("Metadata values can have up to 500 characters.", param=_within(param, key))
    return value


def merged(old: dict[str, str], sent: dict[str, str]) -> dict[str, str]:
    """An update of metadata: keys are added or replaced, an empty value removes its key."""
    return {key: value for key, value in {**old, **sent}.items() if value != ""}


def unsettable(check: Check) -> Check:
    """An empty string takes the value away (None)."""
    return lambda value, param: None if value == "" else check(value, param)


def absent(value: Any, param: str) -> Any:
    """A parameter that Stripe has and this sandbox has not."""
    raise not_modelled(f"The parameter '{param}'", param)


def created(value: Any, param: str) -> dict[str, int]:
    """A moment, or bounds on it: {"gte": 1700000000}."""
    if isinstance(value, dict):
        return checked(value, {bound: integer() for bound in ("gt", "gte", "lt", "lte")}, inside=param)
    moment = integer()(value, param)
    return {"gte": moment, "lte": moment}


def _within(outer: str, name: str) -> str:
    return f"{outer}[{name}]" if outer else name
