"""What a mail about a receipt says: what is true when it is sent, against what its donor was last told. So a donor gets
one mail for one change, and none where nothing has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from donations import receipts
from donations.errors import MailNotWanted
from donations.extensions import db
from donations.models import Mail, Organisation, Receipt
from donations.money import Money
from donations.paper.amounts_in_words import why_changed, why_void, written_money

KINDS = ("receipt", "receipt_replaced", "receipt_void", "receipt_again")


@dataclass(frozen=True, slots=True)
class ReceiptNews:
    """`kind` is one of KINDS: a first receipt, another in place of `before`, none any more, or one again. `receipt` is
    the newest; `before` is the one that its donor was last told of. `cause` is why, None where there were several."""

    kind: str
    receipt: Receipt
    before: Receipt | None
    cause: str | None


def news(mail: Mail) -> ReceiptNews:
    """Raises MailNotWanted where a later mail will tell it, or the donor knows it already."""
    donation_id = db.session.get_one(Receipt, mail.receipt_id).donation_id
    of_donation = Mail.receipt_id.in_(select(Receipt.id).where(Receipt.donation_id == donation_id))
    if db.session.scalar(select(Mail.id).where(of_donation, Mail.state == "due", Mail.id > mail.id).limit(1)):
        raise MailNotWanted()
    last = db.session.scalar(
        select(Mail).where(of_donation, Mail.state == "sent").order_by(Mail.sent_at.desc(), Mail.id.desc()).limit(1)
    )
    of_its_own = select(Receipt).where(Receipt.donation_id == donation_id).order_by(*receipts.IN_ORDER)
    return _news(list(db.session.scalars(of_its_own)), last)


def written(said: ReceiptNews) -> tuple[str, str, dict[str, object]]:
    """Subject, template and what the template needs, in the language of now."""
    receipt, before = said.receipt, said.before
    frozen, house = json.loads(receipt.payload), Organisation.get()
    prefix = "" if frozen["language"] == house.default_language else f"/{frozen['language']}"
    amount = Money(receipt.amount_minor, receipt.currency)
    told: dict[str, object] = {
        "receipt": receipt,
        "frozen": frozen,
        "received_on": date.fromisoformat(frozen["received_on"]),
        "amount": amount,
        "person": receipts.person_of(receipt),
        "organisation": house,
        "link": f"{current_app.config['SETTINGS'].public_url}{prefix}/receipts/{receipts.token_of(receipt)}",
    }
    if before is None:
        return _("Your receipt %(number)s", number=receipt.label), "receipt", told
    if said.kind == "receipt_void":
        sentences = [why_void(said.cause), _("Receipt %(number)s is void.", number=before.label)]
        told |= {"sentences": sentences, "link_says": _("See receipt %(number)s", number=receipt.label)}
        return _("Your receipt %(number)s is void", number=before.label), "receipt_changed", told
    told |= {"sentences": _of_a_new_one(said, written_money(amount)), "link_says": ""}
    return _("Your new receipt %(number)s", number=receipt.label), "receipt_changed", told


def _news(found: list[Receipt], last: Mail | None) -> ReceiptNews:
    """`found` are all receipts of the donation, the newest last; `last` is the mail that told of one of them."""
    receipt = found[-1]
    is_live = receipt.state == "live"
    if last is None:
        if not is_live:
            raise MailNotWanted()
        return ReceiptNews("receipt", receipt, None, None)
    before = next(one for one in found if one.id == last.receipt_id)
    knows_of_live = last.kind != "receipt_void"
    if is_live == knows_of_live and (not is_live or before.id == receipt.id):
        raise MailNotWanted()
    kind = "receipt_void" if not is_live else "receipt_replaced" if knows_of_live else "receipt_again"
    since = found[found.index(before) :]
    causes = {receipts.cause_of_end(one) for one in since if one.state != "live"}
    return ReceiptNews(kind, receipt, before, causes.pop() if len(causes) == 1 else None)


def _of_a_new_one(said: ReceiptNews, amount: str) -> list[str]:
    assert said.before is not None
    facts = {"new": said.receipt.label, "amount": amount, "old": said.before.label}
    if said.kind == "receipt_again":
        return [
            _("Your donation counts again."),
            _("Receipt %(new)s for %(amount)s is valid. The earlier receipt %(old)s stays void.", **facts),
        ]
    is_now = _("Receipt %(new)s for %(amount)s is valid now. It replaces receipt %(old)s.", **facts)
    return [why_changed(said.cause), is_now]
