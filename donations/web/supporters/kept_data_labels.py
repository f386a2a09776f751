"""Labels of states, sources and kinds of emails on the pages that show the data kept of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

_STATES: Mapping[str, Any] = {
    "pending": _l("not settled yet"), "processing": _l("in transit"), "paid": _l("received"),
    "part_refunded": _l("partly refunded"), "refunded": _l("refunded"), "disputed": _l("disputed by your bank"),
    "lost": _l("reversed by your bank"), "failed": _l("not paid"), "abandoned": _l("not paid"),
}  # fmt: skip
_SOURCES: Mapping[str, Any] = {
    "card": _l("by card"), "bank": _l("by bank transfer"), "cash": _l("in cash"), "cheque": _l("by cheque"),
    "standing_order": _l("by standing order"), "other": _l("in another way"),
}  # fmt: skip
_DISPLAYS: Mapping[str, Any] = {
    "secret": _l("your name is not shown"), "initials": _l("your initials are shown"), "name": _l("your name is shown"),
}  # fmt: skip
_MESSAGES: Mapping[str, Any] = {
    "waiting": _l("not published"), "approved": _l("published"), "hidden": _l("not published"),
}  # fmt: skip
_SUBSCRIPTIONS: Mapping[str, Any] = {"asked": _l("not confirmed"), "confirmed": _l("confirmed")}
words: Mapping[str, Mapping[str, Any]] = {
    "states": _STATES, "sources": _SOURCES, "displays": _DISPLAYS, "messages": _MESSAGES,
    "subscriptions": _SUBSCRIPTIONS,
}  # fmt: skip
