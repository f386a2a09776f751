"""What an appeals file may not do to what is in the database already: no fund is taken away, moved or made general, and
where money has come in, the currency and period it was counted by stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import exists, select

from donations.appeals.file import ReadAppeal, ReadFile, ReadFund
from donations.appeals.file_error import N_, Fault
from donations.extensions import db
from donations.models import Appeal, Fund, Posting


def find(read: ReadFile) -> list[str]:
    """Every clash, with its key path. Faulty values of the file (None) clash with nothing."""
    existing = {appeal.slug: appeal for appeal in db.session.scalars(select(Appeal))}
    funds = {fund.slug: fund for fund in db.session.scalars(select(Fund))}
    clashes: list[str] = []
    for wanted in read.appeals:
        appeal = existing.get(wanted.columns["slug"])
        for fund in wanted.funds:
            clashes += _fund_clashes(fund, appeal, funds)
        if appeal is not None:
            clashes += _missing_funds(wanted, appeal)
            clashes += _recounting(wanted, appeal)
    return clashes


def _fund_clashes(wanted: ReadFund, appeal: Appeal | None, funds: dict[str, Fund]) -> Iterator[str]:
    slug, kind = wanted.columns["slug"], wanted.columns["kind"]
    row = funds.get(slug)
    if row is not None and row.kind != "suspense" and row.appeal is not None and row.appeal is not appeal:
        yield Fault(
            f"{wanted.path}.slug",
            N_(
                "the fund %(fund)s belongs to the appeal %(appeal)s, and its money was given for that. Choose "
                "another short name."
            ),
            fund=repr(slug),
            appeal=repr(row.appeal.slug),
        )
        return
    if row is not None and kind is not None and row.kind != kind and "general" in (row.kind, kind):
        said = N_(
            "the ledger records the fund %(fund)s as kind %(kind)s. Keep that kind, or choose another short name."
        )
        yield Fault(f"{wanted.path}.kind", said, fund=repr(slug), kind=repr(row.kind))
        return
    if row is not None and kind is not None and row.kind != kind and _has_money([row]):
        said = N_("the fund %(fund)s has received donations as kind %(kind)s. Keep that kind.")
        yield Fault(f"{wanted.path}.kind", said, fund=repr(slug), kind=repr(row.kind))
        return
    general = next((fund for fund in funds.values() if fund.kind == "general"), None)
    if kind == "general" and general is not None and general.appeal is not None and general is not row:
        yield Fault(
            f"{wanted.path}.kind",
            N_(
                "the general fund is already %(fund)s, of the appeal %(appeal)s. There can be only one, so "
                "choose another kind."
            ),
            fund=repr(general.slug),
            appeal=repr(general.appeal.slug),
        )


def _missing_funds(wanted: ReadAppeal, appeal: Appeal) -> Iterator[str]:
    kept = {fund.columns["slug"] for fund in wanted.funds}
    for fund in appeal.funds:
        if fund.slug not in kept:
            yield Fault(
                f"{wanted.path}.funds",
                N_("the fund %(fund)s is missing. The ledger names it, so no fund can be deleted. Put the fund back."),
                fund=repr(fund.slug),
            )


def _recounting(wanted: ReadAppeal, appeal: Appeal) -> Iterator[str]:
    changed = [
        key
        for key in ("currency", "period")
        if wanted.columns[key] != getattr(appeal, key) and not (key == "currency" and wanted.columns[key] is None)
    ]
    if changed and _has_money(appeal.funds):
        said = N_("money has already been received and counted with %(key)s = %(value)s. Put the earlier value back.")
        for key in changed:
            yield Fault(f"{wanted.path}.{key}", said, key=key, value=repr(getattr(appeal, key)))


def _has_money(funds: Sequence[Fund]) -> bool:
    return bool(db.session.scalar(select(exists().where(Posting.fund_id.in_([fund.id for fund in funds])))))
