"""Open, pause, close, hide and show one appeal. What the public sees of it changes at once, so each change raises the
version of its total. No commit here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from donations import totals
from donations.extensions import db
from donations.models import Appeal, Organisation


def shown() -> list[Appeal]:
    """The appeals the public may know of, in the order of the home page."""
    wanted = select(Appeal).where(Appeal.state != "draft", Appeal.visibility != "dark")
    return list(db.session.scalars(wanted.order_by(Appeal.position, Appeal.id)))


def needing_donations(but: Appeal, at_most: int) -> list[Appeal]:
    """A few of the appeals that take donations now, the first of the home page, for visitors of one that does not."""
    wanted = select(Appeal).where(Appeal.state == "open", Appeal.visibility == "shown", Appeal.id != but.id)
    return list(db.session.scalars(wanted.order_by(Appeal.position, Appeal.id).limit(at_most)))


def pause(appeal: Appeal, at: datetime) -> bool:
    """Take no donations for now. Whether anything changed. Raises NotAllowedInState."""
    return _change(appeal, appeal.pause, at)


def open_again(appeal: Appeal, at: datetime) -> bool:
    """Take donations (again), from any state. Whether anything changed."""
    return _change(appeal, appeal.open, at)


def close(appeal: Appeal, at: datetime) -> bool:
    """End the appeal, on the day of `at` in the organisation's zone. Whether anything changed.

    Raises NotAllowedInState for a draft."""
    today = Organisation.get().day_of(at)
    return _change(appeal, lambda: appeal.close(on=today), at)


def hide(appeal: Appeal, how: str, at: datetime) -> bool:
    """The kill switch: the appeal shows no more than `how` allows (amounts_hidden, holding_page, dark) and takes no
    donations, until `show`. Whether anything changed."""
    return _change(appeal, lambda: appeal.hide(how), at)


def show(appeal: Appeal, at: datetime) -> bool:
    """Undo `hide`: state and visibility as they were before it. Whether anything changed."""
    return _change(appeal, appeal.show, at)


def _change(appeal: Appeal, verb: Callable[[], None], at: datetime) -> bool:
    before = (appeal.state, appeal.visibility)
    verb()
    changed = (appeal.state, appeal.visibility) != before
    if changed:
        totals.touch(appeal, at=at)
    return changed
