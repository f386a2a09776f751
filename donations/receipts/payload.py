"""What a receipt says, frozen when it is issued: the JSON that is kept, hashed and later printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from donations.money import Money


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a receipt acknowledges: received less what was refunded or lost, in the donation's own currency. `cause` is
    why that is another amount than the receipt before says, one of models.receipt.CAUSES. The money came or was begun
    at `began_at`, and what changed it last happened at `caused_at`, by the clocks of Stripe or the bank."""

    amount: Money
    received_on: str
    issued_on: str
    method: str
    cause: str
    began_at: datetime | None = None
    caused_at: datetime | None = None


def payload_of(donation: Any, said: Acknowledged, label: str, person_hash: str | None, replaces: Any) -> str:
    """The frozen JSON, with sorted keys, so that the same facts give the same bytes."""
    terms = donation.terms
    frozen = {
        "label": label,
        "issued_on": said.issued_on,
        "received_on": said.received_on,
        "amount_minor": said.amount.minor,
        "currency": said.amount.currency,
        "organisation": terms["organisation"],
        "legal_name": terms.get("legal_name"),
        **purpose_of(terms),
        "language": donation.language,
        "method": said.method,
        "person_hash": person_hash,
        **({} if replaces is None else {"replaces": replaces.label}),
    }
    return json.dumps(frozen, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def purpose_of(terms: Any) -> dict[str, Any]:
    """What a receipt says the donation is for, as its terms allow."""
    return {
        "appeal_title": terms["appeal_title"],
        "fund_names": terms.get("fund_names", []),
        "restriction": terms.get("restriction", ""),
    }
