"""The chart of accounts by name, and which of it the public total is made of. No rule of posting lives here."""

BANK, CASH, CHEQUES = 1000, 1010, 1020
STRIPE_BALANCE, IN_SETTLEMENT, RESERVES, PAYOUTS_IN_TRANSIT, DISPUTED = 1100, 1105, 1110, 1120, 1130
PAYING_IN, PAYMENTS_IN_TRANSIT = 1030, 1040
UNIDENTIFIED, RETURNABLE, DISBURSEMENTS_UNPAID, UNCLASSIFIED = 2010, 2020, 2100, 2990
OPENING, TRANSFERS = 3000, 3100
DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER = 4000, 4010, 4050, 4060, 4070
PROCESSING_FEES, DISPUTE_FEES, ACCOUNT_FEES, DIFFERENCES = 5000, 5010, 5020, 5030
BANK_CHARGES, DISBURSED, WRITTEN_OFF = 5040, 5100, 5900

# What the public total is made of: income of these accounts, less what is withheld in disputes.
PUBLIC_ACCOUNTS = frozenset({DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER, DISPUTED})

# Where money waits until it is known whose it is or that it has arrived: nothing may lie there for ever. What lies on
# one of them is on the treasurer's to-do list (reconciliation/to_do).
CLEARING = frozenset(
    {PAYING_IN, PAYMENTS_IN_TRANSIT, IN_SETTLEMENT, PAYOUTS_IN_TRANSIT, DISPUTED, UNIDENTIFIED, RETURNABLE,
     DISBURSEMENTS_UNPAID, UNCLASSIFIED}
)  # fmt: skip
# What a Stripe transaction of an unknown kind may turn out to be. None of them is income: the public total is made of
# payments that are known, never of a decision about a movement.
OF_AN_UNKNOWN_MOVEMENT = (
    ACCOUNT_FEES, PROCESSING_FEES, DISPUTE_FEES, DIFFERENCES, RESERVES, PAYMENTS_IN_TRANSIT,
)  # fmt: skip
