"""The attempts of one admin with every right alone, one step for each action that needs a second person or a day; and
why the other forms of the team need no second person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.test import TestResponse

from donations import tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Classification, Correction, Organisation
from donations.staff import second_factor
from tests.reconciliation import test_classification, test_payment_requests, test_period_close
from tests.reconciliation.steps import a_gift, approvals_are
from tests.reconciliation.waiting_steps import a_correction
from tests.web.campaigns import draft_steps as writing
from tests.web.campaigns import steps as telling
from tests.web.staff.conftest import Browser, Person
from tests.web.staff.test_passkeys import Authenticator, add

PAYMENT = {"fund": "ali", "amount": "500", "currency": "GBP", "purpose": "lawyer", "payee": "Puppet 12345678",
           "form_key": "one"}  # fmt: skip
RULE = {"form_key": "k", "required": "1", "up_to": "", "reason": "so that I need nobody"}


@dataclass
class Scene:
    """One admin with every role, in a browser; another team member; and how much the bank account holds."""

    admin: Person
    browser: Browser
    other: Person
    bank_account: int

    @property
    def actor(self) -> str:
        return f"staff:{self.admin.id}"

    def post(self, path: str, **typed: Any) -> TestResponse:
        return self.browser.post(path, **typed)


def approve_own_payment(scene: Scene) -> TestResponse:
    assert scene.post("/treasury/payment-requests/new", **PAYMENT).status_code == 303
    return scene.post("/treasury/payment-requests/1", act="approve")


def lower_the_rule(scene: Scene) -> TestResponse:
    assert scene.post("/treasury/approvals", **RULE).status_code == 303
    return scene.post("/treasury/approvals/1", act="approve")


def approve_own_transfer(scene: Scene) -> TestResponse:
    told = {"bank_account_id": scene.bank_account, "other_fund_id": test_payment_requests.fund("sakharovo").id}
    number, _state = test_payment_requests.adjust("transfer", 500, actor=scene.actor, **told)
    return scene.post(f"/treasury/adjustments/{number}", act="approve")


def approve_own_classification(scene: Scene) -> TestResponse:
    transaction = test_classification.an_unknown_transaction()
    test_classification.classify(transaction, actor=scene.actor)
    return scene.post(f"/treasury/classifications/{db.session.query(Classification).one().id}", act="approve")


def approve_own_correction(scene: Scene) -> TestResponse:
    a_correction()
    with write_unit():
        db.session.query(Correction).one().requested_by = scene.actor
    return scene.post("/treasury/posting-stop/cures/1", act="approve")


def sign_a_close_twice(scene: Scene) -> TestResponse:
    period = test_period_close.a_period()
    test_period_close.sign(period, scene.actor)
    return scene.post(f"/treasury/periods/{period}", act="sign")


def accept_own_cash(scene: Scene) -> TestResponse:
    number = a_gift(500)
    with write_unit():
        db.session.execute(db.text("UPDATE offline_donation SET recorded_by = :by"), {"by": scene.actor})
    return scene.post("/treasury/offline-donations", act="accept", gift=[str(number)])


def publish_own_words(scene: Scene) -> TestResponse:
    writing.write(scene.browser, "hands-off-ali", **{"title-en": "Free Ali"})
    return writing.publish(scene.browser)


def post_own_update(scene: Scene) -> TestResponse:
    number = telling.write(scene.browser)
    return telling.post(scene.browser, number)


def accept_own_request(scene: Scene) -> TestResponse:
    assert invite_a_puppet(scene).status_code == 303
    return scene.post("/staff/people/changes/1/accept")


def invite_a_puppet(scene: Scene) -> TestResponse:
    return scene.post("/staff/people/invite", email="puppet@attacker.example", roles=["admin", "treasurer"])


def grant_a_role(scene: Scene) -> TestResponse:
    return scene.post(f"/staff/people/{scene.other.id}/roles", roles=["admin", "treasurer", "organiser"])


def let_in_again(scene: Scene) -> TestResponse:
    assert scene.post(f"/staff/people/{scene.other.id}/disable").status_code == 303
    return scene.post(f"/staff/people/{scene.other.id}/enable")


def reset_a_password_by_mail(scene: Scene) -> TestResponse:
    """Who reads the other's mailbox."""
    row, stranger = scene.other.row, Browser(scene.browser.client.application)
    link = f"/staff/reset/{tokens.for_reset(row.id, row.link_key)}"
    stranger.get(link)
    return stranger.post(link, password="the mailbox is mine now")


def take_another_app(scene: Scene) -> TestResponse:
    scene.browser.get("/staff/app")
    secret = second_factor.waiting_secret(scene.admin.row)
    return scene.post("/staff/app", code=second_factor.codes().code(secret, datetime.now(UTC)))


def take_another_passkey(scene: Scene) -> TestResponse:
    done: TestResponse = add(scene.browser, Authenticator())
    return done


def take_other_recovery_codes(scene: Scene) -> TestResponse:
    return scene.post("/staff/recovery-codes")


