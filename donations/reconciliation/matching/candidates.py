"""Which things a line may be at all: found by index, never by holding every line against every thing. A bucket that
too many share says nothing of any of them, so it is passed over; what might be in it still counts as a rival. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, NamedTuple

from donations.reconciliation.matching import combinations, scores
from donations.reconciliation.matching.items import (
    ANY_NEW_DONATION,
    NOBODY,
    Candidate,
    HeldCheque,
    Items,
    Key,
    Line,
    OpenDonation,
    OpenPayingInSlip,
    OpenPayment,
)

CROWD, NAMESAKES, NAMELESS = 50, 12, 3
LEAST = 1  # points for which a person is asked to look
# Below this a single thing is so weak that several together are looked for.
STRONG_ENOUGH = 3
RETURNED = re.compile(r"\b(returned|unpaid|bounced|dishonou?red|refer to drawer|impay[ée]|r[üu]ckscheck|возврат)", re.I)
CHARGED = re.compile(
    r"\b(charges?|fees?|commission|geb[üu]hr\w*|entgelt\w*|frais|комисси[яию]|плата за)\b", re.I
)  # fmt: skip


class Found(NamedTuple):
    """The candidates of a line, the best first, and the most that a rival out of sight might score."""

    candidates: tuple[Candidate, ...]
    rival: int


class Index:
    """The open things by what they are found by."""

    def __init__(self, items: Items) -> None:
        self.items = items
        self.donations: dict[tuple[Any, ...], list[OpenDonation]] = defaultdict(list)
        self.slips: dict[tuple[Any, ...], list[OpenPayingInSlip]] = defaultdict(list)
        self.payments: dict[tuple[str, int], list[OpenPayment]] = defaultdict(list)
        self.cheques: dict[tuple[str, int], list[HeldCheque]] = defaultdict(list)
        for donation in items.donations:
            for key in _donation_keys(donation):
                self.donations[key].append(donation)
        for slip in items.slips:
            self.slips[slip.account_id, slip.currency, slip.minor].append(slip)
            if slip.number:
                self.slips[slip.account_id, slip.currency, "number", slip.number.lstrip("0").lower()].append(slip)
        for payment in items.payments:
            self.payments[payment.currency, payment.minor].append(payment)
        for cheque in items.cheques:
            self.cheques[cheque.currency, cheque.minor].append(cheque)

    def of(self, line: Line, taken: AbstractSet[Key] = frozenset()) -> Found:
        """What the line may be, but for what it was refused as and what is taken."""
        found, rival = self._of_credit(line) if line.minor > 0 else (self._of_debit(line), 0)
        left = [one for one in found if one.score >= LEAST and one.key not in line.refused and one.key not in taken]
        is_recorded = rival or any(one.kind == "offline_gift" for one in left)
        if line.minor > 0 and not is_recorded and ANY_NEW_DONATION not in line.refused:
            left += (one for one in self._new_donations(line) if one.key not in line.refused)
        return Found(tuple(sorted(left, key=_best_first)), rival)

    def parts(self, line: Line, taken: AbstractSet[Key] = frozenset()) -> tuple[Candidate, ...]:
        """Several donations of the same payer or reference that together are this line, if there are such."""
        if line.minor <= 0:
            return ()
        keys: list[tuple[Any, ...]] = [(line.currency, "all", each.code) for each in line.codes]
        if line.payer:
            keys.append((line.currency, "all", line.payer))
        near = {
            donation.id: donation for key in keys for donation in self.donations.get(key, ())[: combinations.MOST * 4]
        }
        scored = [
            scores.donation(self.items, line, donation)._replace(minor=donation.minor) for donation in near.values()
        ]
        return combinations.adding_up(
            line, [one for one in scored if one.key not in line.refused and one.key not in taken]
        )

    def _of_credit(self, line: Line) -> tuple[list[Candidate], int]:
        donations, rival = self._donations_near(line)
        found = [scores.donation(self.items, line, donation) for donation in donations]
        return found + [scores.slip(line, slip) for slip in self._paying_in_slips_near(line)], rival

    def _donations_near(self, line: Line) -> tuple[Iterable[OpenDonation], int]:
        """Donations of the line's amount with further evidence, or a few that match by amount only."""
        near: dict[int, OpenDonation] = {}
        rival = 0
        for key, most, points in self._keys_of(line):
            bucket = self.donations.get((line.currency, line.minor, *key), ())
            if len(bucket) > most:
                rival = max(rival, points)
                continue
            near.update((donation.id, donation) for donation in bucket)
        bucket = self.donations.get((line.currency, line.minor), ())
        if len(bucket) <= NAMELESS:
            near.update((donation.id, donation) for donation in bucket)
        return near.values(), rival

    def _keys_of(self, line: Line) -> Iterable[tuple[tuple[Any, ...], int, int]]:
        """(key, the most that may share it, what a rival in it might score)."""
        points = scores.POINTS
        more = points["usual_amount"] + points["date_near"]
        for each in line.codes:
            how = "reference" if each.how == "exact" else "reference_repaired"
            yield ("code", each.code), CROWD, points[how] + more
        if line.payer:
            yield ("payer", line.payer), CROWD, points["payer"] + points["name"] + more
            known = self.items.payers.get(line.payer, NOBODY)
            yield from ((("email", email), CROWD, 0) for email in sorted(known.emails))
            yield from ((("fund", fund), NAMESAKES, 0) for fund in sorted(known.learnt))
        said = line.names or line.words
        yield ("names", said), NAMESAKES, 0
        yield from ((("name", word), NAMESAKES, 0) for word in said if len(word) > 2)

    def _new_donations(self, line: Line) -> list[Candidate]:
        codes = [each for each in line.codes if each.kind == "appeal" and each.number in self.items.appeal_funds]
        payer = self.items.payers.get(line.payer, NOBODY) if line.payer else NOBODY
        if len(codes) == 1:
            return [scores.new_donation(self.items, line, codes[0].number, codes[0].how)]
        if codes or len(payer.learnt) != 1:
            return []
        return [scores.learnt_donation(line, next(iter(payer.learnt)), line.minor in payer.amounts)]

    def _paying_in_slips_near(self, line: Line) -> Iterable[OpenPayingInSlip]:
        near = {slip.id: slip for slip in self._bucket(self.slips, (line.account_id, line.currency, line.minor))}
        for word in line.words:
            key = (line.account_id, line.currency, "number", word.lstrip("0"))
            near.update((slip.id, slip) for slip in self._bucket(self.slips, key) if slip.minor >= line.minor)
        return [slip for slip in near.values() if slip.on - timedelta(days=1) <= line.booked_on]

    def _of_debit(self, line: Line) -> list[Candidate]:
        found = [scores.payment(line, one) for one in self._bucket(self.payments, (line.currency, line.minor))]
        if RETURNED.search(line.plain):
            found += [scores.cheque(line, one) for one in self._bucket(self.cheques, (line.currency, line.minor))]
        known = self.items.payers.get(line.payer, NOBODY) if line.payer else NOBODY
        worded = CHARGED.search(line.plain) is not None
        return [*found, scores.charge(line, worded, known.charges)] if worded or known.charges else found

    @staticmethod
    def _bucket(index: Any, key: tuple[Any, ...]) -> Any:
        bucket = index.get(key, ())
        return bucket if len(bucket) <= CROWD else ()


def _donation_keys(donation: OpenDonation) -> Iterable[tuple[Any, ...]]:
    amount = (donation.currency, donation.minor)
    yield amount
    for code in donation.codes:
        yield (*amount, "code", code)
        yield (donation.currency, "all", code)
    if donation.payer:
        yield (*amount, "payer", donation.payer)
        yield (donation.currency, "all", donation.payer)
    if donation.email:
        yield (*amount, "email", donation.email)
    if len(donation.funds) == 1:
        yield (*amount, "fund", next(iter(donation.funds)))
    if donation.names:
        yield (*amount, "names", donation.names)
        yield from ((*amount, "name", word) for word in donation.names if len(word) > 2)


def _best_first(one: Candidate) -> tuple[int, str, str]:
    return (-one.score, one.kind, one.target or "")
