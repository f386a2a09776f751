"""Every page a supporter can come to, in every state, on one small installation served from memory: no worker and no
sandbox, so that hundreds of looks at pages take seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from donations import appeals, create_app, privacy, totals
from donations.appeals import wordings
from donations.data_requests import link_token
from donations.database import write_unit
from donations.extensions import db
from donations.giving import messages
from donations.models import Appeal, AppealTotal, Donation, Fund, FundTotal, Payment
from donations.periods import period_of
from donations.receipts import live_of, token_of
from donations.tokens import check_code, for_return
from tests.events import a_charge, an_attempt, hear
from tests.factories import a_donation
from tests.fixtures.databases import make_tables
from tests.fixtures.settings import environ_for

APPEALS = Path(__file__).parents[2] / "appeals.toml"
EMAIL = "maya@example.org"  # of every donation
STATES = ("pending", "processing", "failed", "abandoned", "part_refunded", "refunded", "disputed", "lost")
RAISED = {
    "hands-off-ali": (639150, 214), "campaign-kazakhstan": (431700, 61), "fighting-fund": (2137544, 873),
    "karaganda-four": (685000, 96), "kurmanov": (151250, 74),
}  # fmt: skip
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass
class Gallery:
    """Where the pages are. `paths` by name, without a language in front; `app` for what a test changes meanwhile."""

    app: Flask
    url: str = ""
    paths: dict[str, str] = field(default_factory=dict)

    def change(self, slug: str, **columns: object) -> None:
        """Write columns of an appeal while its page is open; its total has a new version."""
        with self.app.app_context(), write_unit():
            appeal = Appeal.any_by_slug(slug)
            for name, value in columns.items():
                setattr(appeal, name, value)
            totals.touch(appeal, at=datetime.now(UTC))

    def raise_to(self, slug: str, minor: int, count: int) -> None:
        """Set the total, as if donations had come."""
        with self.app.app_context():
            _raise(slug, minor, count, datetime.now(UTC))


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def open_gallery(folder: Path) -> Iterator[Gallery]:
    """The installation, served on a free port."""
    environ = {**environ_for(f"sqlite:///{folder / 'gallery.db'}"), "PUBLIC_URL": "http://127.0.0.1"}
    gallery = Gallery(create_app(environ))
    gallery.app.add_url_rule("/broken", "broken", _break)
    with gallery.app.app_context():
        make_tables()
        _hang_pages(gallery)
        db.session.remove()
        db.engine.dispose()
    server = make_server("127.0.0.1", 0, gallery.app, threaded=True, request_handler=_Quiet)
    gallery.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield gallery
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with gallery.app.app_context():
            db.engine.dispose()


def _break() -> str:
    raise ZeroDivisionError


def _hang_pages(gallery: Gallery) -> None:
    now = datetime.now(UTC)
    with write_unit():
        appeals.load(APPEALS.read_text(encoding="utf-8"), at=now)
        _more_appeals()
    for slug, (minor, count) in RAISED.items():
        _raise(slug, minor, count, now)
    with write_unit():
        totals.publish(Appeal.by_slug("campaign-kazakhstan"), now)
    slugs = ("hands-off-ali", "campaign-kazakhstan", "fighting-fund", "karaganda-four", "kurmanov")
    others = ("paused", "closing", "moving", "holding", "hidden", "no-goal")
    gallery.paths = {
        "home": "/", "about": "/about", "not-found": "/no/such/page", "broken": "/broken", "styleguide": "/styleguide",
        **{name: f"/appeals/{name}" for name in slugs}, **{name: f"/appeals/{name}-appeal" for name in others},
    }  # fmt: skip
    for state in STATES:
        gallery.paths[state] = _donation(state, now)
    gallery.paths["declined"] = _declined(now, is_asked=False)
    gallery.paths["checking"] = _declined(now, is_asked=True)
    gallery.paths["paid"], gallery.paths["receipt"], gallery.paths["genuine"] = _paid(now)
    gallery.paths["your-data-ask"], gallery.paths["your-data"] = "/your-data", f"/your-data/{link_token(EMAIL)}"
    gallery.paths["unknown"] = "/receipts/check/R-000001/XXXXX-XXXXX"
    _message("hidden-appeal", now)


def _more_appeals() -> None:
    def an_appeal(name: str, **columns: object) -> None:
        said = {"state": "open", "currency": "GBP", "goal_minor": 500000, "title": {"en": f"An appeal, {name}"}}
        appeal = Appeal(slug=f"{name}-appeal", position=9, summary={"en": f"{LONG}."}, **(said | columns))
        appeal.funds = [Fund(slug=f"{name}-fund", kind="campaign", name={"en": "A fund"}, share=0, position=0)]
        db.session.add(appeal)
        db.session.flush()
        wordings.record(appeal, by="test", at=datetime.now(UTC), source="file")

    an_appeal("paused", state="paused")
    an_appeal("closing")
    an_appeal("moving")
    an_appeal("holding", state="paused", visibility="holding_page")
    an_appeal("hidden", visibility="amounts_hidden")
    an_appeal("no-goal", goal_minor=None, title={"en": LONG})


def _raise(slug: str, minor: int, count: int, at: datetime) -> None:
    """The stored total, as if donations had come: two thirds to the first fund."""
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        start = period_of(appeal.period, at.date())
        first, rest = appeal.funds[0], appeal.funds[1:2]
        parts = {first.id: minor - minor // 3 * len(rest), **{fund.id: minor // 3 for fund in rest}}
        for fund_id, part in parts.items():
            total = {"fund_id": fund_id, "period_start": start, "currency": appeal.currency, "raised_minor": part}
            db.session.merge(FundTotal(**total))
        known = db.session.get(AppealTotal, (appeal.id, start))
        version = known.version + 1 if known else 1
        row = {"appeal_id": appeal.id, "period_start": start, "donations": count, "version": version, "as_of": at}
        db.session.merge(AppealTotal(**row))


def _donation(state: str, at: datetime) -> str:
    with write_unit():
        donation = a_donation(Appeal.by_slug("hands-off-ali"), state=state, at=at - timedelta(hours=1))
        an_attempt(donation, state="open" if state == "pending" else "complete")
    return f"/donations/{for_return(donation.reference)}"


def _declined(at: datetime, *, is_asked: bool) -> str:
    path = _donation("pending", at)
    with write_unit():
        donation = db.session.query(Donation).order_by(Donation.id.desc()).first()
        assert donation is not None
        charge = f"ch_declined_{donation.id}"
        db.session.add(
            Payment(charge_id=charge, donation_id=donation.id, failed_at=at, first_seen_at=at - timedelta(minutes=1))
        )
        # Looked at just now, which puts off the next look; or never, so that opening the page asks for one.
        donation.attempts[0].look_at = None if is_asked else at + timedelta(days=1)
    return path


def _paid(at: datetime) -> tuple[str, str, str]:
    with write_unit():
        donation = a_donation(Appeal.by_slug("hands-off-ali"), split={"ali": 1200, "ali-family": 800}, at=at)
        reference, amount = donation.reference, donation.amount
    hear(a_charge(reference, amount))
    receipt = live_of(Donation.by_reference(reference).id)
    assert receipt is not None
    code = check_code(receipt.label, receipt.payload)
    page, checked = f"/receipts/{token_of(receipt)}", f"/receipts/check/{receipt.label}/{code}"
    return f"/donations/{for_return(reference)}", page, checked


def _message(slug: str, at: datetime) -> None:
    """One that is shown, with a word longer than a small phone is wide."""
    with write_unit():
        donation = a_donation(Appeal.by_slug(slug), state="paid", at=at)
        where = f"donation:{donation.reference}:message"
        donation.message_sealed = privacy.seal(f"Hold on. {LONG}", where)
        messages.approve(donation.reference, by="a treasurer", at=at)
