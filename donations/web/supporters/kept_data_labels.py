"""Labels of states, sources and kinds of emails on the pages that show the data kept of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from donations.paper.stripe_labels import EVENT_FAMILIES

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
# What Stripe, a form or a bank calls a detail, by the last part of its name.
_DETAILS: Mapping[str, Any] = {
    "name": _lp("person", "Name"), "email": _l("Email"), "customer_email": _l("Email"), "receipt_email": _l("Email"),
    "customer_email_address": _l("Email"), "customer_name": _lp("person", "Name"), "phone": _l("Phone"),
    "line1": _l("Address, line 1"), "line2": _l("Address, line 2"), "city": _l("City"),
    "postal_code": _l("Postcode"), "state": _l("State or province"), "country": _l("Country"),
    "last4": _l("Last 4 digits"), "brand": _l("Kind of card"), "message": _l("Message"),
    "account": _l("Bank account"), "text": _l("Bank’s text"),
}  # fmt: skip
words: Mapping[str, Mapping[str, Any]] = {
    "states": _STATES, "sources": _SOURCES, "displays": _DISPLAYS, "messages": _MESSAGES,
    "subscriptions": _SUBSCRIPTIONS, "details": _DETAILS, "families": EVENT_FAMILIES,
}  # fmt: skip
