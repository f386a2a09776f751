"""An appeal written as a table of an appeals file would be, so that what is on the pages of organisers goes through the
same rules as a file. State and visibility are not in it: they have verbs of their own."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from donations.appeals.file import TEXTS
from donations.models import Appeal, AppealEvent, Area, Fund
from donations.money import Money

Values = dict[str, Any]


def of(appeal: Appeal) -> Values:
    """The table of an appeal. What is empty is left out, as in a file."""
    currency = appeal.currency
    found: Values = {
        "slug": appeal.slug,
        "currency": currency,
        "target": Money(appeal.goal_minor, currency).plain() if appeal.goal_minor else None,
        "period": appeal.period,
        "discreet": appeal.discreet,
        "names_on_receipt": appeal.names_on_receipt,
        "fee_bearer": appeal.fee_bearer,
        **{key: dict(getattr(appeal, key)) for key in TEXTS},
        "suggested": [Money(minor, currency).plain() for minor in appeal.suggested_minor],
        "stretch": [Money(minor, currency).plain() for minor in appeal.stretch_minor],
        "funds": [_fund(fund) for fund in appeal.funds],
        "events": [_event(event) for event in appeal.events],
        "areas": [_area(area, currency) for area in appeal.areas],
    }
    return {key: value for key, value in found.items() if value not in (None, {}, [])}


def hash_of(values: Values) -> str:
    """The same for the same values, in whatever order they are."""
    written = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _fund(fund: Fund) -> Values:
    return {"slug": fund.slug, "kind": fund.kind, "name": dict(fund.name), "share": fund.share}


def _event(event: AppealEvent) -> Values:
    return {"on": f"{event.on:%Y-%m}" if event.month_only else event.on.isoformat(), "text": dict(event.text)}


def _area(area: Area, currency: str) -> Values:
    return {"name": area.name, "target": Money(area.target_minor, currency).plain()}
