"""Matching against the database: what is certain is booked, the rest is suggested, a person's decision holds, and a run
may be repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from donations import references
from donations.database import snapshot, write_unit
from donations.errors import AlreadyDone
from donations.extensions import db
from donations.models import Appeal, BankAccount, Donation, Match, OfflineDonation
from donations.money import Money
from donations.reconciliation import matches, matching, paying_in_slips
from tests.events import rows
from tests.factories import NOON
from tests.reconciliation.matching_steps import expected, is_now, run, said, why
from tests.reconciliation.steps import TODAY, a_bank_account, accepted, raised, receipts_of, sound, state_of


def code(slug: str = "hands-off-ali") -> str:
    return references.code_of_appeal(Appeal.any_by_slug(slug))


def undo(line_id: int) -> None:
    with write_unit() as conn:
        matches.undo(conn, line_id, actor="tara", at=NOON)


def proposal_of(line_id: int, target: str | None) -> int:
    with snapshot() as conn:
        found = matching.proposals_of(conn, [line_id])[line_id]
    return next(one.id for one in found if target in {part.target for part in one.parts})


def answer(how: Callable[..., None], line_id: int, target: str) -> None:
    proposal = proposal_of(line_id, target)
    with write_unit() as conn:
        how(conn, proposal, actor="tara", at=NOON)


def test_a_gift_that_carries_its_code_is_matched_and_booked(app: Flask) -> None:
    # given an expected donation and a line with its code
    gift = expected(2000, name="Maya Example")
    line = said(a_bank_account(), 2000, f"thank you {references.code_of_offline_donation(gift)}")
    # when the rules run
    done = run()
    # then it is booked, with its reasons, by the rules
    assert (done.confirmed, done.proposed) == (1, 0)
    assert is_now(line) == ("confirmed", [("offline_gift", str(gift))])
    assert why(line) == (9, ["reference", "date_near"])
    assert (raised(), state_of(gift), receipts_of(gift)) == (2000, "paid", [("live", 2000)])
    assert db.session.scalars(select(Match)).one().actor == "rules"
    assert sound() == ()


def test_a_name_alone_is_only_proposed_and_a_person_accepts_it(app: Flask) -> None:
    gift = expected(2000, name="Мария Иванова")
    line = said(a_bank_account(), 2000, "donation", name="IVANOVA MARIIA")
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(gift))])
    assert raised() == 0
    # when a person confirms it
    answer(matching.accept, line, str(gift))
    assert is_now(line)[0] == "confirmed"
    assert raised() == 2000
    assert sound() == ()


def test_running_again_changes_nothing(app: Flask) -> None:
    account = a_bank_account()
    gift = expected(2000, name="Maya Example")
    said(account, 2000, references.code_of_offline_donation(gift))
    said(account, 2000, name="Maya Example")
    said(account, -120, "MONTHLY ACCOUNT FEE")
    run()
    before, kept = rows("match"), rows("entry")
    done = run()
    assert (done.confirmed, done.proposed) == (0, 0)
    assert (rows("match"), rows("entry")) == (before, kept)


def test_what_is_proposed_follows_what_is_known(app: Flask) -> None:
    # given a line that looks like one donation
    line = said(a_bank_account(), 2000, name="Maya Example")
    first = expected(2000, name="Maya Other")
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(first))])
    # when a better one is recorded
    second = expected(2000, name="Maya Example")
    run()
    # then it comes first
    assert is_now(line) == ("proposed", [("offline_gift", str(second)), ("offline_gift", str(first))])


def test_what_a_person_refused_is_not_proposed_again(app: Flask) -> None:
    gift, other = expected(2000, name="Maya Example"), expected(2000, name="Maya Other")
    line = said(a_bank_account(), 2000, name="Maya Example")
    run()
    answer(matching.refuse, line, str(gift))
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(other))])
    # and refusing twice is told
    with pytest.raises(AlreadyDone), write_unit() as conn:
        matching.refuse(conn, 7, actor="tara", at=NOON)


def test_what_a_person_undid_is_not_done_again(app: Flask) -> None:
    # given a match that the rules made
    gift = expected(2000)
    line = said(a_bank_account(), 2000, references.code_of_offline_donation(gift))
    run()
    # when a person undoes it
    undo(line)
    run()
    # then neither that nor anything else is done to the line without a person
    assert is_now(line) == ("open", [])
    again = expected(2000, code=references.code_of_offline_donation(gift))
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(again))])
    assert raised() == 0
    assert sound() == ()


def test_the_choice_of_one_proposal_does_not_refuse_the_others(app: Flask) -> None:
    # given two donations that a line may be, of which a person chose the wrong one
    first, second = expected(2000, name="Maya Example"), expected(2000, name="Maya Example")
    line = said(a_bank_account(), 2000, name="Maya Example")
    run()
    answer(matching.accept, line, str(first))
    undo(line)
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(second))])


def test_a_credit_with_an_appeals_code_is_a_gift_nobody_recorded(app: Flask) -> None:
    line = said(a_bank_account(), 1000, f"for ali {code()}", name="Maya Example", payer="DE1")
    run()
    # then the donation is recorded by the appeal's shares, with its payer's name, and counts
    state, [(kind, target)] = is_now(line)
    gift = db.session.get_one(OfflineDonation, int(target or 0))
    assert (state, kind, gift.method, gift.recorded_by, gift.received_on) == (
        "confirmed", "offline_gift", "bank", "rules", TODAY,
    )  # fmt: skip
    assert sorted(one.amount_minor for one in gift.donation.allocations) == [200, 200, 600]
    assert gift.donation.name_sealed is not None
    assert raised() == 1000
    assert why(line) == (8, ["reference", "new_gift"])
    assert sound() == ()


def test_a_gift_the_rules_recorded_goes_with_its_match(app: Flask) -> None:
    account = a_bank_account()
    line = said(account, 1000, code())
    run()
    undo(line)
    # when another line of that amount comes
    other = said(account, 1000, code())
    run()
    # then it is a donation of its own, and the first has no line any more
    assert sorted(db.session.scalars(select(OfflineDonation.state))) == ["cancelled", "expected"]
    assert sorted(db.session.scalars(select(Donation.state))) == ["abandoned", "paid"]
    assert (is_now(line), is_now(other)[0], raised()) == (("open", []), "confirmed", 1000)
    assert sound() == ()


def test_a_repaired_code_is_proposed_as_a_new_gift_and_accepted(app: Flask) -> None:
    line = said(a_bank_account(), 1000, f"{code()[:3]} {code()[3:]}")
    run()
    appeal_id = Appeal.any_by_slug("hands-off-ali").id
    assert is_now(line) == ("proposed", [("unidentified", f"appeal:{appeal_id}")])
    answer(matching.accept, line, f"appeal:{appeal_id}")
    assert is_now(line)[0] == "confirmed"
    assert raised() == 1000
    assert sound() == ()


def test_a_slip_is_matched_by_its_number(app: Flask) -> None:
    account, gift = a_bank_account(), accepted(25000)
    with write_unit() as conn:
        slip = paying_in_slips.pay_in(
            conn, db.session.get_one(BankAccount, account), [gift], Money(25000, "GBP"), count=1, on=TODAY,
            number="000104", actor="tara", at=NOON,
        ).id  # fmt: skip
    line = said(account, 25000, "COUNTER CREDIT 104")
    run()
    assert is_now(line) == ("confirmed", [("slip", str(slip))])
    # and another line with its number is not that paying-in slip any more
    short = said(account, 24900, "COUNTER CREDIT 104")
    run()
    assert is_now(short) == ("open", [])
    assert sound() == ()


def test_what_went_out_is_only_proposed(app: Flask) -> None:
    account = a_bank_account()
    cheque = accepted(5000, "cheque", cheque_number="000317")
    bounced = said(account, -5000, "UNPAID CHEQUE 317")
    fee = said(account, -120, "MONTHLY ACCOUNT CHARGES")
    other = said(account, -5000, "RENT")
    run()
    assert is_now(bounced) == ("proposed", [("bounced", str(cheque))])
    assert why(bounced) == (7, ["returned_word", "cheque_number"])
    assert is_now(fee) == ("proposed", [("charge", None)])
    assert is_now(other) == ("open", [])


def test_several_gifts_of_one_payer_are_one_line(app: Flask) -> None:
    gifts = [expected(minor, payer="DE1", on=TODAY) for minor in (1000, 2500, 4000)]
    line = said(a_bank_account(), 5000, payer="DE1")
    run()
    assert sorted(target or "" for _, target in is_now(line)[1]) == sorted([str(gifts[0]), str(gifts[2])])
    answer(matching.accept, line, str(gifts[0]))
    assert (is_now(line)[0], raised()) == ("confirmed", 5000)
    assert sound() == ()


def test_an_erased_line_is_looked_at_without_its_words(app: Flask) -> None:
    gift = expected(2000)
    line = said(a_bank_account(), 2000, references.code_of_offline_donation(gift))
    with write_unit() as conn:
        conn.exec_driver_sql("UPDATE statement_line SET details_sealed = NULL")
    run()
    assert is_now(line) == ("proposed", [("offline_gift", str(gift))])


def test_a_run_takes_no_more_than_it_is_told(app: Flask) -> None:
    account = a_bank_account()
    for _ in range(3):
        said(account, 1000, code())
    first = run(most=2)
    assert (first.confirmed, first.left_over) == (2, 1)
    assert (run(most=2).confirmed, raised()) == (1, 3000)
