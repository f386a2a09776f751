"""Which evidence decides that a line of a file is a stored one: the bank's own number, a collective entry and its
parts, a person. Never a second line for a changed word, and never one line for two payments."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from donations import ledger, privacy, references
from donations.database import snapshot, write_unit
from donations.errors import QuestionAnswered, StatementInOtherCurrency, StatementLooksKnown
from donations.extensions import db
from donations.models import (
    BankAccount,
    Match,
    StatementLine,
    StatementLineEvidence,
    StatementLineQuestion,
    StatementLineVersion,
)
from donations.reconciliation import matching
from donations.reconciliation.matches import Said
from donations.reconciliation.statement_lines import details, questions
from tests.reconciliation import steps
from tests.reconciliation.test_statements import HEAD, an_account, bring, count, look

LONG = "tx_00009Abc"
CAMT = (
    "<Document><{container}><{unit}><Acct><Ccy>GBP</Ccy></Acct><Ntry><Amt Ccy='GBP'>{amount}</Amt>"
    "<CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-13</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef>"
    "{details}</Ntry></{unit}></{container}></Document>"
)
PAYERS = (("Ada Alder", "Gift FF-7K3M-9Q2X", "100.00"), ("Ben Birch", "For Oak", "50.00"))


@pytest.fixture
def account(app: Flask) -> BankAccount:
    return an_account("Current account")


def row(name: str = "Ada Alder", text: str = "Gift", number: str = LONG, day: int = 13, amount: str = "20,00") -> str:
    return f"{HEAD}{day}.11.2026;{name};{text};{number};{amount}\n"


def collective(amount: str = "150.00", ref: str = "REF-2026-1") -> str:
    return CAMT.format(container="BkToCstmrStmt", unit="Stmt", amount=amount, ref=ref, details="")


def parts(ref: str = "REF-2026-1", payers: tuple[tuple[str, str, str], ...] = PAYERS) -> str:
    told = "".join(
        f"<TxDtls><Refs><EndToEndId>E2E-{name[:3]}</EndToEndId></Refs><Amt Ccy='GBP'>{amount}</Amt><RltdPties><Dbtr>"
        f"<Nm>{name}</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        for name, text, amount in payers
    )
    total = f"{sum(float(amount) for *_, amount in payers):.2f}"
    return CAMT.format(container="BkToCstmrDbtCdtNtfctn", unit="Ntfctn", amount=total, ref=ref,
                       details=f"<NtryDtls>{told}</NtryDtls>")  # fmt: skip


def said(line: StatementLine) -> details.Details:
    return details.opened(line.details_sealed, details.identity(line.id))


def lines() -> list[StatementLine]:
    db.session.rollback()
    return list(db.session.scalars(select(StatementLine).order_by(StatementLine.id)))


def open_questions() -> list[StatementLineQuestion]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(StatementLineQuestion)
            .where(StatementLineQuestion.state == "open")
            .order_by(StatementLineQuestion.id)
        )
    )


@pytest.mark.parametrize(
    "changed",
    [row(text="Gift #oak"), row(name="ALDER A", text="TRANSFER"), row(name="", text=""), row(day=15),
     row(day=11, text="Gift EREF 77")],
    ids=["a note", "other words", "no words", "two days later", "two days before, and more words"],
)  # fmt: skip
def test_the_banks_own_number_with_the_amount_decides_whatever_the_words_say(
    account: BankAccount, at: datetime, changed: str
) -> None:
    # given a line
    bring(account, row(), at)
    key = lines()[0].key
    # when the bank changes its text, or moves its day
    done = bring(account, changed, at)
    again = bring(account, changed, at)
    first = bring(account, row(), at)
    # then it is the same line, with the same key, twice and back again
    assert [(each.new, each.known) for each in (done, again, first)] == [(0, 1)] * 3
    assert [line.key for line in lines()] == [key]


def test_what_a_later_file_adds_is_found_and_what_it_replaces_is_kept(account: BankAccount, at: datetime) -> None:
    bring(account, row(text="Gift FF-7K3M-9Q2X"), at)
    done = bring(account, row(name="A. Alder", text="Present"), at)
    # then the words of both are found, and the former text is kept as it was
    (line,) = lines()
    assert done.updated == 1
    assert (said(line)["name"], said(line)["text"]) == ("A. Alder", "Present")
    assert {"ff", "7k3m", "ada", "present"} <= details.words(said(line))
    (version,) = db.session.scalars(select(StatementLineVersion)).all()
    assert version.details_sealed is not None
    kept = json.loads(privacy.unseal(version.details_sealed, f"bank_line_version:{version.id}:details"))
    assert kept["text"] == "Gift FF-7K3M-9Q2X"


@pytest.mark.parametrize(
    ("other", "reason"),
    [(row(amount="25,00"), "number"), (row(day=1), "number"), (row(number="tx_00010Xyz"), "twin"),
     (row(day=15, name="Nobody", text="Else"), "number")],
    ids=["another amount", "weeks later", "the same words under a new number", "another day and other words"],
)  # fmt: skip
def test_what_contradicts_the_number_is_put_before_a_person(
    account: BankAccount, at: datetime, other: str, reason: str
) -> None:
    bring(account, row(), at)
    assert [one.reasons for one in look(account, other, at).lines] == [(reason,)]
    with pytest.raises(StatementLooksKnown):
        bring(account, other, at)
    assert count() == 1
    # when it may wait
    done = bring(account, other, at, ask_later=True)
    # then it is no line yet, and asked about once
    assert (done.new, done.waiting, count(), len(open_questions())) == (0, 1, 1, 1)
    assert bring(account, other, at, ask_later=True).waiting == 0
    assert [question.reason for question in open_questions()] == [reason]


@pytest.mark.parametrize(("answer", "stand"), [("same", 1), ("another", 2)])
def test_a_person_answers_once_and_the_next_file_knows_it(
    account: BankAccount, at: datetime, answer: str, stand: int
) -> None:
    bring(account, row(), at)
    other = row(number="tx_00010Xyz", text="Gift")
    bring(account, other, at, ask_later=True)
    (question,) = open_questions()
    with write_unit() as conn:
        questions.answer(conn, question.id, answer, actor="maya", at=at)
    assert count() == stand
    assert (bring(account, other, at).known, bring(account, row(), at).known, count()) == (1, 1, stand)
    with pytest.raises(QuestionAnswered), write_unit() as conn:
        questions.answer(conn, question.id, "another", actor="maya", at=at)


def test_a_line_that_is_the_same_takes_over_the_details_and_keeps_its_match(app: Flask, at: datetime) -> None:
    account = an_account("Matched")
    bring(account, row(), at)
    steps.match(lines()[0].id, Said("unidentified", 2000))
    bring(account, row(number="", name="A. Alder", text="Present"), at, ask_later=True)
    (question,) = open_questions()
    with write_unit() as conn:
        questions.answer(conn, question.id, "same", actor="maya", at=at)
    assert [said(line)["text"] for line in lines()] == ["Present"]
    assert db.session.scalars(select(Match.state)).all() == ["confirmed"]


@pytest.mark.parametrize("number", ["", "0", "000000", "NONREF", "NOTPROVIDED", "xxxxxxx", "SAME77"])
def test_numbers_that_say_nothing_or_repeat_leave_several_lines_twice_and_in_part(
    account: BankAccount, at: datetime, number: str
) -> None:
    one, two, three = (row(name, number=number)[len(HEAD) :] for name in ("Ada", "Ben", "Ada"))
    both = HEAD + one + two + three
    bring(account, both, at)
    assert (bring(account, both, at).new, bring(account, HEAD + two, at).new, count()) == (0, 0, 3)


def test_two_equal_cash_deposits_of_a_day_are_two_lines(account: BankAccount, at: datetime) -> None:
    deposit = row("", "Cash", "", amount="50,00")
    bring(account, deposit, at)
    assert (bring(account, deposit + deposit[len(HEAD) :], at).new, count()) == (1, 2)


def test_a_counter_that_begins_again_in_the_next_file_hides_no_line(account: BankAccount, at: datetime) -> None:
    bring(account, row("Ada", number="1", day=3) + row("Ben", number="2", day=4)[len(HEAD) :], at)
    later = row("Cem", "Rent", number="1", day=16) + row("Ben", number="2", day=17)[len(HEAD) :]
    assert (bring(account, later, at).new, count()) == (2, 4)


@pytest.mark.parametrize("order", [("whole", "parts"), ("parts", "whole")])
@pytest.mark.parametrize("ref", ["REF-2026-1", "NOTPROVIDED"])
def test_a_collective_entry_and_its_parts_are_one_money_in_either_order(
    account: BankAccount, at: datetime, order: tuple[str, str], ref: str
) -> None:
    files = {"whole": collective(ref=ref), "parts": parts(ref=ref)}
    # when both files come, each twice
    first = bring(account, files[order[0]], at)
    done = [bring(account, files[name], at) for name in (order[1], *order)]
    # then the money is there once, and the payer is found
    assert [each.new for each in done] == [0, 0, 0]
    assert sum(line.amount_minor for line in lines()) == 15000
    assert first.new == (1 if order[0] == "whole" else 2)
    words = frozenset().union(*(details.words(said(line)) for line in lines()))
    assert {"ada", "birch", "7k3m", "e2e"} <= words


def test_an_entry_of_another_amount_than_its_parts_is_put_before_a_person(account: BankAccount, at: datetime) -> None:
    bring(account, collective("160.00"), at)
    assert bring(account, parts(), at, ask_later=True).waiting == 2
    assert {question.reason for question in open_questions()} == {"entry"}
    assert count() == 1


def test_parts_that_are_matched_keep_their_matches_when_the_whole_comes(app: Flask, at: datetime) -> None:
    account = an_account("Matched")
    bring(account, parts(), at)
    for line in lines():
        steps.match(line.id, Said("unidentified", line.amount_minor))
    before = steps.sound(), [line.key for line in lines()]
    assert bring(account, collective(), at).new == 0
    assert (steps.sound(), [line.key for line in lines()]) == before
    assert db.session.scalars(select(Match.state)).all() == ["confirmed", "confirmed"]


def test_a_matched_line_keeps_its_match_and_its_entry_when_its_words_change(app: Flask, at: datetime) -> None:
    account = an_account("Matched")
    bring(account, row(), at)
    steps.match(lines()[0].id, Said("unidentified", 2000))
    entries = ledger.check(db.session.connection(), at).findings
    assert bring(account, row(text="Changed"), at).updated == 1
    assert ledger.check(db.session.connection(), at).findings == entries
    assert db.session.scalars(select(Match.state)).all() == ["confirmed"]


def test_a_gift_is_matched_by_a_reference_that_came_with_the_details(app: Flask, at: datetime) -> None:
    account = an_account("Late details")
    offline_donation_id = steps.a_gift(15000, "bank")
    code = references.code_of_offline_donation(offline_donation_id)
    bring(account, collective(), at)
    assert bring(account, parts(payers=(("Ada Alder", code, "150.00"),)), at).updated == 1
    assert matching.run(write_unit, snapshot, at=at).confirmed == 1


def test_lines_of_an_earlier_version_are_known_by_their_numbers_too(account: BankAccount, at: datetime) -> None:
    # given lines that were imported before evidence was kept
    bring(account, row(), at)
    with write_unit() as conn:
        conn.execute(delete(StatementLineEvidence))
        conn.execute(update(BankAccount).values(evidence_complete=False))
    # when the bank changes the text of one: in the preview, and when it is imported
    assert [one.verdict for one in look(account, row(text="Changed"), at).lines] == ["known"]
    assert bring(account, row(text="Changed"), at).new == 0
    # then its evidence is here from now on
    assert db.session.scalar(select(BankAccount.evidence_complete))
    assert set(db.session.scalars(select(StatementLineEvidence.kind))) == {"number", "wording"}


@pytest.mark.parametrize(
    "text",
    ["Date;Name;Currency;Amount\n13.11.2026;Ada;GBP;10,00\n14.11.2026;Ben;USD;5,00\n",
     CAMT.format(container="BkToCstmrStmt", unit="Stmt", amount="1.00", ref="", details="").replace("GBP", "USD")],
    ids=["a line among others", "the whole statement"],
)  # fmt: skip
def test_another_currency_is_refused_with_file_and_line_before_anything_is_learnt(
    account: BankAccount, at: datetime, text: str
) -> None:
    with pytest.raises(StatementInOtherCurrency) as refused:
        bring(account, text.replace("<Ccy>", "<Id><IBAN>GB29NWBK60161331926819</IBAN></Id><Ccy>"), at, "march.csv")
    assert (refused.value.facts["file"], refused.value.facts["currency"]) == ("march.csv", "USD")
    db.session.rollback()
    fresh = db.session.get_one(BankAccount, account.id)
    assert (fresh.identifier_hash, fresh.column_map, count()) == (None, None, 0)
