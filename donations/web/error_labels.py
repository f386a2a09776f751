"""What the codes inside errors are called, by the name of the fact: the states of appeals and of people in the team,
and why Stripe refused a refund. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from donations.paper.stripe_labels import REFUND_FAILURES

_STATES = {
    "draft": _lp("appeal is", "a draft"),
    "open": _lp("appeal is", "open"),
    "paused": _lp("appeal is", "paused"),
    "closed": _lp("appeal is", "closed"),
    "invited": _l("invited, not signed in yet"),
    "active": _l("active"),
    "disabled": _l("deactivated"),
}
FACTS: Mapping[str, Mapping[str, Any]] = {"state": _STATES, "wanted": _STATES, "code": REFUND_FAILURES}
