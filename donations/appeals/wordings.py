"""The wording of an appeal, version by version: what supporters are told about its funds and about a surplus. Every
donation keeps the version under which it was made, and while money lies in the funds a new one needs a second look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from donations.appeals.file import ReadAppeal
from donations.appeals.file_error import N_, Fault
from donations.extensions import db
from donations.models import Appeal, AppealWording, Donation, Fund, Organisation, Posting

# Where a fund's money lies, or is owed: the accounts of the balance sheet.
_FIRST_ACCOUNT, _LAST_ACCOUNT = 1000, 2999
_NOT_OVER = ("pending", "processing", "disputed")
Texts = Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Earlier:
    """A wording that earlier donations keep. `until` is the day from which new donations have another. `funds` are the
    former names of renamed funds. `is_lost`: the text was not stored."""

    until: date
    surplus: Texts
    funds: tuple[Texts, ...]
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The history of wordings on an appeal's page. `since` is empty where there was no other."""

    since: date | None = None
    earlier: tuple[Earlier, ...] = ()


def latest(appeal: Appeal) -> AppealWording | None:
    """The version under which donations are made now."""
    return next(iter(history(appeal)), None)


def history(appeal: Appeal) -> Sequence[AppealWording]:
    """Every version, the newest first."""
    mine = select(AppealWording).where(AppealWording.appeal_id == appeal.id)
    return db.session.scalars(mine.order_by(AppealWording.number.desc())).all()


def version_at(appeal_id: int, moment: datetime) -> int | None:
    """The id of the version that was in force at a moment; of the first one for a moment before it."""
    mine = select(AppealWording.id).where(AppealWording.appeal_id == appeal_id)
    then = mine.where(AppealWording.valid_from <= moment).order_by(AppealWording.number.desc()).limit(1)
    return db.session.scalar(then) or db.session.scalar(mine.order_by(AppealWording.number).limit(1))


def version_on(appeal_id: int, day: date) -> int | None:
    """The id of the version in force at the end of a day, for offline donations received on that day."""
    zone = ZoneInfo(Organisation.get().timezone)
    return version_at(appeal_id, datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC))


def record(
    appeal: Appeal, *, by: str, at: datetime, source: str, approved_by: str | None = None, reason: str = ""
) -> AppealWording | None:
    """Keep what the appeal says now as a new version, unless it is what the newest one says. Call it after the appeal
    was changed, in the same unit, when the change was allowed."""
    db.session.execute(select(Appeal.id).where(Appeal.id == appeal.id).with_for_update(key_share=True))
    before, funds = latest(appeal), _funds_of(appeal)
    digest = _hash(appeal.surplus, funds)
    if before is not None and before.sha256 == digest:
        return None
    promised = before is not None and _differs(before, appeal)
    row = AppealWording(
        appeal_id=appeal.id, number=before.number + 1 if before else 1, surplus=dict(appeal.surplus), funds=funds,
        sha256=digest, valid_from=at, keeps_earlier=promised and money_lies_in(appeal), written_by=by,
        approved_by=approved_by, reason=reason, source=source,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def changes(read: ReadAppeal, appeal: Appeal) -> list[Fault]:
    """Changes of the published promise to supporters: the text about a surplus, the name of an existing fund. Each as a
    fault, with its key path. A new fund changes no promise."""
    found = []
    if read.columns["surplus"] != appeal.surplus:
        found.append(Fault(f"{read.path}.surplus", MONEY_LIES_THERE, appeal=appeal.slug))
    funds = {fund.slug: fund for fund in appeal.funds}
    for wanted in read.funds:
        known = funds.get(wanted.columns["slug"])
        if known is not None and wanted.columns["name"] != known.name:
            found.append(Fault(f"{wanted.path}.name", MONEY_LIES_THERE, appeal=appeal.slug))
    return found


def money_lies_in(appeal: Appeal) -> bool:
    """Whether a fund of the appeal has money anywhere (at Stripe, on its way, in hand, in the bank, withheld), or a
    donation to it may still come."""
    funds = [fund.id for fund in appeal.funds]
    lying = (
        select(Posting.fund_id)
        .where(Posting.fund_id.in_(funds), Posting.account.between(_FIRST_ACCOUNT, _LAST_ACCOUNT))
        .group_by(Posting.fund_id, Posting.currency, Posting.account)
        .having(func.sum(Posting.amount_minor) != 0)
        .limit(1)
    )
    coming = select(Donation.id).where(Donation.appeal_id == appeal.id, Donation.state.in_(_NOT_OVER)).limit(1)
    return db.session.scalar(lying) is not None or db.session.scalar(coming) is not None


def shown(appeal: Appeal) -> Shown:
    """Since when the wording of the page holds, and which ones earlier donations keep."""
    rows = history(appeal)
    last = next((row for row in rows if row.keeps_earlier), None)
    if last is None:
        return Shown()
    return _shown([row for row in rows if row.number < last.number], appeal, last.valid_from)


def shown_once_published(draft: Appeal, published: Appeal | None, at: datetime) -> Shown:
    """The same of an appeal that is only looked at, as if it were published at that moment."""
    rows = history(published) if published is not None else ()
    if published is None or not rows or not _differs(rows[0], draft) or not money_lies_in(published):
        return Shown() if published is None else shown(published)
    return _shown(rows, draft, at)


def _shown(earlier: Sequence[AppealWording], appeal: Appeal, since: datetime) -> Shown:
    house = Organisation.get()
    return Shown(house.day_of(since), tuple(_earlier(earlier, appeal, house.day_of(since), house)))


def _earlier(rows: Sequence[AppealWording], appeal: Appeal, until: date, house: Organisation) -> Iterator[Earlier]:
    """The newest first; versions that promise the same are one."""
    names_now = {fund.slug: fund.name for fund in appeal.funds}
    said: tuple[Any, ...] | None = None
    for row in rows:
        renamed = tuple(one["name"] for one in row.funds if names_now.get(one["slug"]) != one["name"])
        if (row.surplus, renamed, row.source) != said:
            yield Earlier(until, row.surplus, renamed, row.source == "lost")
        said, until = (row.surplus, renamed, row.source), house.day_of(row.valid_from)


def _differs(before: AppealWording, appeal: Appeal) -> bool:
    """Whether the appeal promises something else than that version: the surplus, or the name of a fund it had."""
    names = {fund.slug: fund.name for fund in appeal.funds}
    return before.surplus != appeal.surplus or any(names.get(one["slug"]) != one["name"] for one in before.funds)


def _funds_of(appeal: Appeal) -> list[dict[str, Any]]:
    mine = select(Fund).where(Fund.appeal_id == appeal.id).order_by(Fund.position, Fund.id)
    return [{"slug": fund.slug, "kind": fund.kind, "name": dict(fund.name)} for fund in db.session.scalars(mine)]


def _hash(surplus: Texts, funds: Sequence[Mapping[str, Any]]) -> str:
    content = {"surplus": dict(surplus), "funds": sorted(funds, key=lambda one: str(one["slug"]))}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


MONEY_LIES_THERE = N_(
    "donations were made under the present wording, and their money is still in the funds of %(appeal)s. Put the"
    " wording back, or change it with --change-wording and a reason."
)
