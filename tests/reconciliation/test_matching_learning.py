"""What is learnt from three equal matches by hand, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from donations import references
from donations.database import snapshot, write_unit
from donations.errors import AlreadyDone
from donations.reconciliation import matching
from donations.reconciliation.matches import Said
from tests.factories import NOON
from tests.reconciliation.matching_steps import expected, is_now, run, said, why
from tests.reconciliation.steps import a_bank_account, match, raised, sound


def proposal_of(line_id: int, target: str | None) -> int:
    with snapshot() as conn:
        found = matching.proposals_of(conn, [line_id])[line_id]
    return next(one.id for one in found if target in {part.target for part in one.parts})


def answer(how: Callable[..., None], line_id: int, target: str) -> None:
    proposal = proposal_of(line_id, target)
    with write_unit() as conn:
        how(conn, proposal, actor="tara", at=NOON)


def test_a_rule_is_offered_after_three_equal_confirmations(app: Flask) -> None:
    account = a_bank_account()
    # given two donations of one payer to one fund, matched by hand
    for on in (1, 2):
        match(said(account, 1500, payer="DE1", on=date(2026, on, 1)), _gift(1500))
    with snapshot() as conn:
        assert matching.offers(conn) == []
    # when there is a third
    match(said(account, 1500, payer="DE1"), _gift(1500))
    with snapshot() as conn:
        [offer] = matching.offers(conn)
    assert offer.confirmations == 3
    with write_unit() as conn:
        matching.accept_offer(conn, offer.payer_hash, offer.fund_id, actor="tara", at=NOON)
    with snapshot() as conn:
        assert matching.offers(conn) == []
    # then the next line is proposed as a donation to that fund, and recorded if a person confirms it
    line = said(account, 1500, payer="DE1")
    run()
    assert is_now(line) == ("proposed", [("unidentified", f"fund:{offer.fund_id}")])
    assert why(line) == (6, ["learnt", "usual_amount", "new_gift"])
    answer(matching.accept, line, f"fund:{offer.fund_id}")
    assert raised() == 6000
    assert sound() == ()
    # and an offer that is none is refused
    with pytest.raises(AlreadyDone), write_unit() as conn:
        matching.accept_offer(conn, b"x", offer.fund_id, actor="tara", at=NOON)


def _gift(minor: int, fund: str = "ali") -> Said:
    return Said("offline_gift", minor, target=str(expected(minor, fund=fund)))


def test_confirmations_for_different_funds_offer_nothing(app: Flask) -> None:
    account = a_bank_account()
    for fund in ("ali", "ali-family", "ali"):
        match(said(account, 1500, payer="DE1"), _gift(1500, fund))
    with snapshot() as conn:
        assert matching.offers(conn) == []


def test_what_the_rules_matched_offers_nothing(app: Flask) -> None:
    account = a_bank_account()
    for _ in range(3):
        gift = expected(1500)
        said(account, 1500, references.code_of_offline_donation(gift), payer="DE1")
    assert run().confirmed == 3
    with snapshot() as conn:
        assert matching.offers(conn) == []
