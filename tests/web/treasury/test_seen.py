"""Nothing is published, deleted, approved or signed unseen: such a form carries a hash of what its
page shows, and where that has changed nothing is done and the page shows it as it is now."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from donations.database import write_unit
from donations.extensions import db
from donations.models import AppealDraft, AppealUpdate, PaymentRequest
from donations.web.route_roles import ANYONE, ROUTE_ROLES, SECOND
from tests.house import ROOT
from tests.web.campaigns.draft_steps import NEW
from tests.web.campaigns.steps import write
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept
from tests.web.treasury.test_posts import Sent, posts

__all__ = ["posts"]
CHANGED = "This has changed since you opened it. Nothing was done."
_OWN_ACCOUNT = "one's own sign-in"
_ASKED = "says what the person has typed, once for each form; another decides on it where two must"
# Every other form of the team that changes something, and why it need not say what was looked at.
DECIDES_ON_NOTHING_SHOWN = {
    **dict.fromkeys(
        (
            "sign_in.prove_again",
            "sign_in.sign_out",
            "account.change_password",
            "account.confirm_app",
            "account.recovery_codes",
            "account.end_session",
            "account.end_others",
            "passkeys.add",
            "passkeys.ask_again",
            "passkeys.ask_new",
            "passkeys.remove",
        ),
        _OWN_ACCOUNT,
    ),
    **dict.fromkeys(("people.invite", "people.change_roles"), "sets what the form says, whatever was there"),
    **dict.fromkeys(("people.disable", "people.enable", "people.end_sessions"), "names a person, who is the same"),
    "people.refuse": "protects: it must work however old the page is",
    **dict.fromkeys(("campaigns.pause", "campaigns.hide"), "protects people: it must work however old the page is"),
    "campaigns.embeds.allow": "sets the list that it shows",
    **dict.fromkeys(("campaigns.updates.write", "campaigns.drafts.create"), _ASKED),
    **dict.fromkeys(("campaigns.drafts.write", "campaigns.drafts.rewrite"), "carries the version it was shown"),
    "treasury.posting_stop.cure": "its address is the hash of the finding",
    **dict.fromkeys(
        (
            "treasury.posting_stop.process",
            "treasury.to_do.retry",
            "treasury.posting_stop.resume",
            "treasury.statement_lines.run",
            "treasury.restoration.look_again",
        ),
        "has the program look again",
    ),
    "treasury.to_do.dismiss": "names one thing that waits, and gives a reason",
    **dict.fromkeys(
        (
            "treasury.restoration.assign",
            "treasury.approvals.ask",
            "treasury.classification.classify",
            "treasury.classification.assign",
            "treasury.card_payments.refund",
            "treasury.offline_donations.record",
            "treasury.paying_in_slips.pay_in",
            "treasury.payment_requests.ask_for",
            "treasury.adjustments.ask_for",
            "treasury.bank_accounts.add_account",
        ),
        _ASKED,
    ),
    "treasury.card_payments.ask_again": "has the program look again",
    "treasury.receipts.copy": "prints what is frozen",
    **dict.fromkeys(("treasury.data_requests.look_up", "treasury.data_requests.copy"), "shows what is kept of one"),
    "treasury.offline_key.unlock": "takes a key and a passphrase, and decides on nothing",
    "treasury.offline_key.lock": "locks the key of whoever presses it",
    "treasury.data_requests.erase": "erases whatever is kept of a person, who is named by their address",
    "treasury.bank_accounts.take_statement": "names the file by its hash",
    "treasury.statement_lines.answer": "names suggestions by numbers that are never used again",
    "treasury.branch_returns.change_link": "ends whatever link there is",
}


def of_the_team(app: Flask) -> set[str]:
    """The staff routes that take a form of who has signed in."""
    taking = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    return {name for name, roles in ROUTE_ROLES.items() if name in taking and roles not in (ANYONE, SECOND)}


def deciding(app: Flask) -> set[str]:
    return {name for name in of_the_team(app) if hasattr(app.view_functions[name], "decides_on")}


@pytest.mark.databases("sqlite")
def test_every_form_of_the_team_says_what_was_looked_at_or_why_it_need_not(app: Flask) -> None:
    assert of_the_team(app) == deciding(app) | DECIDES_ON_NOTHING_SHOWN.keys()
    assert not deciding(app) & DECIDES_ON_NOTHING_SHOWN.keys()


@pytest.mark.databases("sqlite")
def test_every_such_form_carries_the_hash(app: Flask) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")]
    for name in deciding(app):
        forms = sum(source.count(f"url_for('{name}'") for source in sources)
        assert forms, name
        assert sum(source.count(f"seen('{name}'") for source in sources) >= forms, name


def test_whoever_looked_at_something_else_decides_nothing(app: Flask, treasurer: Browser, posts: Sent) -> None:
    tried, before = set(), kept()
    with app.test_request_context():
        urls = app.url_map.bind("localhost")
    for name, (path, typed) in posts.items():
        endpoint = urls.match(path, "POST")[0]
        if endpoint not in deciding(app):
            continue
        for sent in ("", "0" * 32):
            answer = treasurer.post(path, **{**typed, "seen": sent})
            assert answer.status_code in (404, 409), name
            assert answer.status_code == 404 or CHANGED in answer.text, name
        tried.add(endpoint)
    assert kept() == before
    assert len(tried) >= 7, tried


def seen_on(page: str) -> list[str]:
    return re.findall(r'name="seen" value="([^"]+)"', page)


def test_a_payment_that_has_changed_is_shown_anew_and_then_approved(
    app: Flask, treasurer: Browser, posts: Sent, signed_in: Any
) -> None:
    # given a second treasurer who looks at a payment request
    second, (path, typed) = signed_in("treasurer", name="theo"), posts["decide"]
    old = seen_on(second.get(path).text)
    with write_unit():
        db.session.get_one(PaymentRequest, 1).purpose = "a car"
    # when it has changed since
    answer = second.post(path, **typed, seen=old)
    # then nothing is approved, and the page shows what it is now
    assert answer.status_code == 409
    assert CHANGED in answer.text
    assert "a car" in answer.text
    assert db.session.get_one(PaymentRequest, 1).state == "requested"
    # and after looking at that, the person decides again
    assert second.post(path, **typed, seen=seen_on(answer.text)).status_code == 303


def draft_of(browser: Browser, key: str, title: str) -> int:
    answer = browser.post("/campaigns/drafts/new", **{**NEW, "form_key": key, "title-en": title})
    assert answer.status_code == 303, answer.text
    return int(str(answer.location).split("/")[-2])


@pytest.mark.parametrize("verb", ["publish", "discard"])
def test_an_old_window_neither_publishes_nor_deletes_a_draft_that_came_later(
    app: Flask, signed_in: Any, verb: str
) -> None:
    # given a preview that was looked at
    one, other = signed_in("organiser"), signed_in("organiser", name="other")
    number = draft_of(one, "first", "Harmless appeal")
    old = seen_on(other.get(f"/campaigns/drafts/{number}/preview").text)[0]
    # when its draft is thrown away and another one is written
    assert one.post(f"/campaigns/drafts/{number}/discard", version="1").status_code == 303
    later = draft_of(one, "second", "Names a source")
    # then the old window does nothing, whichever number it names
    assert later > number
    assert other.post(f"/campaigns/drafts/{number}/{verb}", version="1", seen=old).status_code == 404
    answer = other.post(f"/campaigns/drafts/{later}/{verb}", version="1", seen=old)
    assert answer.status_code == 409
    assert CHANGED in answer.text
    db.session.rollback()
    assert db.session.get_one(AppealDraft, later).values["title"]["en"] == "Names a source"


def test_an_update_written_anew_is_not_withdrawn_by_an_old_window(app: Flask, signed_in: Any) -> None:
    one = signed_in("organiser")
    path = f"/campaigns/hands-off-ali/updates/{write(one)}"
    old = seen_on(one.get(path).text)[0]
    with write_unit():
        db.session.query(AppealUpdate).one().text = {"en": "Other words."}
    answer = one.post(f"{path}/withdraw", seen=old)
    assert answer.status_code == 409
    assert CHANGED in answer.text
    assert "Other words." in answer.text
    assert db.session.query(AppealUpdate).one().withdrawn_at is None
