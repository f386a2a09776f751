"""Two currencies are never added: a walk through every SUM in SQL, every sum() in Python and every class that carries
minor units. Each names its currency, or is in the list of those with one currency only, with the reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house import Module, modules

OURS = [module for module in modules() if module.part not in ("sandbox", "")]
# name of the statement or function -> why what it adds has one currency
ONE_CURRENCY = {
    "offline_key.rules._is_matched": "the parts of one bank line",
    # A statement line is matched only to an item in its own currency (matches._FITS), so an item's matches have one.
    "reconciliation.statement_line_entries._TAKEN": "the lines matched to one slip",
    "reconciliation.matching.queries._credited": "the lines matched to one slip",
    "reconciliation.review_queue._not_credited": "one slip",
    "reconciliation.review_queue._owed": "_open_on groups by currency",
    "reconciliation.review_queue._in_transit": "_open_on groups by currency",
    "reconciliation.to_do.clearing_balances._by_fund": "grouped by _of_fund, currency among it",
    "reconciliation.to_do.clearing_balances._sum": "part of _open, which groups by currency",
    "reconciliation.balance_snapshots._RESTS": "grouped by _of_rest, currency among it",
    "reconciliation.matches._MATCHED": "the lines matched to one thing",
    "reconciliation.matches.confirm": "the parts of one bank line",
    "giving.offline_donations._MATCHED": "the lines matched to one donation",
    # A paying-in slip takes donations of its own currency only (paying_in_slips.pay_in).
    "reconciliation.statement_line_entries._ON_SLIP": "the donations on one slip",
    "reconciliation.paying_in_slips._HELD": "the donations on one slip",
    "reconciliation.paying_in_slips._SHORT": "one slip",
    "reconciliation.offline_donation_lists._SLIPS": "one slip",
    # Stripe refunds a charge in the charge's currency.
    "reconciliation.disputes.GIVEN_BACK": "the refunds of one charge",
    "giving.refunds._WAITING": "the refunds asked for of one charge",
    # The rules of posting work with one payment in the currency it settled in.
    "bookkeeping.refunds._owed": "one payment, settled",
    "bookkeeping.disputes._came_back_in_part": "one dispute, in the currency of its payment by its own rates",
    # A statement in another currency than its account's is refused, each line of it too.
    "reconciliation.statement_lines.collective._wholes": "the lines of one bank account",
    "restoration.recovery._exact": "the parts of one donation, as Stripe was told them",
    # One currency at a time by construction.
    "reconciliation.balances._SINCE": "grouped by _OF_FUND, currency among it",
    "reconciliation.matching.scores._made": "adds points, not money",
    "cli.tour.journey.agree": "the pounds of the tour",
    "reconciliation.payouts._part": "part of _SUMS, which asks for the payout's currency",
    "reconciliation.payouts._SUMS": "_of_members asks for the payout's currency",
    "reconciliation.statement_line_entries._by_payout": "one match of one bank line",
    "reconciliation.balance_snapshots._SUM": "part of a statement that groups by currency",
    "reconciliation.exports.entries.(_COUNT, _CLOSING)": "grouped by the columns of the export, currency among them",
    "reconciliation.readers.mt940.done": "the lines of one statement",
    "giving.branch_returns.minor": "one branch return, in the appeal's currency",
    "totals.areas._BY_AREA": "_of_the_public asks for the appeal's currency",
}
MINOR = re.compile(r"\b\w*minor\b|\bamount_minor\b")


def places(module: Module) -> Iterator[tuple[str, str]]:
    """(name, source) of each top-level assignment, function and method of a module."""
    short = module.name.removeprefix("donations.")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            yield f"{short}.{node.name}", ast.get_source_segment(module.source, node) or ""
    for node in module.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield f"{short}.{ast.unparse(target)}", ast.get_source_segment(module.source, node) or ""


def adds_unnamed(source: str) -> bool:
    """Whether a piece of code adds minor units without their currency."""
    adds = re.search(r"\bsum\((?![^()]*\b1 for\b)", source, re.IGNORECASE)
    return bool(adds and MINOR.search(source) and "currency" not in source)


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.name)
def test_whatever_adds_minor_units_names_their_currency(module: Module) -> None:
    assert [name for name, source in places(module) if adds_unnamed(source) and name not in ONE_CURRENCY] == []


def test_every_excuse_is_still_needed() -> None:
    unnamed = {name for module in OURS for name, source in places(module) if adds_unnamed(source)}
    assert sorted(ONE_CURRENCY.keys() - unnamed) == []


@pytest.mark.parametrize(
    "source",
    [
        '_A = text("SELECT sum(amount_minor) FROM posting")',
        "def f(rows):\n    return sum(row.amount_minor for row in rows)",
        "_B = select(func.sum(_posting.c.amount_minor)).group_by(_posting.c.fund_id)",
    ],
)
def test_a_sum_without_a_currency_would_be_found(source: str) -> None:
    assert [name for name, found in places(Module("donations.ledger.planted", source)) if adds_unnamed(found)]


# Classes that carry minor units in the currency of a thing they name, or of the whole answer they are part of.
OF_ONE_CURRENCY = {
    "AtBank": "part of Places, which names the currency",
    "Standing": "appeals.goals: the goals of an appeal, in its currency",
    "Area": "a target in the currency of its appeal",
    "Statement": "of a bank account, which has one currency",
    "Match": "of a bank line, in its currency",
    "PayoutShare": "of a payout, in its currency",
    "Said": "of a bank line, in its currency",
    "Entry": "reconciliation.readers: of a statement's line, in its currency",
    "Candidate": "looked for in the currency of the line or payout",
    "Figures": "of an appeal, in its currency; `also` names the others",
}


def nameless(module: Module) -> Iterator[str]:
    """The dataclasses and rows that hold minor units as whole numbers and say nothing of a currency."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ClassDef) or node.name in OF_ONE_CURRENCY:
            continue
        fields = {
            ast.unparse(one.target): ast.unparse(one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)
        }
        amounts = [name for name, kind in fields.items() if name.endswith("minor") and "int" in kind]
        told = any("currency" in name for name in fields) or "Money" in fields.values()
        if amounts and not told and "currency" not in (ast.get_docstring(node) or ""):
            yield node.name


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.name)
def test_whatever_holds_minor_units_holds_or_names_their_currency(module: Module) -> None:
    assert list(nameless(module)) == []


def test_a_class_of_bare_minor_units_would_be_found() -> None:
    planted = "@dataclass\nclass Sum:\n    amount_minor: int\n    fund_id: int\n"
    assert list(nameless(Module("donations.ledger.planted", planted))) == ["Sum"]
