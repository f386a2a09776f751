"""What speaks for a line being a thing, and how much: points with their reasons, as docs/matching.md tables them. The
gates (currency, sign, amount, not matched yet) are the indexes' work. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from donations.reconciliation.matching import names
from donations.reconciliation.matching.items import (
    NOBODY,
    Candidate,
    HeldCheque,
    Items,
    Line,
    OpenDonation,
    OpenPayingInSlip,
    OpenPayment,
    new_donation_key,
    new_fund_donation_key,
)

POINTS = {
    "reference": 8,
    "reference_repaired": 5,
    "slip_number": 5,
    "cheque_number": 5,
    "payer": 4,
    "learnt": 4,
    "name": names.CLOSE,
    "name_part": names.PARTLY,
    "usual_amount": 2,
    "whole_slip": 2,
    "returned_word": 2,
    "charge_word": 3,
    "date_near": 1,
    "date_far": -3,
    "other_fund": -6,
}
REFERENCES = frozenset({"reference", "reference_repaired", "slip_number"})
NEAR, FAR = timedelta(days=7), timedelta(days=45)


def donation(items: Items, line: Line, one: OpenDonation) -> Candidate:
    """A donation expected by bank."""
    payer = items.payers.get(line.payer, NOBODY) if line.payer else NOBODY
    reasons = []
    reference = _reference(line, one.codes)
    if reference:
        reasons.append(reference)
    if line.payer and (line.payer == one.payer or one.email in payer.emails):
        reasons.append("payer")
    reasons += _name(line, one.names)
    if len(one.funds) == 1 and one.funds <= payer.learnt:
        reasons.append("learnt")
    if line.minor in payer.amounts:
        reasons.append("usual_amount")
    reasons += _date(line, one.on)
    if _names_another(items, line, one.appeal_id, one.funds):
        reasons.append("other_fund")
    rule = "learnt" if "learnt" in reasons and not reference else "scored"
    return _made("offline_gift", str(one.id), line.minor, reasons, rule)


def slip(line: Line, one: OpenPayingInSlip) -> Candidate:
    """A paying-in slip paid in; the bank may have credited less than was on it."""
    reasons = []
    if one.number and has_number(line, one.number):
        reasons.append("slip_number")
    if line.minor == one.minor:
        reasons.append("whole_slip")
    reasons += _date(line, one.on)
    made = _made("slip", str(one.id), line.minor, reasons)
    return made if line.minor == one.minor else made._replace(referenced=False)


def payment(line: Line, one: OpenPayment) -> Candidate:
    """A payment request that was sent."""
    return _made("disbursement", str(one.id), line.minor, [*_name(line, one.names), *_date(line, one.on)])


def cheque(line: Line, one: HeldCheque) -> Candidate:
    """A cheque that bounced: what was counted is taken back, so a person looks at it."""
    reasons = ["returned_word"]
    if one.number and has_number(line, one.number):
        reasons.append("cheque_number")
    reasons += _name(line, one.names)
    return _made("bounced", str(one.id), line.minor, reasons)


def charge(line: Line, is_worded: bool, is_learnt: bool) -> Candidate:
    reasons = [*(["charge_word"] if is_worded else []), *(["learnt"] if is_learnt else [])]
    return _made("charge", None, line.minor, reasons, "learnt" if is_learnt else "scored")


def new_donation(items: Items, line: Line, appeal_id: int, how: str) -> Candidate:
    """A donation for the appeal whose code the line carries, that no one recorded."""
    payer = items.payers.get(line.payer, NOBODY) if line.payer else NOBODY
    funds = items.appeal_funds[appeal_id]
    reference = "reference" if how == "exact" else "reference_repaired"
    reasons = [reference]
    if payer.funds and payer.funds <= funds:
        reasons.append("payer")
    if line.minor in payer.amounts:
        reasons.append("usual_amount")
    if _names_another(items, line, appeal_id, funds):
        reasons.append("other_fund")
    kind, target = new_donation_key(appeal_id)
    return _made(kind, target, line.minor, reasons, with_also=("new_gift",))


def learnt_donation(line: Line, fund_id: int, is_usual: bool) -> Candidate:
    """A donation from a payer whose lines are donations to this fund, that no one recorded."""
    kind, target = new_fund_donation_key(fund_id)
    reasons = ["learnt", *(["usual_amount"] if is_usual else [])]
    return _made(kind, target, line.minor, reasons, "learnt", with_also=("new_gift",))._replace(fund_id=fund_id)


def has_number(line: Line, number: str) -> bool:
    """Whether a number stands in the text, by itself or behind zeros."""
    wanted = number.lstrip("0").lower()
    return len(wanted) > 1 and any(word.lstrip("0") == wanted for word in line.words)


def _reference(line: Line, codes: tuple[str, ...]) -> str:
    found = [each.how for each in line.codes if each.code in codes]
    return ("reference" if "exact" in found else "reference_repaired") if found else ""


def _name(line: Line, known: names.Words) -> list[str]:
    if not line.names:
        return ["name"] if names.is_within(known, line.words) else []
    points = names.closeness(line.names, known)
    return ["name"] if points == names.CLOSE else ["name_part"] if points else []


def _date(line: Line, expected: date) -> list[str]:
    apart = abs(line.booked_on - expected)
    return ["date_near"] if apart <= NEAR else ["date_far"] if apart > FAR else []


def _names_another(items: Items, line: Line, appeal_id: int, funds: frozenset[int]) -> bool:
    """Whether the text speaks of another fund or carries another appeal's code, and not of this one."""
    if line.funds and not line.funds & funds:
        return True
    coded = {each.number for each in line.codes if each.kind == "appeal" and each.number in items.appeal_funds}
    return bool(coded - {appeal_id})


def _made(
    kind: str, target: str | None, minor: int, reasons: list[str], rule: str = "scored", with_also: tuple[str, ...] = ()
) -> Candidate:
    score = sum(POINTS[reason] for reason in reasons)
    referenced = not REFERENCES.isdisjoint(reasons)
    return Candidate(kind, target, minor, score, (*reasons, *with_also), rule, referenced)
