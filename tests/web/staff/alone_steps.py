"""What one admin with every right tries alone, one step for each act that a second person or a day stands before; and
why the other forms of the team need nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.test import TestResponse

from donations import tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Classification, Cure, Organisation
from donations.staff import factors
from tests.reconciliation import test_classification, test_closing, test_spending
from tests.reconciliation.steps import a_gift, approvals_are
from tests.reconciliation.waiting_steps import a_cure
from tests.web.campaigns import steps as telling
from tests.web.campaigns import writing_steps as writing
from tests.web.staff.conftest import Browser, Person
from tests.web.staff.test_passkeys import Authenticator, add

PAYMENT = {"fund": "ali", "amount": "500", "currency": "GBP", "purpose": "lawyer", "payee": "Puppet 12345678",
           "form_key": "one"}  # fmt: skip
RULE = {"form_key": "k", "required": "1", "up_to": "", "reason": "so that I need nobody"}


@dataclass
class Scene:
    """One admin with every role, in a browser; somebody else of the team; and how much the bank account holds."""

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
    assert scene.post("/treasury/spending/new", **PAYMENT).status_code == 303
    return scene.post("/treasury/spending/1", act="approve")


def lower_the_rule(scene: Scene) -> TestResponse:
    assert scene.post("/treasury/approvals", **RULE).status_code == 303
    return scene.post("/treasury/approvals/1", act="approve")


def approve_own_transfer(scene: Scene) -> TestResponse:
    told = {"bank_account_id": scene.bank_account, "other_fund_id": test_spending.fund("sakharovo").id}
    number, _state = test_spending.adjust("transfer", 500, actor=scene.actor, **told)
    return scene.post(f"/treasury/adjustments/{number}", act="approve")


def approve_own_classification(scene: Scene) -> TestResponse:
    movement = test_classification.an_unknown_movement()
    test_classification.classify(movement, actor=scene.actor)
    return scene.post(f"/treasury/classifications/{db.session.query(Classification).one().id}", act="approve")


def approve_own_correction(scene: Scene) -> TestResponse:
    a_cure()
    with write_unit():
        db.session.query(Cure).one().requested_by = scene.actor
    return scene.post("/treasury/stop/cures/1", act="approve")


def sign_a_close_twice(scene: Scene) -> TestResponse:
    period = test_closing.a_period()
    test_closing.sign(period, scene.actor)
    return scene.post(f"/treasury/periods/{period}", act="sign")


def accept_own_cash(scene: Scene) -> TestResponse:
    number = a_gift(500)
    with write_unit():
        db.session.execute(db.text("UPDATE offline_gift SET recorded_by = :by"), {"by": scene.actor})
    return scene.post("/treasury/gifts", act="accept", gift=[str(number)])


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
    secret = factors.waiting_secret(scene.admin.row)
    return scene.post("/staff/app", code=factors.codes().code(secret, datetime.now(UTC)))


def take_another_passkey(scene: Scene) -> TestResponse:
    done: TestResponse = add(scene.browser, Authenticator())
    return done


def take_other_recovery_codes(scene: Scene) -> TestResponse:
    return scene.post("/staff/recovery-codes")


BY_MAIL = "links.reset"
Attempt = Callable[[Scene], TestResponse]
# By the form that would do it. A second person stands before these: who asked is refused.
NEEDS_ANOTHER: dict[str, Attempt] = {
    "treasury.spending.decide": approve_own_payment,
    "treasury.approvals.decide": lower_the_rule,
    "treasury.adjusting.decide": approve_own_transfer,
    "treasury.classification.decide": approve_own_classification,
    "treasury.stop.decide": approve_own_correction,
    "treasury.periods.answer": sign_a_close_twice,
    "treasury.gifts.answer": accept_own_cash,
    "campaigns.writing.publish": publish_own_words,
    "campaigns.updates.post": post_own_update,
    "people.accept": accept_own_request,
}
# A day and a mail to every admin and treasurer stand before these, or a second admin.
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
    "signing_in.sign_in": PROVES,
    "signing_in.prove_second": PROVES,
    "signing_in.prove_again": PROVES,
    "passkeys.ask_second": PROVES,
    "passkeys.ask_again": PROVES,
    "passkeys.ask_new": PROVES,
    "links.join": "takes an invitation, which has waited",
    "links.send_reset": "mails its person",
    "account.change_password": "one's own, by who knows the present one",
    "signing_in.leave": ENDS,
    "account.end_session": ENDS,
    "account.end_others": ENDS,
    "passkeys.remove": ENDS,
    "people.refuse": ENDS,
    "people.disable": ENDS,
    "people.end_sessions": ENDS,
    "treasury.spending.ask_for": ASKS,
    "treasury.approvals.ask": ASKS,
    "treasury.adjusting.ask_for": ASKS,
    "treasury.classification.classify": ASKS,
    "treasury.classification.assign": ASKS,
    "treasury.stop.cure": ASKS,
    "treasury.periods.begin": ASKS,
    "campaigns.writing.begin": ASKS,
    "campaigns.writing.write": ASKS,
    "campaigns.writing.rewrite": ASKS,
    "campaigns.updates.write": ASKS,
    "campaigns.updates.mend": ASKS,
    "campaigns.writing.throw_away": WORDS,
    "campaigns.updates.withdraw": WORDS,
    "campaigns.close": WORDS,
    "campaigns.embedding.allow": WORDS,
    "campaigns.hide": WORDS,
    "campaigns.open": WORDS,
    "campaigns.pause": WORDS,
    "campaigns.reveal": WORDS,
    "treasury.payments.refund": "back to the card it came from, and to nobody else",
    "treasury.payments.ask_again": "back to the card it came from, and to nobody else",
    "treasury.ending.close": "moves what is left as the wording of the appeal says",
    "treasury.stop.process": "only what Stripe has told",
    "treasury.stop.resume": "only while every sum is right",
    "treasury.to_do.dismiss": RECORDS,
    "treasury.to_do.retry": RECORDS,
    "treasury.bank.add_account": RECORDS,
    "treasury.bank.answer": RECORDS,
    "treasury.bank.take_statement": RECORDS,
    "treasury.bank.withdraw": RECORDS,
    "treasury.gifts.record": RECORDS,
    "treasury.lines.answer": RECORDS,
    "treasury.lines.run": RECORDS,
    "treasury.pay_ins.decide": RECORDS,
    "treasury.pay_ins.change_link": RECORDS,
    "treasury.slips.pay_in": RECORDS,
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
