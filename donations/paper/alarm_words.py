"""The texts of alarms by kind. They are marked for the catalogs and translated in alarm_mails."""

from __future__ import annotations

from dataclasses import dataclass

from donations.alarms import Kind
from donations.facts import Stray
from donations.i18n import N_


@dataclass(frozen=True, slots=True)
class Words:
    """Subject, what happened and what to do, with the facts in them, and the page it is about with its link's words."""

    subject: str
    happened: str
    to_do: str
    page: str
    button: str


BUTTON = N_("Open Treasury")
_PAYMENT, _PAYMENT_BUTTON = "/treasury/card-payments/%(charge)s", N_("Open payment")
_DISPUTES, _DISPUTES_BUTTON = "/treasury/disputes", N_("Open disputes")
_DISPUTE_TO_DO = N_("Send your evidence at Stripe before the deadline, or accept the dispute there. Without a response,"
                    " the donation and the dispute fee are lost.")  # fmt: skip
WORDS = {
    Kind.REFUND_FAILED: Words(
        N_("A refund of %(amount)s failed"),
        N_("Refund %(id)s did not reach the donor. Reason: %(reason)s."),
        N_("Open the payment. Refund it again, or pay the donor by bank transfer."),
        _PAYMENT, _PAYMENT_BUTTON,
    ),
    Kind.REFUND_WAITS: Words(
        N_("A refund of %(amount)s waits: the Stripe balance is too low"),
        N_("Stripe has not paid out refund %(id)s, because our Stripe balance is too low."),
        N_("Pay money in at Stripe. Stripe sends the refund when the balance is high enough."),
        _PAYMENT, _PAYMENT_BUTTON,
    ),
    Kind.DISPUTE: Words(
        N_("Dispute over %(amount)s: respond by %(respond_by)s"),
        N_("A donor’s bank has opened dispute %(id)s. Reason: %(reason)s."),
        _DISPUTE_TO_DO, _DISPUTES, _DISPUTES_BUTTON,
    ),
    Kind.DISPUTE_INQUIRY: Words(
        N_("Dispute inquiry over %(amount)s: respond by %(respond_by)s"),
        N_("A donor’s bank asks about a payment. Inquiry: %(id)s. Reason: %(reason)s."),
        N_("Respond at Stripe before the deadline, or refund the donation. Without a response, the bank may open a"
           " dispute, which costs a fee."),
        _DISPUTES, _DISPUTES_BUTTON,
    ),
    Kind.DEADLINE: Words(
        N_("Respond by %(respond_by)s: dispute over %(amount)s"),
        N_("Dispute %(id)s still needs a response."),
        _DISPUTE_TO_DO, _DISPUTES, _DISPUTES_BUTTON,
    ),
    Kind.FRAUD_WARNING: Words(
        N_("Fraud warning for a card payment"),
        N_("The card network reports that payment %(charge)s may be fraud. Type: %(reason)s."),
        N_("Refund the payment to avoid a dispute and its fee, or dismiss the warning with a reason."),
        _PAYMENT, _PAYMENT_BUTTON,
    ),
    Kind.PAYOUT_FAILED: Words(
        N_("A Stripe payout of %(amount)s failed"),
        N_("Payout %(id)s did not reach the bank account. Reason: %(reason)s."),
        N_("Check the bank account in Stripe’s dashboard. Stripe may hold further payouts until the details are"
           " right."),
        "/treasury/payouts/%(id)s", N_("Open payout"),
    ),
    Kind.PAYOUT_DESTINATION: Words(
        N_("A Stripe payout of %(amount)s goes to a new bank account"),
        N_("Payout %(id)s goes to bank account %(destination)s. No earlier payout in %(currency)s went there."),
        N_("Ask the team whether the bank account was changed on purpose. If not, change it back in Stripe’s dashboard"
           " and change the password there."),
        "/treasury/payouts/%(id)s", N_("Open payout"),
    ),
    Kind.STRAY_PAYMENT: Words(
        N_("A card payment needs a fund: %(amount)s"),
        N_("Payment %(charge)s counts for no donation. Reason: %(reason)s."),
        N_("Open the payment. Assign it to a fund, or refund it."),
        _PAYMENT, _PAYMENT_BUTTON,
    ),
    Kind.STRIPE_BALANCE: Words(
        N_("Stripe’s balance is %(difference)s than the ledger"),
        N_("Stripe’s balance is %(difference)s than the ledger says. We compared them twice."),
        N_("Ask your technical team to run: donations stripe sync. If the difference stays, compare Stripe’s latest"
           " transactions with the treasury."),
        "/treasury/", BUTTON,
    ),
    Kind.POSTING_STOPPED: Words(
        N_("Posting is stopped: the ledger failed a check"),
        N_("Donations still arrive, but they are not recorded in the ledger until the findings are corrected."),
        N_("Open the findings. Each one says how to correct it."),
        "/treasury/posting-stop", N_("Open findings"),
    ),
    Kind.LEDGER_CHECK: Words(
        N_("The ledger failed a check"),
        N_("New payments are still recorded in the ledger."),
        N_("Ask your technical team to run: donations ledger check. For each finding, it says what to do next."),
        "/treasury/", BUTTON,
    ),
    Kind.CARD_TESTING: Words(
        N_("Card testing: many cards are declined"),
        N_("%(declined)s of %(charges)s card payments in a row were declined. Supporters now go through a security"
           " check before they pay. At most %(pages)s payment pages open in a minute."),
        N_("Refund card payments that look like fraud: small sums, odd names, many in a minute. More is in"
           " docs/card-testing.md."),
        "/treasury/card-payments", N_("Open card payments"),
    ),
    Kind.CARD_TESTING_OVER: Words(
        N_("Card testing is over"),
        N_("The security check for all supporters is switched off. It began: %(since)s."),
        N_("Look through the card payments of that time and refund those that look like fraud."),
        "/treasury/card-payments", N_("Open card payments"),
    ),
    Kind.OTHER_ACCOUNT: Words(
        N_("Stripe sends events of another account"),
        N_("Event %(id)s (%(type)s) belongs to Stripe account %(account)s. We have not recorded it in the ledger."),
        N_("Open the webhook endpoint in Stripe’s dashboard. It should send the events of your own account."),
        "/treasury/", BUTTON,
    ),
    Kind.STALE_WEBHOOKS: Words(
        N_("Stripe’s events are refused: their time is wrong"),
        N_("Stripe’s events have valid signatures, but their time is more than 5 minutes off. We refuse them."),
        N_("Ask your technical team to run: donations doctor. It compares the clock of the server. If the clock is"
           " right, old events are being sent again."),
        "/treasury/", BUTTON,
    ),
    Kind.OTHER_MODE: Words(
        N_("Stripe sends events of the other mode (test or live)"),
        N_("STRIPE_SECRET_KEY is of another mode than Stripe’s events. We do not record these events in the ledger."),
        N_("Ask your technical team to compare the key with the mode of the webhook endpoint in Stripe’s dashboard."),
        "/treasury/", BUTTON,
    ),
}  # fmt: skip
STRAYS = {
    str(Stray.OTHER_CURRENCY): N_("its currency is not the currency of the donation it refers to"),
    str(Stray.OTHER_ACCOUNT): N_("another Stripe account took it for one of our donations"),
    str(Stray.PAID_ALREADY): N_("another payment has already paid the donation it refers to"),
}
