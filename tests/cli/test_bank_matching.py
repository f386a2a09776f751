"""`donations bank match` and `donations bank lines`."""

from __future__ import annotations

import json

from flask import Flask

from donations import references
from tests.reconciliation.matching_steps import expected, is_now, said
from tests.reconciliation.steps import a_bank_account, raised


def asked(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["bank", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_dry_run_says_what_would_be_matched_and_changes_nothing(app: Flask) -> None:
    gift = expected(2000)
    line = said(a_bank_account(), 2000, references.code_of_offline_donation(gift))
    output = asked(app, "match", "--dry-run")
    assert f"line {line}: 9 offline_gift {gift}: The reference code is in the text." in output
    assert "1 lines: 1 would be matched, 0 suggested. Nothing was changed." in output
    assert json.loads(asked(app, "match", "--dry-run", "--json"))["certain"][0]["reasons"] == ["reference", "date_near"]
    assert is_now(line) == ("open", [])


def test_lines_are_matched_and_the_rest_is_listed_with_its_reasons(app: Flask) -> None:
    account = a_bank_account()
    said(account, 2000, references.code_of_offline_donation(expected(2000)))
    said(account, 3000, name="Maya Example")
    gift = expected(3000, name="Maya Example")
    assert json.loads(asked(app, "match", "--json")) == {
        "looked_at": 2, "confirmed": 1, "proposed": 1, "left_over": 0,
    }  # fmt: skip
    assert raised() == 2000
    output = asked(app, "lines")
    assert f"offline_gift {gift}: The names match. The money arrived when it was expected." in output
    assert "1 unmatched lines" in output
    assert "Maya" not in output  # A terminal is no place for names.
    [line] = json.loads(asked(app, "lines", "--json"))
    assert (line["amount"], line["proposals"][0]["score"]) == ("30", 4)
    assert "2 lines" in asked(app, "lines", "--all")


def test_a_proposal_is_accepted_and_taken_back(app: Flask) -> None:
    # given a proposal
    gift = expected(3000, name="Maya Example")
    line = said(a_bank_account(), 3000, name="Maya Example")
    asked(app, "match")
    (shown,) = json.loads(asked(app, "lines", "--json"))
    number = shown["proposals"][0]["id"]
    assert f"proposal {number}" in asked(app, "lines")
    # when it is accepted
    assert asked(app, "match", "--accept", str(number)) == f"{number}: match confirmed\n"
    assert (is_now(line), raised()) == (("confirmed", [("offline_gift", str(gift))]), 3000)
    # and undone
    assert asked(app, "match", "--undo", str(line)) == f"{line}: match undone\n"
    assert (is_now(line), raised()) == (("open", []), 0)
    # then a second time is refused with a sentence, and an unknown line too
    for words in (("--accept", str(number)), ("--undo", str(line)), ("--undo", "7"), ("--undo", "7", "--dry-run")):
        done = app.test_cli_runner().invoke(args=["bank", "match", *words])
        assert done.exit_code in (1, 2), done.output


def test_a_proposal_is_refused_for_good(app: Flask) -> None:
    expected(3000, name="Maya Example")
    line = said(a_bank_account(), 3000, name="Maya Example")
    asked(app, "match")
    (shown,) = json.loads(asked(app, "lines", "--json"))
    asked(app, "match", "--refuse", str(shown["proposals"][0]["id"]))
    asked(app, "match")
    assert is_now(line) == ("open", [])
