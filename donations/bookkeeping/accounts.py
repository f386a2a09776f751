"""The chart of accounts by name, the group that each account belongs to, and which of it the public total is made of.
No rule of posting lives here."""

from enum import Enum

BANK, CASH, CHEQUES = 1000, 1010, 1020
STRIPE_BALANCE, IN_SETTLEMENT, RESERVES, PAYOUTS_IN_TRANSIT, DISPUTED = 1100, 1105, 1110, 1120, 1130
PAYING_IN, PAYMENTS_IN_TRANSIT = 1030, 1040
UNIDENTIFIED, RETURNABLE, DISBURSEMENTS_UNPAID, UNCLASSIFIED = 2010, 2020, 2100, 2990
OPENING, TRANSFERS, EXCHANGE = 3000, 3100, 3900
DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER = 4000, 4010, 4050, 4060, 4070
PROCESSING_FEES, DISPUTE_FEES, ACCOUNT_FEES, DIFFERENCES = 5000, 5010, 5020, 5030
BANK_CHARGES, DISBURSED, WRITTEN_OFF = 5040, 5100, 5900

# Where money waits until it is known whose it is or that it has arrived: nothing may lie there for ever. What lies on
# one of them is on the treasurer's to-do list (reconciliation/to_do).
CLEARING = frozenset(
    {PAYING_IN, PAYMENTS_IN_TRANSIT, IN_SETTLEMENT, PAYOUTS_IN_TRANSIT, DISPUTED, UNIDENTIFIED, RETURNABLE,
     DISBURSEMENTS_UNPAID, UNCLASSIFIED}
)  # fmt: skip
# What a Stripe transaction of an unknown kind may turn out to be. None of them is income: the public total is made of
# payments that are known, never of a decision about a balance transaction.
OF_AN_UNKNOWN_TRANSACTION = (
    ACCOUNT_FEES, PROCESSING_FEES, DISPUTE_FEES, DIFFERENCES, RESERVES, PAYMENTS_IN_TRANSIT,
)  # fmt: skip


class Group(Enum):
    """What an account tells of a fund, the same in every report: its value is the accounts, and each account is in
    exactly one group. `holds_money` is asked of a group: its accounts are where the fund's money is (or what is owed of
    it), the others are why the fund has it."""

    ONLINE = (DONATIONS_ONLINE,)
    OFFLINE = (DONATIONS_OFFLINE,)
    REFUNDS = (REFUNDS,)
    CHARGEBACKS = (CHARGEBACKS, FAILED_LATER)
    FEES = (PROCESSING_FEES, DISPUTE_FEES, ACCOUNT_FEES, BANK_CHARGES)
    # An approved request counts as paid out when it is sent: until then it is deducted from payments again.
    DISBURSED = (DISBURSED,)
    COMMITTED = (DISBURSEMENTS_UNPAID,)
    OPENING = (OPENING,)
    TRANSFERS = (TRANSFERS,)
    OTHER = (EXCHANGE, DIFFERENCES, WRITTEN_OFF)
    AT_STRIPE = (STRIPE_BALANCE, IN_SETTLEMENT, RESERVES)
    IN_TRANSIT = (PAYOUTS_IN_TRANSIT, PAYING_IN)
    IN_HAND = (CASH, CHEQUES)
    IN_BANK = (BANK, PAYMENTS_IN_TRANSIT)
    IN_DISPUTE = (DISPUTED,)
    OWED = (UNIDENTIFIED, RETURNABLE, UNCLASSIFIED)

    @property
    def holds_money(self) -> bool:
        return self in _HOLDING

    @classmethod
    def of(cls, account: int) -> "Group":
        """Raises KeyError for an account that is not in the chart."""
        return _GROUP_OF[account]


_HOLDING = frozenset({Group.AT_STRIPE, Group.IN_TRANSIT, Group.IN_HAND, Group.IN_BANK, Group.IN_DISPUTE, Group.OWED})
_GROUP_OF = {account: group for group in Group for account in group.value}


def accounts_of(*groups: Group) -> tuple[int, ...]:
    """The accounts of these groups, in their order."""
    return tuple(account for group in groups for account in group.value)


# What may be paid out or moved: money held wherever it is, less what is owed to supporters and payees. Money in
# dispute, in reserve or not settled yet is not in it, and nothing of what lies in suspense.
AVAILABLE = (
    BANK, CASH, CHEQUES, PAYING_IN, PAYMENTS_IN_TRANSIT, STRIPE_BALANCE, PAYOUTS_IN_TRANSIT, RETURNABLE,
    DISBURSEMENTS_UNPAID,
)  # fmt: skip
