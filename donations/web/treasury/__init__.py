"""What treasurers and auditors see: the money. No supporters' pages, no accounts of staff."""

from donations.web.treasury.dashboard import bp
from donations.web.treasury.payouts import bp as payouts

# One part of the house to the table of ways: the others hang on the dashboard's blueprint, under its name.
for part in (payouts,):
    bp.register_blueprint(part)
