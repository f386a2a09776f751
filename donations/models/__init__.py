"""All tables, one file per noun. Importing this package is what makes the metadata whole."""

from donations.models.appeal import Appeal, AppealEvent, AppealTotal, Area, Fund, FundTotal, PublishedTotal
from donations.models.donation import Allocation, CheckoutAttempt, Donation
from donations.models.facts import BalanceTransaction, Payment
from donations.models.ledger import Account, Entry, Period, Posting
from donations.models.organisation import Organisation
from donations.models.queues import Heartbeat, Job, Mail, StripeEvent
from donations.models.receipt import Receipt, ReceiptEvent, ReceiptSeries

__all__ = [
    "Account", "Allocation", "Appeal", "AppealEvent", "AppealTotal", "Area", "BalanceTransaction", "CheckoutAttempt",
    "Donation", "Entry", "Fund", "FundTotal", "Heartbeat", "Job", "Mail", "Organisation", "Payment", "Period",
    "Posting", "PublishedTotal", "Receipt", "ReceiptEvent", "ReceiptSeries", "StripeEvent",
]  # fmt: skip
