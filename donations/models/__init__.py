"""All tables, one file per noun. Importing this package is what makes the metadata whole."""

from donations.models.appeal import Appeal, AppealEvent, AppealTotal, Area, Fund, FundTotal, PublishedTotal
from donations.models.donation import Allocation, CheckoutAttempt, Donation
from donations.models.facts import BalanceTransaction, Decision, Dispute, FraudWarning, Payment, Payout, Refund
from donations.models.ledger import Account, Entry, Halt, Period, Posting
from donations.models.message import MessageDecision
from donations.models.organisation import Organisation
from donations.models.queues import Heartbeat, Job, Mail, StripeEvent
from donations.models.receipt import Receipt, ReceiptEvent, ReceiptSeries

__all__ = [
    "Account",
    "Allocation",
    "Appeal",
    "AppealEvent",
    "AppealTotal",
    "Area",
    "BalanceTransaction",
    "CheckoutAttempt",
    "Decision",
    "Dispute",
    "Donation",
    "Entry",
    "FraudWarning",
    "Fund",
    "FundTotal",
    "Halt",
    "Heartbeat",
    "Job",
    "Mail",
    "MessageDecision",
    "Organisation",
    "Payment",
    "Payout",
    "Period",
    "Posting",
    "PublishedTotal",
    "Receipt",
    "ReceiptEvent",
    "ReceiptSeries",
    "Refund",
    "StripeEvent",
]
