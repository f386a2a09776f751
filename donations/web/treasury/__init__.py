"""What treasurers and auditors see: the money. No supporters' pages, no accounts of staff."""

from donations.web.treasury.adjustments import bp as adjustments
from donations.web.treasury.appeal_wind_down import bp as appeal_wind_down
from donations.web.treasury.approvals import bp as approvals
from donations.web.treasury.branch_returns import bp as branch_returns
from donations.web.treasury.card_payments import bp as card_payments
from donations.web.treasury.classification import bp as classification
from donations.web.treasury.dashboard import bp
from donations.web.treasury.data_requests import bp as data_requests
from donations.web.treasury.disputes import bp as disputes
from donations.web.treasury.exports import bp as exports
from donations.web.treasury.offline_donations import bp as offline_donations
from donations.web.treasury.offline_key import bp as offline_key
from donations.web.treasury.paying_in_slips import bp as paying_in_slips
from donations.web.treasury.payment_requests import bp as payment_requests
from donations.web.treasury.payouts import bp as payouts
from donations.web.treasury.periods import bp as periods
from donations.web.treasury.personal_data import bp as personal_data
from donations.web.treasury.posting_stop import bp as posting_stop
from donations.web.treasury.receipts import bp as receipts
from donations.web.treasury.restoration import bp as restoration
from donations.web.treasury.statement_decisions import bp as statement_decisions
from donations.web.treasury.statement_lines import bp as statement_lines
from donations.web.treasury.to_do import bp as to_do

# To the navigation they are one part: each hangs on the dashboard's blueprint, under its name.
_DONATIONS = (card_payments, receipts, payouts, disputes, offline_donations, branch_returns, paying_in_slips)
_OTHERS = (
    to_do, classification, restoration, statement_decisions, statement_lines, payment_requests, adjustments,
    appeal_wind_down, periods, exports, posting_stop, approvals, personal_data, data_requests, offline_key,
)  # fmt: skip
for part in (*_DONATIONS, *_OTHERS):
    bp.register_blueprint(part)
