"""The reasons of matches in words that a person reads. What each is worth, scores.py says."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

_WORDS: dict[str, LazyString] = {
    "reference": _l("The reference code is in the text."),
    "reference_repaired": _l("A reference code is in the text, with a typing error."),
    "slip_number": _l("The number of the paying-in slip is in the text."),
    "cheque_number": _l("The number of the cheque is in the text."),
    "payer": _l("The money is from an account this person has given from before."),
    "learnt": _l("A rule that you accepted suggests this match."),
    "name": _l("The names match."),
    "name_part": _l("Part of the name matches."),
    "usual_amount": _l("This payer usually sends this amount."),
    "whole_slip": _l("The amount is the full amount of the paying-in slip."),
    "returned_word": _l("The text mentions a return, and the amount is that of the cheque."),
    "charge_word": _l("The text mentions a bank charge."),
    "date_near": _l("The money arrived when it was expected."),
    "date_far": _l("The money arrived at another time than expected."),
    "other_fund": _l("The text names another fund."),
    "new_gift": _l("No such donation has been recorded yet."),
    "split": _l("Several donations add up to this amount."),
    "trace": _l("The trace number of the Stripe payout is in the text."),
    "descriptor": _l("The text names Stripe."),
    "only_payout": _l("No other Stripe payout has this amount at this time."),
    "payout_amount": _l("A Stripe payout has this amount."),
    "payout_in_order": _l("Several Stripe payouts have this amount, and this is the next one."),
}


def in_words(reasons: Iterable[str]) -> list[str]:
    """A sentence for each reason, in the reader's language."""
    return [str(_WORDS[reason]) for reason in reasons]
