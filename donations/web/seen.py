"""What a person looked at before they decide: the page sends its hash with the buttons, and where it has changed since,
nothing is done. A view that publishes, deletes, approves or signs is marked with what its page shows;
`audited_action.act` then compares the two in the transaction of the action, so that no such view can forget to."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Flask, current_app, request
from markupsafe import Markup
from sqlalchemy import inspect

from donations.errors import ChangedMeanwhile
from donations.extensions import db
from donations.models.base import Model

FIELD = "seen"
# Each thing that is decided on, as the rows and values that its page shows.
Shown = Iterable[Sequence[object]]


def decides_on(shown: Callable[..., Shown]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a view that decides on what `shown` gives for its arguments."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.decides_on = shown  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    app.jinja_env.globals["seen"] = _fields


def check() -> None:
    """Raises ChangedMeanwhile if the request decides on something that is no longer what its form was shown with. Call
    it inside the write unit of the act."""
    shown = _shown_of(request.endpoint)
    if shown is None:
        return
    sent = [one.encode() for one in request.form.getlist(FIELD)]
    for things in shown(**(request.view_args or {})):
        _lock(things)
        if not any(hmac.compare_digest(one, hash_of(things).encode()) for one in sent):
            raise ChangedMeanwhile()


def hash_of(things: Sequence[object]) -> str:
    """The same for the same columns and values."""
    written = json.dumps([_plain(one) for one in things], sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def _fields(endpoint: str, **arguments: Any) -> Markup:
    """The hidden fields of a form that posts to `endpoint`: the hash of each thing that it decides on."""
    shown = _shown_of(endpoint)
    assert shown is not None, endpoint
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup("").join(field.format(FIELD, hash_of(things)) for things in shown(**arguments))


def _shown_of(endpoint: str | None) -> Callable[..., Shown] | None:
    return getattr(current_app.view_functions.get(endpoint or ""), "decides_on", None)


def _lock(things: Sequence[object]) -> None:
    """No transaction changes a row between the comparison and the action."""
    for one in things:
        if isinstance(one, Model) and inspect(one).persistent:
            db.session.refresh(one, with_for_update=True)


def _plain(thing: object) -> object:
    if isinstance(thing, Model):
        columns = inspect(type(thing)).column_attrs
        return [type(thing).__name__, {column.key: getattr(thing, column.key) for column in columns}]
    return thing
