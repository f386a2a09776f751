"""Funds as the treasury's pages name and choose them."""

from __future__ import annotations

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from donations.extensions import db
from donations.models import Appeal, AppealWording, Fund, Organisation
from donations.web.filters import day, in_language


def named() -> dict[int, Fund]:
    """Every fund by its number, with its appeal, in the order of appeals; what has no purpose yet comes last."""
    asked = select(Fund).options(joinedload(Fund.appeal))
    found = db.session.scalars(asked).all()
    order = {"suspense": 2, "general": 1}
    return {
        fund.id: fund
        for fund in sorted(
            found, key=lambda one: (order.get(one.kind, 0), one.appeal.position if one.appeal else 0, one.position)
        )
    }


def find(slug: str) -> Fund:
    """The fund of that name, or the end of the request."""
    fund = db.session.scalar(select(Fund).where(Fund.slug == slug))
    return fund if fund is not None else abort(404)


def choices() -> list[tuple[str, str]]:
    """(slug, label) of the funds that a person may choose."""
    return [
        (fund.slug, f"{in_language(fund.name)} · {in_language(fund.appeal.title)}" if fund.appeal
         else in_language(fund.name))
        for fund in named().values()
        if fund.kind != "suspense"
    ]  # fmt: skip


def wording(row: AppealWording) -> str:
    """A version of an appeal's wording, as it is named in a list."""
    appeal = db.session.get_one(Appeal, row.appeal_id)
    told = {"number": row.number, "day": day(Organisation.get().day_of(row.valid_from))}
    return _("%(appeal)s: wording %(number)s, since %(day)s", appeal=in_language(appeal.title), **told)
