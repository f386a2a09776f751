"""The appeals as the home page lists them, a page at a time: those that run first, then those that have ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from donations.extensions import db
from donations.models import Appeal

PAGE_LENGTH, MAX_PAGES = 24, 10_000
_SHOWN = (Appeal.state != "draft", Appeal.visibility.in_(("shown", "amounts_hidden")))


@dataclass(frozen=True, slots=True)
class ListedPage:
    """One page of the list, from 1, with the numbers of the pages beside it, if any."""

    appeals: list[Appeal]
    number: int
    before: int | None
    after: int | None


def shown_slugs() -> list[str]:
    """Of all appeals whose page anybody may know of and which says more than that it is looked after."""
    return list(db.session.scalars(select(Appeal.slug).where(*_SHOWN).order_by(Appeal.position, Appeal.id)))


def shown_mark() -> str:
    """24 hexadecimal characters that change when an appeal becomes one of these or stops being one, is opened, paused
    or closed, or shows its amounts or not."""
    wanted = select(Appeal.slug, Appeal.state, Appeal.visibility).where(*_SHOWN).order_by(Appeal.slug)
    told = [":".join(row) for row in db.session.execute(wanted)]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:24]


def listed(number: int) -> ListedPage:
    """A number that cannot be a page's is taken for the nearest that can. Their funds are read with them."""
    number = min(max(number, 1), MAX_PAGES)
    wanted = (
        select(Appeal)
        .where(*_SHOWN)
        .order_by(Appeal.state == "closed", Appeal.position, Appeal.id)
        .options(selectinload(Appeal.funds))
    )
    found = list(db.session.scalars(wanted.offset((number - 1) * PAGE_LENGTH).limit(PAGE_LENGTH + 1)))
    return ListedPage(
        appeals=found[:PAGE_LENGTH],
        number=number,
        before=number - 1 if number > 1 else None,
        after=number + 1 if len(found) > PAGE_LENGTH and number < MAX_PAGES else None,
    )
