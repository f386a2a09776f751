"""A copy is made, donations of every kind follow, everything is lost, the copy is restored and Stripe asked: every
appeal comes to what it had, or what is missing is named; no number, no link and no mail is given twice."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from donations import appeals as appeals_file
from donations import ledger, receipts, restoration, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import (
    Allocation,
    Appeal,
    Area,
    Donation,
    Fund,
    FundTotal,
    Mail,
    Payment,
    Receipt,
    Recovery,
)
from donations.worker import queues, stripe_sync
from tests.events import fresh
from tests.fixtures.outside import MailServer, Stripe
from tests.house import ROOT
from tests.needs import program
from tests.web.checkout_steps import give

DEMO = (ROOT / "appeals.toml").read_text(encoding="utf-8")
AFTER_THE_COPY = """
[[appeals]]
slug = "new-case"
state = "open"
title = { en = "A new case" }
summary = { en = "Begun after the copy." }
surplus = { en = "To the fighting fund." }
currency = "GBP"
[[appeals.funds]]
slug = "new-fund"
kind = "detainee"
name = { en = "New" }
"""


@pytest.fixture(autouse=True)
def own_files(app: Flask, database_kind: str, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    if database_kind == "postgresql":
        program("pg_dump")


def run(app: Flask, *words: str) -> Result:
    fresh()
    done = app.test_cli_runner().invoke(args=list(words))
    fresh()
    assert done.exit_code == 0, done.output
    return done


class Story:
    """A supporter, Stripe and the installation, step by step."""

    def __init__(self, app: Flask, client: FlaskClient, stripe: Stripe, post: MailServer, folder: Path) -> None:
        self.app, self.client, self.stripe, self.post = app, client, stripe, post
        self.archive = folder / "copy.tar.gz"

    def given(self, slug: str = "hands-off-ali", card: str = "pm_card_visa", **typed: str) -> tuple[str, str]:
        """A donation that was paid at Stripe, heard of and acknowledged. Returns its reference and its charge."""
        answer = give(self.client, slug, **{"email": f"{time.monotonic_ns()}@example.org", **typed})
        assert answer.status_code == 303, answer.text
        session = re.search(r"cs_\w+", answer.location)
        assert session is not None
        self.stripe.pay(session[0], card)
        made = self.stripe.api("GET", f"/v1/checkout/sessions/{session[0]}?expand[]=payment_intent").json
        return made["client_reference_id"], made["payment_intent"]["latest_charge"]

    def hears(self) -> None:
        """The worker, for a while."""
        self.stripe.bring(self.client)
        self.mails()

    def mails(self) -> None:
        while queues.send_mails(_now() + timedelta(minutes=11)):
            fresh()

    def copied(self) -> None:
        run(self.app, "backup", str(self.archive))

    def restored(self) -> None:
        time.sleep(1.1)  # Stripe's times are whole seconds.
        run(self.app, "restore", str(self.archive), "--replace")

    def syncs(self) -> None:
        run(self.app, "stripe", "sync")
        self.mails()


@pytest.fixture
def story(app: Flask, client: FlaskClient, at_stripe: Stripe, mail_server: MailServer, tmp_path: Path) -> Story:
    return Story(app, client, at_stripe, mail_server, tmp_path)


def totals() -> dict[tuple[str, str], int]:
    """What each fund has raised, by slug and currency; those with nothing left out."""
    fresh()
    rows = db.session.execute(
        select(Fund.slug, FundTotal.currency, func.sum(FundTotal.raised_minor))
        .join(Fund, Fund.id == FundTotal.fund_id)
        .group_by(Fund.slug, FundTotal.currency)
    )
    return {(slug, currency): int(minor) for slug, currency, minor in rows if minor}


def states() -> dict[str, tuple[str, dict[str, int]]]:
    """State and split of every donation, by reference."""
    fresh()
    found: dict[str, tuple[str, dict[str, int]]] = {}
    for donation in db.session.scalars(select(Donation)):
        parts = select(Fund.slug, Allocation.amount_minor).join(Fund, Fund.id == Allocation.fund_id)
        split = dict(db.session.execute(parts.where(Allocation.donation_id == donation.id)).all())
        found[donation.reference] = (donation.state, split)  # type: ignore[arg-type]
    return found


def labels() -> set[str]:
    fresh()
    return set(db.session.scalars(select(Receipt.label)))


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), _now()).sound


def test_what_was_given_after_the_copy_is_made_again(
    app: Flask, client: FlaskClient, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a donation before the copy, and donations of every kind after it
    kept, _ = story.given(amount="11")
    story.hears()
    story.copied()
    gap = _donations_of_every_kind(story, monkeypatch)
    lost = Kept.now(story)
    assert lost.mails >= 11
    # when everything is lost, the copy restored, and Stripe asked
    story.restored()
    assert len(totals()) < len(lost.totals)
    story.syncs()
    # then every donation is there as it was, with its funds, but for what is named
    _as_it_was_or_named(gap, lost)
    # and every appeal's total: the estimated one is in its appeal, the unknown one nowhere
    assert _by_appeal(totals()) == _by_appeal({**lost.totals, ("new-fund", "GBP"): 0})
    assert sound()
    # and no number was given twice, and no link shows another donor
    assert labels() & set(lost.links) == {"R-000001"}
    for label, link in lost.links.items():
        answer = client.get(f"/receipts/{link}")
        assert answer.status_code == (200 if label == "R-000001" else 410), label
        assert label == "R-000001" or "£" not in answer.text
    # and no mail was sent again
    assert len(story.post.mails) == lost.mails
    held = db.session.scalars(select(Mail.kind).where(Mail.state == "held")).all()
    assert held.count("receipt") >= 9
    # and a supporter's own page opens again, without the receipt: Stripe knows its address
    with time_machine.travel(_now() + timedelta(hours=1), tick=False):
        page = client.get(f"/donations/{tokens.for_return(gap['by shares'][0])}")
    assert "Thank you. Your donation has arrived." in page.text
    assert not re.search(r"/receipts/[^\"]*\.", page.text)
    assert Donation.by_reference(kept).state == "paid"
    # and what is given after it is mailed at once: Stripe's clock knows whole seconds
    time.sleep(1)
    story.given(amount="36")
    story.hears()
    assert len(story.post.mails) == lost.mails + 1


@dataclass(frozen=True)
class Kept:
    """What an installation had when it was lost: totals, donations, links of receipts, and how many mails had gone."""

    totals: dict[tuple[str, str], int]
    states: dict[str, tuple[str, dict[str, int]]]
    languages: dict[str, str]
    links: dict[str, str]
    mails: int

    @classmethod
    def now(cls, story: Story) -> Kept:
        spoken = {one.reference: one.language for one in db.session.scalars(select(Donation))}
        links = {label: receipts.token_of(receipts.by_label(label)) for label in labels()}
        return cls(totals(), states(), spoken, links, len(story.post.mails))


def _donations_of_every_kind(story: Story, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Reference and charge of each, by what is particular about it."""
    area = db.session.scalars(select(Area.name)).first()
    gap: dict[str, tuple[str, str]] = {
        "one fund": story.given("karaganda-four", fund="", currency="EUR", amount="40"),
        "by shares": story.given(amount="33.33"),
        "refunded": story.given(amount="21"),
        "part refunded": story.given(amount="22"),
        "disputed": story.given(amount="23"),
        "pending": story.given(card="bacs_success", amount="24"),
        "came late": story.given(card="bacs_success", amount="26"),
        "discreet": story.given("campaign-kazakhstan", fund="kozlov", amount="25"),
        "other currency": story.given(currency="USD", amount="27"),
        "by region": story.given("fighting-fund", area=str(area), amount="28"),
        "no address": story.given(email="", amount="29"),
        "in russian": story.given(prefix="/ru", amount="30"),
    }
    story.stripe.order("refunds", charge=gap["refunded"][1], amount=2100)
    story.stripe.order("refunds", charge=gap["part refunded"][1], amount=700)
    story.stripe.order("disputes", charge=gap["disputed"][1])
    story.stripe.order(f"charges/{gap['came late'][1]}/succeed")
    with monkeypatch.context() as earlier:  # Before Stripe was told anything but the reference.
        earlier.setattr(restoration, "metadata_of", lambda donation: {"donation": donation.reference})
        gap["old"] = story.given("campaign-kazakhstan", fund="kozlov", amount="31")
    with write_unit():
        appeals_file.load(DEMO + AFTER_THE_COPY, _now())
    gap["new appeal"] = story.given("new-case", amount="35")
    story.hears()
    stripe_sync.sync_transactions(_now())
    return gap


