"""Nothing waits for ever: every clearing account, every state of every table and every kind of the to-do list is
classified in one place, is listed in docs/waiting.md, has a page and a way out."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, select

from donations.bookkeeping import CLEARING
from donations.extensions import db
from donations.models import Account
from donations.reconciliation.to_do import KINDS, AtClose
from donations.reconciliation.to_do.clearing_balances import RESTS
from donations.reconciliation.to_do.kinds import ACCOUNTS, BY_ITSELF, ELSEWHERE, SETTLED, STATES
from donations.reconciliation.to_do.waiting_by_state import ROWS
from donations.web.treasury import labels, to_do_labels
from donations.web.treasury.to_do import PLACES
from tests.house import ROOT

HEADINGS = "| what waits | kind | where it is kept | way out | at the close |\n|---|---|---|---|---|\n"
# States from Stripe, which no CHECK of ours lists: their names in Stripe's documentation.
OF_STRIPE = {"dispute": labels.DISPUTE_STATES, "payout": labels.PAYOUT_STATES, "refund": labels.REFUND_STATES}


def table_of_docs() -> dict[str, dict[str, str]]:
    """docs/waiting.md by kind."""
    body = (ROOT / "docs" / "waiting.md").read_text(encoding="utf-8").partition(HEADINGS)[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]
    names = ("what", "kind", "kept", "way out", "close")
    return {row[1].strip("`"): dict(zip(names, row, strict=True)) for row in rows}


def states_of_models() -> dict[str, set[str]]:
    """Every state that a table may be in, by table: as our own CHECK lists them, or as Stripe does."""
    # "unknown" is never stored: it is how a value of Stripe's that we do not know yet is shown.
    found: dict[str, set[str]] = {table: set(known) - {"unknown"} for table, known in OF_STRIPE.items()}
    for table in db.metadata.tables.values():
        for check in table.constraints:
            if isinstance(check, CheckConstraint) and str(check.name).endswith("_state_known"):
                found.setdefault(table.name, set()).update(re.findall(r"'([^']+)'", str(check.sqltext)))
    return found


def unclassified(states: dict[str, set[str]]) -> list[str]:
    return [
        f"{table}: {state}" for table, known in states.items() for state in sorted(known - set(STATES.get(table, {})))
    ]


def test_every_state_of_every_table_is_classified() -> None:
    states = states_of_models()
    assert unclassified(states) == []
    # and nothing is classified that is not there
    assert {table: set(known) for table, known in STATES.items()} == states


def test_a_table_with_a_state_has_a_check_or_is_stripes() -> None:
    with_state = {name for name, table in db.metadata.tables.items() if {"state", "status"} & set(table.columns.keys())}
    assert with_state == set(states_of_models())


def test_a_new_state_would_be_found() -> None:
    assert unclassified({"mail": {"due", "lost"}, "letter": {"new"}}) == ["mail: lost", "letter: new"]


def test_what_waits_is_a_kind_of_the_list() -> None:
    meant = {kind for states in STATES.values() for kind in states.values()} - {SETTLED, BY_ITSELF, ELSEWHERE}
    meant |= {kind for kinds in ACCOUNTS.values() for kind in kinds}
    assert meant <= set(KINDS)


def test_every_clearing_account_is_on_the_list(app: Flask) -> None:
    clearing = set(db.session.scalars(select(Account.code).where(Account.clears_by.is_not(None))))
    # Unclassified Stripe balance transactions clear as soon as they are classified, so nothing is cleared on it.
    assert clearing | {2990} == CLEARING
    assert set(ACCOUNTS) == CLEARING


def test_every_kind_is_asked_for_named_explained_and_linked() -> None:
    asked = {str(one.selected_columns.kind.element.value) for one in (*ROWS, *RESTS)} | {"overdrawn"}
    assert asked == set(KINDS)
    assert set(to_do_labels.OPEN_ITEMS) == set(to_do_labels.HINTS) == set(KINDS)
    # and each is dealt with on a page of its own, or here
    for name, kind in KINDS.items():
        assert name in PLACES or kind.may_retry, name


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_in_the_documentation(kind: str) -> None:
    row = table_of_docs()[kind]
    said = {AtClose.BLOCKS: "blocks", AtClose.ACCEPTED: "accept", AtClose.NAMED: "named"}
    assert row["close"].startswith(said[KINDS[kind].at_close])
    assert row["way out"]
    # and its accounts and states with it
    for account, kinds in ACCOUNTS.items():
        if kind in kinds:
            assert str(account) in row["kept"], account
    for table, states in STATES.items():
        for state, meant in states.items():
            if meant == kind:
                assert re.search(rf"`{table}: [^`]*\b{state}\b", row["kept"]), f"{table}: {state}"


def test_the_documentation_has_no_kind_that_there_is_not() -> None:
    assert set(table_of_docs()) == set(KINDS)
