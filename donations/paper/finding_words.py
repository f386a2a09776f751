"""A finding of the ledger's check as a sentence for people, with money as they write it."""

from __future__ import annotations

from flask_babel import gettext as _

from donations.i18n import N_
from donations.ledger import Finding
from donations.money import Money
from donations.paper.amounts_in_words import written_money
from donations.reconciliation.posting_stop import EXPLAINED, told

# Of those that do not stop posting; the others are in EXPLAINED.
_TITLES = {
    "I3": N_("Stripe transaction %(transaction)s has %(entries)s entries instead of 1"),
    "I5": N_("Payout %(payout)s is %(amount)s, but its transactions add up to %(transactions)s"),
    "I7": N_("%(bank_account)s: by the bank statement to %(until)s the ledger should say %(expected)s, but it says"
             " %(found)s"),
    "I8": N_("Transfers between funds add up to %(minor)s instead of 0"),
    "I14": N_("Closed period %(period)s no longer has the figures that were signed"),
}  # fmt: skip
_AMOUNTS = ("amount", "transactions", "expected", "found")


def title_of(finding: Finding) -> str:
    """In the language of now; in the English of the check where a fact is missing."""
    known = EXPLAINED.get(finding.invariant)
    title = known.title if known is not None else _TITLES.get(finding.invariant)
    if title is None or not finding.facts:
        return finding.said
    facts = dict(told(finding))
    for name in _AMOUNTS:
        if name in facts and "currency" in facts:
            facts[name] = Money(int(facts[name]), str(facts["currency"]))
    shown = {name: written_money(one) if isinstance(one, Money) else one for name, one in facts.items()}
    return str(_(title, **shown))