def _as_it_was_or_named(gap: dict[str, tuple[str, str]], lost: Kept) -> None:
    now = states()
    looked_at = db.session.execute(select(Payment, Recovery).join(Recovery, Recovery.payment_id == Payment.id))
    outcome = {one.reference: (row.outcome, row.reason) for one, row in looked_at}
    for name, (reference, _) in gap.items():
        if name == "new appeal":
            assert outcome[reference] == ("not_recovered", "unknown_product")
            assert reference not in now
        elif name == "old":
            assert outcome[reference] == ("estimated", None)
            assert now[reference][0] == lost.states[reference][0]
            assert Donation.by_reference(reference).purpose_estimated
        else:
            donation = Donation.by_reference(reference)
            assert outcome[reference] == ("exact", None), name
            assert now[reference] == lost.states[reference], name
            assert not donation.purpose_estimated
            assert donation.language == lost.languages[reference]


def _now() -> datetime:
    return datetime.now(UTC)


def _by_appeal(of_funds: dict[tuple[str, str], int]) -> dict[tuple[str | None, str], int]:
    slugs = dict(db.session.execute(select(Fund.slug, Appeal.slug).join(Appeal, Appeal.id == Fund.appeal_id)).all())
    found: dict[tuple[str | None, str], int] = {}
    for (slug, currency), minor in of_funds.items():
        key = (slugs.get(slug), currency)  # type: ignore[arg-type]
        found[key] = found.get(key, 0) + minor
    return {key: minor for key, minor in found.items() if minor}