BY_MAIL = "links.reset"
Attempt = Callable[[Scene], TestResponse]
# By the form that would do it. These need a second person: the requester is refused.
NEEDS_ANOTHER: dict[str, Attempt] = {
    "treasury.payment_requests.decide": approve_own_payment,
    "treasury.approvals.decide": lower_the_rule,
    "treasury.adjustments.decide": approve_own_transfer,
    "treasury.classification.decide": approve_own_classification,
    "treasury.posting_stop.decide": approve_own_correction,
    "treasury.periods.answer": sign_a_close_twice,
    "treasury.offline_donations.answer": accept_own_cash,
    "campaigns.drafts.publish": publish_own_words,
    "campaigns.updates.publish": post_own_update,
    "people.accept": accept_own_request,
}
# These need a day and a mail to every admin and treasurer, or a second admin.
WAITS: dict[str, Attempt] = {
    "people.invite": invite_a_puppet,
    "people.change_roles": grant_a_role,
    "people.enable": let_in_again,
    BY_MAIL: reset_a_password_by_mail,
    "account.confirm_app": take_another_app,
    "account.recovery_codes": take_other_recovery_codes,
    "passkeys.add": take_another_passkey,
}
# Why one person is enough for the others.
PROVES = "proves who it is"
ENDS = "takes access away"
ASKS = "asks; another answers"
WORDS = "what the public reads, which hiding must not wait for; the audit log has it"
RECORDS = "says what has happened to money already; the audit log has it, and it can be taken back"
ALONE: dict[str, str] = {
    "sign_in.sign_in": PROVES,
    "sign_in.prove_second": PROVES,
    "sign_in.prove_again": PROVES,
    "passkeys.ask_second": PROVES,
    "passkeys.ask_again": PROVES,
    "passkeys.ask_new": PROVES,
    "links.join": "takes an invitation, which has waited",
    "links.send_reset": "mails its person",
    "account.change_password": "one's own, by who knows the present one",
    "sign_in.sign_out": ENDS,
    "account.end_session": ENDS,
    "account.end_others": ENDS,
    "passkeys.remove": ENDS,
    "people.refuse": ENDS,
    "people.disable": ENDS,
    "people.end_sessions": ENDS,
    "treasury.payment_requests.ask_for": ASKS,
    "treasury.approvals.ask": ASKS,
    "treasury.adjustments.ask_for": ASKS,
    "treasury.classification.classify": ASKS,
    "treasury.classification.assign": ASKS,
    "treasury.posting_stop.cure": ASKS,
    "treasury.periods.begin": ASKS,
    "campaigns.drafts.create": ASKS,
    "campaigns.drafts.write": ASKS,
    "campaigns.drafts.rewrite": ASKS,
    "campaigns.updates.write": ASKS,
    "campaigns.updates.edit": ASKS,
    "campaigns.drafts.delete": WORDS,
    "campaigns.updates.withdraw": WORDS,
    "campaigns.close": WORDS,
    "campaigns.embeds.allow": WORDS,
    "campaigns.hide": WORDS,
    "campaigns.open": WORDS,
    "campaigns.pause": WORDS,
    "campaigns.reveal": WORDS,
    "treasury.card_payments.refund": "back to the card it came from, and to nobody else",
    "treasury.card_payments.ask_again": "back to the card it came from, and to nobody else",
    "treasury.appeal_wind_down.close": "moves what is left as the wording of the appeal says",
    "treasury.posting_stop.process": "only what Stripe has told",
    "treasury.posting_stop.resume": "only while every sum is right",
    "treasury.to_do.dismiss": RECORDS,
    "treasury.to_do.retry": RECORDS,
    "treasury.bank_accounts.add_account": RECORDS,
    "treasury.bank_accounts.answer": RECORDS,
    "treasury.bank_accounts.take_statement": RECORDS,
    "treasury.bank_accounts.withdraw": RECORDS,
    "treasury.offline_donations.record": RECORDS,
    "treasury.statement_lines.answer": RECORDS,
    "treasury.statement_lines.run": RECORDS,
    "treasury.branch_returns.decide": RECORDS,
    "treasury.branch_returns.change_link": RECORDS,
    "treasury.paying_in_slips.pay_in": RECORDS,
    "treasury.receipts.copy": RECORDS,
    "treasury.restoration.assign": RECORDS,
    "treasury.restoration.confirm": RECORDS,
    "treasury.restoration.emails": RECORDS,
    "treasury.restoration.look_again": RECORDS,
    "treasury.offline_key.unlock": "needs the file and its passphrase; all admins and treasurers are told by mail",
    "treasury.offline_key.lock": "takes away",
    "treasury.data_requests.look_up": "one person's, at their own request; the audit log has it",
    "treasury.data_requests.copy": "one person's, at their own request; the audit log has it",
    "treasury.data_requests.erase": "one person's, at their own request; the audit log has it",
}


def two_must() -> None:
    """Where an organisation lets two people decide, as one that fears its own does."""
    approvals_are(2)
    with write_unit():
        Organisation.get().publish_needs_second = True
