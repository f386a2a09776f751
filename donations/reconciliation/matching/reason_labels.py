"""The reasons of matches in words that a person reads. What each is worth, scoring.py says."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

_WORDS: dict[str, LazyString] = {
    "reference": _l("The reference code is in the text."),
    "reference_repaired": _l("A reference code is in the text, mistyped."),
    "slip_number": _l("The slip's number is in the text."),
    "cheque_number": _l("The cheque's number is in the text."),
    "payer": _l("It is from an account this person has given from."),
    "learnt": _l("A rule that you accepted says so."),
    "name": _l("The names agree."),
    "name_part": _l("Part of the name agrees."),
    "usual_amount": _l("It is what this payer usually gives."),
    "whole_slip": _l("It is all that is on the slip."),
    "returned_word": _l("The text says that it was returned, and the amount is the cheque's."),
    "charge_word": _l("The text speaks of a charge."),
    "date_near": _l("It came when it was expected."),
    "date_far": _l("It came at another time than expected."),
    "other_fund": _l("The text speaks of another fund."),
    "new_gift": _l("No such gift has been recorded yet."),
    "split": _l("Several gifts together make up the amount."),
    "trace": _l("The payout's trace number is in the text."),
    "descriptor": _l("The text names Stripe."),
    "only_payout": _l("No other payout is of this amount at this time."),
    "payout_amount": _l("A payout is of this amount."),
    "payout_in_order": _l("There are several payouts of this amount; this is the next."),
}


def in_words(reasons: Iterable[str]) -> list[str]:
    """A sentence for each reason, in the reader's language."""
    return [str(_WORDS[reason]) for reason in reasons]
