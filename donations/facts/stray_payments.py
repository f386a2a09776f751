"""Stray charges carry a donation's reference without being its payment. One for another Stripe account, in another
currency, or beside a charge that has paid already, is held for a person; the donation and its receipt stay as they
are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.engine import Connection

from donations import models
from donations.facts.types import Stray
from donations.prepared import Prepared, upsert


def find(donation: Any, charges: Iterable[Any]) -> dict[int, Stray]:
    """The stray ones among the charges of a donation that ever succeeded, by payment id. `donation` has reference,
    currency and joint_until, each charge id, charge_id, reference, for_account, currency, succeeded_at, failed_at and
    first_seen_at. What another account takes is not ours until a person says so, by making it a donation of its own.

    The first charge in the donation's currency that has not failed pays for it, by the day it succeeded and not by the
    order in which we heard. Charges seen until `joint_until` were all counted before this rule and stay so."""
    strays: dict[int, Stray] = {}
    is_paid = False
    for charge in sorted(charges, key=lambda one: (one.succeeded_at, one.charge_id)):
        if charge.for_account is not None and charge.reference == donation.reference:
            strays[charge.id] = Stray.OTHER_ACCOUNT
        elif charge.currency != donation.currency:
            strays[charge.id] = Stray.OTHER_CURRENCY
        elif charge.failed_at is not None or _is_joint(charge, donation.joint_until):
            is_paid = is_paid or charge.failed_at is None
        elif is_paid:
            strays[charge.id] = Stray.PAID_ALREADY
        else:
            is_paid = True
    return strays


def _is_joint(charge: Any, joint_until: datetime | None) -> bool:
    return joint_until is not None and bool(charge.first_seen_at <= joint_until)


def keep(conn: Connection, donation_id: int, strays: dict[int, Stray], *, at: datetime) -> list[int]:
    """Write which charges of a donation are stray, for the pages and checks that ask. Gives those that are new. The
    caller holds the donation's lock."""
    known = {row.payment_id for row in _KNOWN.all(conn, {"of_donation": donation_id})}
    for payment_id in known - strays.keys():
        _FORGET.run(conn, {"of_payment": payment_id})
    for payment_id, reason in strays.items():
        row = {"payment_id": payment_id, "donation_id": donation_id, "reason": str(reason), "since": at}
        _KEEP.run(conn, row)
    return sorted(strays.keys() - known)


def forget(conn: Connection, payment_id: int) -> None:
    """The charge became a donation of its own."""
    _FORGET.run(conn, {"of_payment": payment_id})


_stray: Table = models.StrayPayment.__table__  # type: ignore[assignment]


def _keep(dialect: str) -> Any:
    statement = upsert(dialect, _stray).values({column.name: bindparam(column.name) for column in _stray.columns})
    return statement.on_conflict_do_update(
        index_elements=["payment_id"],
        set_={"reason": statement.excluded.reason, "donation_id": statement.excluded.donation_id},
    )


_KEEP = Prepared(_keep)
_KNOWN = Prepared(select(_stray.c.payment_id).where(_stray.c.donation_id == bindparam("of_donation")))
_FORGET = Prepared(delete(_stray).where(_stray.c.payment_id == bindparam("of_payment")))
