"""What Stripe is told of a donation beside its reference: by opaque ids which installation it is of and what it is for,
so that it can be made again after a restore. Nothing of the person, and no name of a fund."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from donations.extensions import db
from donations.models import Area, Donation, Fund, Installation

# Stripe's limits for metadata: so many keys, and characters in a value.
MAX_KEYS, MAX_CHARACTERS = 50, 500
_FUND = re.compile(r"([0-9a-z]{12}):([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Told:
    """As it was read back. `parts` in minor units by the opaque id of the fund; empty without funds in the metadata, as
    for donations from before funds were sent."""

    installation: str | None
    parts: tuple[tuple[str, int], ...]
    wording_id: int | None
    area: str | None


def metadata_of(donation: Donation) -> dict[str, str]:
    """What goes with the Checkout session and the payment of a donation."""
    told = {"donation": donation.reference, "installation": Installation.get().opaque_id}
    if donation.wording_id is not None:
        told["wording"] = str(donation.wording_id)
    area = db.session.get(Area, donation.area_id) if donation.area_id is not None else None
    if area is not None and area.opaque_id is not None:
        told["area"] = area.opaque_id
    return told | _funds(donation, MAX_KEYS - len(told))


def read(metadata: Mapping[str, str]) -> Told:
    """The content of a charge's metadata. What does not fit our form counts as absent."""
    names = ["funds", *(f"funds_{number}" for number in range(1, MAX_KEYS))]
    parts = [_FUND.fullmatch(one) for name in names for one in str(metadata.get(name, "")).split()]
    wording = str(metadata.get("wording", ""))
    return Told(
        installation=metadata.get("installation"),
        parts=tuple((one[1], int(one[2])) for one in parts if one) if all(parts) else (),
        wording_id=int(wording) if wording.isdecimal() and len(wording) < 19 else None,
        area=metadata.get("area"),
    )


def _funds(donation: Donation, most_keys: int) -> dict[str, str]:
    """The split over funds, over as many values as it needs. If a fund has no opaque id, or there are more funds than
    Stripe takes, it is left out: half a split would be wrong."""
    values, words = [""], []
    for allocation in donation.allocations:
        opaque_id = db.session.get_one(Fund, allocation.fund_id).opaque_id
        if opaque_id is None:
            return {}
        words.append(f"{opaque_id}:{allocation.amount_minor}")
    for word in words:
        if len(values[-1]) + 1 + len(word) > MAX_CHARACTERS:
            values.append("")
        values[-1] = f"{values[-1]} {word}".strip()
    if len(values) > most_keys:
        return {}
    names = ["funds"] if len(values) == 1 else [f"funds_{number}" for number in range(1, len(values) + 1)]
    return dict(zip(names, values, strict=True))
