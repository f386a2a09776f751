"""What the mail of an alarm says: what happened, what to do and on which page, in the language of the organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from donations.alarms import Kind
from donations.extensions import db
from donations.ledger import Finding
from donations.models import Mail, Organisation
from donations.money import Money
from donations.paper import stripe_labels
from donations.paper.alarm_words import BUTTON, STRAYS, WORDS, Words
from donations.paper.amounts_in_words import written, written_money
from donations.paper.finding_words import title_of


@dataclass(frozen=True, slots=True)
class Written:
    """The parts of the mail, as its template shows them."""

    why: str
    happened: str
    findings: tuple[str, ...]
    to_do: str
    link: str
    button: str
    repeats: str


def compose(mail: Mail) -> tuple[str, str, dict[str, object]]:
    """Subject, template and what the template needs, in the language of now."""
    organisation = db.session.get(Organisation, 1)
    name = organisation.name if organisation else "Fighting Fund"
    why = _("You get this email because this address receives the alarms of: %(organisation)s.", organisation=name)
    if "kind" not in mail.facts:  # Queued before alarms had a kind: a name and a sentence, both in English.
        subject = f"[Fighting Fund] {mail.facts['name']}"
        parts = Written(why, str(mail.facts["said"]), (), "", _address("/treasury/"), _(BUTTON), "")
    else:
        subject, parts = _of_kind(mail, why)
    told: dict[str, object] = {"alarm": parts, "subject": subject, "organisation_name": name, "link": parts.link}
    return subject, "alarm", told | {"language": language(), "created_at": mail.created_at}


_REASONS = {
    Kind.DISPUTE: stripe_labels.DISPUTE_REASONS,
    Kind.DISPUTE_INQUIRY: stripe_labels.DISPUTE_REASONS,
    Kind.FRAUD_WARNING: stripe_labels.FRAUD_TYPES,
    Kind.PAYOUT_FAILED: stripe_labels.PAYOUT_FAILURES,
    Kind.REFUND_FAILED: stripe_labels.REFUND_FAILURES,
}


def language() -> str:
    """Nobody in particular reads it, so the organisation's first language."""
    organisation = db.session.get(Organisation, 1)
    return organisation.default_language if organisation else "en"


def _of_kind(mail: Mail, why: str) -> tuple[str, Written]:
    facts: dict[str, Any] = mail.facts
    kind, about = Kind(facts["kind"]), facts["about"]
    words = WORDS[kind]
    shown = {name: _shown(value) for name, value in about.items() if not isinstance(value, list)}
    if "reason" in about:
        given = STRAYS.get(about["reason"])
        shown["reason"] = _(given) if given else stripe_labels.reason(about["reason"], _REASONS.get(kind, {}))
    if kind is Kind.STRIPE_BALANCE:
        shown["difference"] = ", ".join(_differences(about["more"]))
    return _(words.subject, **shown), Written(
        why,
        _(words.happened, **shown),
        tuple(_finding(one) for one in about.get("findings", ())),
        _(words.to_do),
        _address(_page(words, about)),
        _(words.button),
        _REPEATS[facts["every"]](),
    )


def _page(words: Words, about: Mapping[str, Any]) -> str:
    """The page that the alarm is about; the first page of the treasury where what it names is not known."""
    return words.page % about if about.get("charge", "known") else "/treasury/"


def _address(path: str) -> str:
    return f"{current_app.config['SETTINGS'].public_url}{path}"


def _shown(value: Any) -> str:
    """A fact as a person writes it (alarms.py: how facts are kept)."""
    match value:
        case {"minor": int(minor), "currency": str(currency)}:
            return written_money(Money(minor, currency))
        case {"at": str(at)}:
            moment = datetime.fromisoformat(at)
            return f"{written('moment', moment)} {written('zone', moment)}"
        case None:
            return str(_("amount unknown"))
    return str(value)


def _differences(more: list[dict[str, Any]]) -> Iterator[str]:
    """How Stripe's balance differs from the ledger, by currency: "£2.50 more"."""
    for one in more:
        amount = written_money(Money(abs(one["minor"]), one["currency"]))
        yield _("%(amount)s more", amount=amount) if one["minor"] > 0 else _("%(amount)s less", amount=amount)


def _finding(one: Mapping[str, Any]) -> str:
    title = title_of(Finding(one["invariant"], one["said"], facts=one["facts"]))
    return f"{one['invariant'].split()[0]}: {title}"


_REPEATS = {
    "hour": lambda: _("While this lasts, this email comes at most once an hour."),
    "day": lambda: _("While this lasts, this email comes at most once a day."),
    "once": lambda: _("This email comes again only when something changes."),
}
