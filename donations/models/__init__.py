"""All tables, one file per noun. Importing this package is what makes the metadata whole."""

from donations.models.appeal import Appeal, AppealEvent, AppealTotal, Area, Fund, FundTotal, PublishedTotal
from donations.models.approval_rule import ApprovalRule
from donations.models.archive import ArchiveRecord
from donations.models.audit import AuditRecord
from donations.models.bank import (
    BankAccount,
    Match,
    MatchRule,
    Statement,
    StatementLine,
    StatementLineEvidence,
    StatementLineQuestion,
    StatementLineVersion,
)
from donations.models.card_testing import CheckoutOpening
from donations.models.classification import Classification, Dismissal
from donations.models.cure import Correction, ReceiptGap
from donations.models.data_key import DataKey
from donations.models.donation import Allocation, CheckoutAttempt, Donation
from donations.models.donation_check import DonationCheck
from donations.models.draft import AppealDraft, GoalChange
from donations.models.embedding import EmbeddingSite
from donations.models.facts import (
    BalanceTransaction,
    Decision,
    Dispute,
    FraudWarning,
    Payment,
    Payout,
    Refund,
    StrayPayment,
)
from donations.models.installation import Installation, Restoration
from donations.models.ledger import (
    Account,
    BalanceSnapshot,
    DailyTotalSnapshot,
    Entry,
    OpenItemSnapshot,
    Period,
    Posting,
    PostingStop,
)
from donations.models.message import MessageDecision
from donations.models.milestone import Milestone
from donations.models.offline import OfflineDonation, PayingInSlip
from donations.models.offline_key import OfflineKey, OfflineRequest, OfflineUnlock
from donations.models.organisation import Organisation
from donations.models.pay_in import BranchReturn
from donations.models.queues import Heartbeat, Job, Mail, StripeEvent, WebhookArrival
from donations.models.receipt import Receipt, ReceiptChange, ReceiptEvent, ReceiptSeries
from donations.models.recovery import Recovery
from donations.models.spending import (
    Adjustment,
    Approval,
    PaymentRequest,
    PayoutShare,
    PeriodBalance,
    PeriodSignature,
    RefundAttempt,
)
from donations.models.staff import KeptForm, Passkey, RecoveryCode, Staff, StaffRole, StaffSession, Throttle
from donations.models.staff_change import StaffChange
from donations.models.subscription import Subscriber, SubscriberRequest
from donations.models.update import AppealUpdate
from donations.models.wording import AppealWording

__all__ = [
    "Account",
    "Adjustment",
    "Allocation",
    "Appeal",
    "AppealDraft",
    "AppealEvent",
    "AppealTotal",
    "AppealUpdate",
    "AppealWording",
    "Approval",
    "ApprovalRule",
    "ArchiveRecord",
    "Area",
    "AuditRecord",
    "BalanceSnapshot",
    "BalanceTransaction",
    "BankAccount",
    "BranchReturn",
    "CheckoutAttempt",
    "CheckoutOpening",
    "Classification",
    "Correction",
    "DailyTotalSnapshot",
    "DataKey",
    "Decision",
    "Dismissal",
    "Dispute",
    "Donation",
    "DonationCheck",
    "EmbeddingSite",
    "Entry",
    "FraudWarning",
    "Fund",
    "FundTotal",
    "GoalChange",
    "Heartbeat",
    "Installation",
    "Job",
    "KeptForm",
    "Mail",
    "Match",
    "MatchRule",
    "MessageDecision",
    "Milestone",
    "OfflineDonation",
    "OfflineKey",
    "OfflineRequest",
    "OfflineUnlock",
    "OpenItemSnapshot",
    "Organisation",
    "Passkey",
    "PayingInSlip",
    "Payment",
    "PaymentRequest",
    "Payout",
    "PayoutShare",
    "Period",
    "PeriodBalance",
    "PeriodSignature",
    "Posting",
    "PostingStop",
    "PublishedTotal",
    "Receipt",
    "ReceiptChange",
    "ReceiptEvent",
    "ReceiptGap",
    "ReceiptSeries",
    "Recovery",
    "RecoveryCode",
    "Refund",
    "RefundAttempt",
    "Restoration",
    "Staff",
    "StaffChange",
    "StaffRole",
    "StaffSession",
    "Statement",
    "StatementLine",
    "StatementLineEvidence",
    "StatementLineQuestion",
    "StatementLineVersion",
    "StrayPayment",
    "StripeEvent",
    "Subscriber",
    "SubscriberRequest",
    "Throttle",
    "WebhookArrival",
]
