"""All tables, one file per noun. Importing this package is what makes the metadata whole."""

from donations.models.account import Account
from donations.models.adjustment import Adjustment
from donations.models.appeal import Appeal, AppealEvent, AppealTotal, PublishedTotal
from donations.models.appeal_draft import AppealDraft
from donations.models.appeal_update import AppealUpdate
from donations.models.appeal_wording import AppealWording
from donations.models.approval_rule import ApprovalRule
from donations.models.archive_record import ArchiveRecord
from donations.models.area import Area
from donations.models.audit_record import AuditRecord
from donations.models.balance_snapshot import BalanceSnapshot, DailyTotalSnapshot, OpenItemSnapshot
from donations.models.balance_transaction import BalanceTransaction
from donations.models.bank_account import BankAccount
from donations.models.branch_return import BranchReturn
from donations.models.checkout_attempt import CheckoutAttempt
from donations.models.checkout_opening import CheckoutOpening
from donations.models.classification import Classification
from donations.models.correction import Correction
from donations.models.data_key import DataKey
from donations.models.decision import Decision
from donations.models.dismissal import Dismissal
from donations.models.dispute import Dispute
from donations.models.donation import Allocation, Donation
from donations.models.donation_check import DonationCheck
from donations.models.embedding_site import EmbeddingSite
from donations.models.entry import Entry, Posting
from donations.models.fraud_warning import FraudWarning
from donations.models.fund import Fund, FundTotal
from donations.models.goal_change import GoalChange
from donations.models.heartbeat import Heartbeat
from donations.models.installation import Installation
from donations.models.job import Job
from donations.models.kept_form import KeptForm
from donations.models.mail import Mail
from donations.models.match import Match, MatchRule
from donations.models.message_decision import MessageDecision
from donations.models.milestone import Milestone
from donations.models.offline_donation import OfflineDonation
from donations.models.offline_key import OfflineKey, OfflineRequest, OfflineUnlock
from donations.models.organisation import Organisation
from donations.models.passkey import Passkey
from donations.models.paying_in_slip import PayingInSlip
from donations.models.payment import Payment, StrayPayment
from donations.models.payment_request import Approval, PaymentRequest
from donations.models.payout import Payout, PayoutShare
from donations.models.period import Period, PeriodBalance, PeriodSignature
from donations.models.posting_stop import PostingStop
from donations.models.receipt import Receipt, ReceiptChange, ReceiptEvent, ReceiptSeries
from donations.models.receipt_gap import ReceiptGap
from donations.models.recovery import Recovery
from donations.models.recovery_code import RecoveryCode
from donations.models.refund import Refund
from donations.models.refund_attempt import RefundAttempt
from donations.models.restoration import Restoration
from donations.models.staff import Staff, StaffRole
from donations.models.staff_change import StaffChange
from donations.models.staff_session import StaffSession
from donations.models.statement import Statement
from donations.models.statement_line import (
    StatementLine,
    StatementLineEvidence,
    StatementLineQuestion,
    StatementLineVersion,
)
from donations.models.stripe_event import StripeEvent
from donations.models.subscriber import Subscriber, SubscriberRequest
from donations.models.throttle import Throttle
from donations.models.webhook_arrival import WebhookArrival

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
