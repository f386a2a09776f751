"""What treasurers and auditors see: the money. No supporters' pages, no accounts of staff."""

from donations.web.treasury.adjusting import bp as adjusting
from donations.web.treasury.approvals import bp as approvals
from donations.web.treasury.bank_decisions import bp as banking
from donations.web.treasury.books import bp as books
from donations.web.treasury.classification import bp as classification
from donations.web.treasury.dashboard import bp
from donations.web.treasury.data_requests import bp as data_requests
from donations.web.treasury.disputes import bp as disputes
from donations.web.treasury.ending import bp as ending
from donations.web.treasury.handed_in import bp as handed_in
from donations.web.treasury.lines import bp as lines
from donations.web.treasury.offline_key import bp as offline_key
from donations.web.treasury.pay_ins import bp as pay_ins
from donations.web.treasury.payments import bp as payments
from donations.web.treasury.payouts import bp as payouts
from donations.web.treasury.periods import bp as periods
from donations.web.treasury.personal_data import bp as personal_data
from donations.web.treasury.receipts import bp as receipts
from donations.web.treasury.restoration import bp as restoration
from donations.web.treasury.slips import bp as slips
from donations.web.treasury.spending import bp as spending
from donations.web.treasury.stop import bp as stop
from donations.web.treasury.to_do import bp as to_do

# One part of the house to the table of ways: the others hang on the dashboard's blueprint, under its name.
_ABOUT_GIFTS = (payments, receipts, payouts, disputes, handed_in, pay_ins, slips)
_ABOUT_THE_REST = (
    to_do, classification, restoration, banking, lines, spending, adjusting, ending, periods, books, stop, approvals,
    personal_data, data_requests, offline_key,
)  # fmt: skip
for part in (*_ABOUT_GIFTS, *_ABOUT_THE_REST):
    bp.register_blueprint(part)
