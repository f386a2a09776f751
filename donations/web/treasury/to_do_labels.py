"""Labels of the kinds of the to-do list, and what to do about each. Decides nothing."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

OPEN_ITEMS = {
    "dispute": _l("Disputes"),
    "warning": _l("Fraud warnings"),
    "event": _l("Failed Stripe events"),
    "movement": _l("Unclassified Stripe transactions"),
    "unlinked": _l("Stripe transactions without a payment"),
    "receipt": _l("Unidentified card payments"),
    "unidentified": _l("Unidentified statement lines"),
    "estimated": _l("Donations with estimated funds"),
    "refund": _l("Failed refunds to pay again"),
    "refund_attempt": _l("Refunds without an answer from Stripe"),
    "refund_waiting": _l("Refunds not yet paid by Stripe"),
    "overdrawn": _l("Overdrawn funds"),
    "suspense": _l("Balances in the suspense account"),
    "payout": _l("Stripe payouts not yet in the bank"),
    "payout_rest": _l("Stripe payouts with an unexplained difference"),
    "slip": _l("Paying-in slips not fully credited"),
    "line": _l("Statement lines to match"),
    "same_line": _l("Possible duplicate statement lines"),
    "gift": _l("Card payments without their fee"),
    "settlement": _l("Payments and refunds that do not add up"),
    "withheld": _l("Money withheld after a dispute"),
    "transit": _l("Money in transit for too long"),
    "pay_in": _l("Branch returns to accept"),
    "cash": _l("Cash and cheques to accept"),
    "to_pay_in": _l("Cash and cheques to pay in"),
    "expected": _l("Expected transfers that did not arrive"),
    "disbursement": _l("Payments to approve, send or match"),
    "adjustment": _l("Transfers and write-offs to approve"),
    "classification": _l("Assignments to approve"),
    "cure": _l("Corrections to approve"),
    "approval_rule": _l("Change to the approval rule"),
    "staff_change": _l("Team changes"),
    "period": _l("Periods to sign off"),
    "mail": _l("Emails not sent"),
    "held_mail": _l("Emails held after a restore"),
    "locked_mail": _l("Emails waiting for the offline key"),
    "locked_request": _l("Requests waiting for the offline key"),
    "restored": _l("Restore to review"),
    "job": _l("Failed background jobs"),
}
# One email each. What several of them are called: restoration.py.
MAILS = {
    "receipt": _l("Receipt"),
    "receipt_replaced": _l("Replaced receipt"),
    "receipt_void": _l("Void receipt"),
    "receipt_again": _l("Receipt that is valid again"),
    "update": _l("Appeal update"),
    "follow_confirm": _l("Request to confirm an email address"),
    "data_link": _l("Link to a person’s data"),
    "alarm": _l("Alert to a treasurer"),
    "staff_invitation": _l("Invitation to the team"),
    "staff_notice": _l("Notice of a team change"),
    "staff_reset": _l("Link to reset a password"),
    "staff_sign_in": _l("Notice of a new sign-in"),
    "audit_head": _l("Daily mark of the audit log"),
}
STAFF_CHANGES = {
    "roles": _l("Role change"),
    "invitation": _l("Invitation"),
    "enabled": _l("Account reactivation"),
    "password": _l("New password by email"),
    "totp": _l("New authenticator app"),
    "passkey": _l("New passkey"),
    "recovery_codes": _l("New recovery codes"),
}
HINTS = {
    "dispute": _l("Respond in Stripe by the deadline, or accept the dispute there."),
    "warning": _l("Refund the donation before the donor disputes it, or dismiss the warning with a reason."),
    "event": _l("Try the event again. If it fails again, ask your technical team before you dismiss it."),
    "movement": _l("Open a transaction and select its type. A period cannot be closed before that."),
    "unlinked": _l("Ask Stripe again. If the payment stays unknown, contact Stripe and give the transaction number."),
    "receipt": _l("These payments have no reference. Assign each payment to a fund, or refund it."),
    "unidentified": _l("When you know whose money it is, open the line and match it. Until then it is in no total."),
    "estimated": _l("These donations were recovered after a restore. Confirm their funds, or assign another fund."),
    "refund": _l(
        "The card no longer accepts money. Refund again, pay by bank and match the statement line, or "
        "keep the donation if the donor agrees."
    ),
    "refund_attempt": _l("Open the donation and ask Stripe again."),
    "refund_waiting": _l(
        "If the Stripe balance is too low, top it up. If the donor’s bank details are missing, ask the "
        "donor, or cancel the refund in Stripe."
    ),
    "overdrawn": _l("The fund has paid out more than it has. Transfer money to the fund, or undo the mistake."),
    "suspense": _l("Money here has no fund. Open the entries and ask your technical team what they are."),
    "payout": _l("Import the latest bank statement. If the payout is missing there, ask your bank and Stripe."),
    "payout_rest": _l("Ask Stripe again for the transactions, then look at what the payout page suggests."),
    "slip": _l("Match the statement line to the slip. Write off the missing money if you cannot find it."),
    "line": _l(
        "Match each statement line. If you do not know whose money it is, match the line as an unidentified receipt."
    ),
    "same_line": _l("Open each pair and compare the lines. Select whether they are the same money or different money."),
    "gift": _l("Stripe has not told us the fee. Ask Stripe again."),
    "settlement": _l(
        "Stripe moved a different amount than expected. Find the payment, or write off a small difference."
    ),
    "withheld": _l("The dispute is over, but some of the money is not accounted for. Write off a small difference."),
    "transit": _l("Match the statement line of the other account, or write off the difference."),
    "pay_in": _l("Compare each return with the money you hold, then accept or reject the return."),
    "cash": _l("Another treasurer accepts what one treasurer has recorded."),
    "to_pay_in": _l("Pay the cash and cheques in at the bank."),
    "expected": _l("Cancel transfers that will not arrive."),
    "disbursement": _l(
        "Approve or reject requests. Send approved payments. Match sent payments, or mark them as not sent."
    ),
    "adjustment": _l("A second person approves or rejects each item."),
    "classification": _l("A second person approves or rejects each item."),
    "cure": _l("A second person approves or rejects each item."),
    "approval_rule": _l("A second person approves or rejects the change."),
    "staff_change": _l(
        "A second administrator approves each change. An administrator or treasurer can reject it. "
        "Otherwise the change takes effect after 24 hours."
    ),
    "period": _l("A second person must sign, or a reopened period must be signed again."),
    "mail": _l(
        "Try the email again, or dismiss it. Dismissing erases the address. An address that the mail server has"
        " refused is erased after 30 days."
    ),
    "held_mail": _l("These emails may have gone out before the database was restored. Send or dismiss each one."),
    "locked_mail": _l("Unlock the offline key to send these emails."),
    "locked_request": _l("These people asked for their data. Unlock the offline key, and each person gets a link."),
    "restored": _l("Enter again what is missing from the copy. Dismiss this item when all of it is done."),
    "job": _l("Try the job again. A dismissed job is hidden for a day."),
}
