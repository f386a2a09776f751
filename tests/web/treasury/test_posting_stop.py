"""Every way in which posting can be stopped, broken on purpose past the guards of the database, and corrected from the
page “Posting is stopped” over HTTP: then posting is resumed, and what waited is handled."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from donations import ledger
from donations.database import write_unit
from donations.models import Appeal
from donations.reconciliation import posting_stop
from tests import events
from tests.events import balances, deliver
from tests.factories import a_donation
from tests.ledger.test_checks import FAULTS, an_entry, books
from tests.reconciliation.steps import a_bank_account, a_gift
from tests.reconciliation.steps import accepted as accepted_donation
from tests.web.staff.conftest import Browser
from tests.web.treasury.stop_steps import (
    PAGE,
    accepted,
    acts,
    correct_all,
    corrupt,
    event_state,
    grave,
    handle_what_waits,
    health,
    links,
    press,
    stopped,
)

__all__ = ["books"]
ALI = "(SELECT id FROM fund WHERE slug = 'ali')"
FIRST = "(SELECT id FROM entry WHERE idem_key = 'bt:txn_1' AND revision = 1)"
PAIR = "(SELECT min(id) FROM entry e WHERE (SELECT count(*) FROM posting p WHERE p.entry_id = e.id) = 2)"
SEALED_ACT = (
    "INSERT INTO audit (id, at, actor, act, about, details, previous_sha256, sha256)"
    " SELECT coalesce(max(id), 0) + 1, '2026-11-21 12:00:00', 'x', 'x', 'x', '{{}}', '{previous}', '{sha}' FROM audit"
)
# Beside those that the tests of the check know: entries that were reversed before they were tampered with.
MORE = {
    "an entry that lost all its postings": (
        [f"DELETE FROM posting WHERE entry_id = {FIRST}"],
        {"I1 sealed"},
    ),
    "an entry that lost one of its postings": (
        [f"DELETE FROM posting WHERE entry_id = {PAIR} AND account = 1105"],
        {"I1", "I1 sealed", "I2"},
    ),
    "a donation whose income was raised": (
        [f"UPDATE posting SET amount_minor = amount_minor - 500 WHERE account = 4000 AND fund_id = {ALI}"],
        {"I1", "I2", "I10"},
    ),
    "a posting of an entry that was never made": (
        [
            "INSERT INTO entry (id, entry_date, fact_date, posted_at, kind, idem_key, revision, actor, memo,"
            " source_type, source_id) VALUES (5, '2026-11-21', '2026-11-21', '2026-11-21 12:00:00', 'x', 'x:5', 1,"
            " 'x', '', 'nothing', 5)",
            "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
            f" SELECT 5, 1, 1100, {ALI}, 'GBP', 77",
        ],
        {"I1", "I1 sealed", "I2"},
    ),
    "an act that follows no other": ([SEALED_ACT.format(previous="p1", sha="s1")], {"I13"}),
    "two acts that follow no other": (
        [
            SEALED_ACT.format(previous="p1", sha="s1"),
            SEALED_ACT.format(previous="p2", sha="s2"),
        ],
        {"I13"},
    ),
    "a counter that was set back": (["UPDATE receipt_series SET next_number = 2"], {"I11 gaps"}),
}
OFFLINE_FAULTS = {
    "a donation that was accepted and has no receipt": [
        "UPDATE offline_donation SET state = 'accepted' WHERE state = 'recorded'"
    ],
    "a receipt over more than was accepted": ["UPDATE receipt SET amount_minor = 5001"],
    "a receipt of cash that was cancelled": [
        "UPDATE offline_donation SET state = 'cancelled' WHERE state = 'accepted'"
    ],
}
GRAVE_FAULTS = {
    name: (statements, {one for one in expected if one in ledger.GRAVE_INVARIANTS})
    for name, (statements, expected) in [*FAULTS.items(), *MORE.items()]
    if any(one in ledger.GRAVE_INVARIANTS for one in expected)
}


def an_event() -> dict[str, object]:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    return events.succeeded(reference)


@pytest.mark.parametrize("fault", GRAVE_FAULTS)
def test_a_grave_fault_is_corrected_from_the_page(
    books: str, client: FlaskClient, treasurer: Browser, fault: str
) -> None:
    statements, expected = GRAVE_FAULTS[fault]
    corrupt(*statements)
    stop_correct_and_go_on(client, treasurer, expected)


@pytest.mark.parametrize("fault", OFFLINE_FAULTS)
def test_a_grave_fault_of_cash_is_corrected_from_the_page(client: FlaskClient, treasurer: Browser, fault: str) -> None:
    # given cash that was accepted, and cash that was not
    a_bank_account()
    accepted_donation(5000)
    a_gift(700)
    corrupt(*OFFLINE_FAULTS[fault])
    stop_correct_and_go_on(client, treasurer, {"I11 offline"})


def stop_correct_and_go_on(client: FlaskClient, treasurer: Browser, expected: set[str]) -> None:
    # given a fault that stops posting
    assert set(grave()) == expected
    reason = stopped()
    # when a donation comes meanwhile
    said = an_event()
    assert deliver(client, said).status_code == 200
    # then it waits, and the monitor and the page say so
    assert event_state(str(said["id"])) == "due"
    status, faults = health(client)
    assert (status, len(faults)) == (503, 1)
    shown = treasurer.get(PAGE).text
    for invariant in expected:
        assert f"<small>{invariant}: " in shown
    assert "Resume recording" not in shown
    assert treasurer.post(f"{PAGE}/resume").status_code == 409
    # when the treasurer makes each correction that the page offers
    pressed = correct_all(treasurer)
    # then the grave invariants hold, accepted findings are still listed, and posting is resumed by a button
    assert (grave(), health(client)[0]) == ([], 503), reason
    assert bool(accepted()) == ("accept" in pressed)
    assert "Nothing is left to correct" in treasurer.get(PAGE).text
    assert treasurer.post(f"{PAGE}/resume").status_code == 303
    assert health(client)[1] == []
    handle_what_waits()
    assert event_state(str(said["id"])) == "handled"
    assert grave() == []
    assert len(acts("cure.made", ledger.acceptances.ACT)) == len(pressed)


def test_every_grave_invariant_has_an_explanation_a_cure_and_a_fault_that_is_cured() -> None:
    assert set(posting_stop.EXPLAINED) == set(ledger.GRAVE_INVARIANTS)
    for name, explained in posting_stop.EXPLAINED.items():
        assert explained.corrections or name == "I2", (
            name
        )  # I2 is the sum of I1: each of its differences is one of an entry.
        assert set(explained.corrections) <= set(posting_stop.KINDS)
    offered = {kind for explained in posting_stop.EXPLAINED.values() for kind in explained.corrections}
    assert offered == set(posting_stop.KINDS)
    broken = {one for _, expected in GRAVE_FAULTS.values() for one in expected} | {"I11 offline"}
    assert broken == set(ledger.GRAVE_INVARIANTS)


def test_an_entry_that_was_tampered_with_leaves_its_difference_alone_and_the_rest_right(
    books: str, treasurer: Browser
) -> None:
    # given the income of an entry raised by 5.00, and the ledger as it was
    before = balances()
    corrupt(f"UPDATE posting SET amount_minor = amount_minor - 500 WHERE account = 4000 AND fund_id = {ALI}")
    stopped()
    # when it is accepted
    correct_all(treasurer)
    # then every account is as before, and the difference is on 5900 under the number of the entry
    after = balances()
    extra = {key: minor for key, minor in after.items() if before.get(key) != minor}
    assert [(account, fund, minor) for (account, fund, _, _), minor in extra.items()] == [(5900, "ali", -500)]
    assert set(before) <= set(after)


def test_an_acceptance_hides_no_other_finding(books: str, treasurer: Browser) -> None:
    # given an entry that was accepted with its figure, and posting resumed
    change = f"UPDATE posting SET amount_minor = amount_minor + {{}} WHERE entry_id = {FIRST} AND line = 1"
    corrupt(change.format(1))
    stopped()
    correct_all(treasurer)
    assert treasurer.post(f"{PAGE}/resume").status_code == 303
    # when the same entry is changed once more, or another one by as much
    corrupt(change.format(1))
    # then that is a finding, of the entry and of the whole
    assert grave() == ["I1", "I2"]
    stopped()
    correct_all(treasurer)
    # and an acceptance without an audit log entry, written directly into the database, accepts nothing
    corrupt(change.format(3))
    corrupt("UPDATE correction SET figure = substr(figure, 1, length(figure) - 1) || '5' WHERE figure LIKE '%2'")
    assert "I1" in grave()


def test_an_accepted_entry_that_is_whole_again_allows_no_difference(books: str, treasurer: Browser) -> None:
    corrupt(f"UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_id = {FIRST} AND line = 1")
    stopped()
    correct_all(treasurer)
    corrupt(f"UPDATE posting SET amount_minor = amount_minor - 1 WHERE entry_id = {FIRST} AND line = 1")
    assert (grave(), accepted()) == ([], [])


def test_the_audit_shows_a_second_break_beside_one_that_was_accepted(app: Flask, treasurer: Browser) -> None:
    corrupt("UPDATE audit SET act = 'nothing.at_all' WHERE id = 1")
    stopped()
    correct_all(treasurer)
    assert (grave(), accepted()) == ([], ["I13"])
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0
    corrupt("UPDATE audit SET act = 'nothing.else' WHERE id = 2")
    assert grave() == ["I13"]
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 1


def test_of_an_entry_booked_twice_either_may_be_reversed_and_the_facts_decide_what_stands(
    books: str, treasurer: Browser
) -> None:
    # given the settlement booked again with other figures
    corrupt(*an_entry(1, "'bt:txn_1'", 2, (1100, 5), (5000, -5)))
    before = balances()
    stopped()
    # when the right one is taken for the wrong one and reversed
    last = links(treasurer, "reverse")[-1]
    assert press(treasurer, last).status_code == 303
    # then one is left, and says what the facts say
    after = balances()
    assert (grave(), links(treasurer)) == ([], [])
    assert sum(minor for (account, *_), minor in after.items() if account == 1100) == 2938
    assert sum(minor for (account, *_), minor in before.items() if account == 1100) == 2943


def test_lost_numbers_are_void_for_ever_and_the_next_receipt_takes_the_next_one(
    books: str, client: FlaskClient, treasurer: Browser
) -> None:
    corrupt("UPDATE receipt SET number = 9, label = 'R-000009' WHERE number = 2")
    stopped()
    assert correct_all(treasurer) == ["record_lost"]
    treasurer.post(f"{PAGE}/resume")
    said = an_event()
    deliver(client, said)
    with write_unit() as conn:
        assert conn.execute(text("SELECT max(number) FROM receipt")).scalar() == 10
        assert conn.execute(text("SELECT first_number, last_number FROM receipt_gap")).all() == [(2, 8)]
    assert grave() == []
