"""What the web's tests share: a supporter who fills in the form, and a payment service that is only an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from donations import create_app, giving
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealTotal, Donation, FundTotal
from donations.periods import period_of
from donations.web.supporters import checkout
from tests.fixtures.app import Client
from tests.web.checkout_steps import go_on

CHECKOUT = "https://checkout.stripe.com/c/pay/cs_test_invented"
Give = Callable[..., TestResponse]


@pytest.fixture
def to_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's page has an address; whether Stripe makes it so is tested with the sandbox."""
    monkeypatch.setattr(checkout, "open_for", _open_for)
    monkeypatch.setattr(checkout, "look_now", lambda donation, at: None)


def _open_for(donation: Donation, at: datetime) -> str:
    with write_unit():
        kept = db.session.get_one(Donation, donation.id)
        kept.appeal.check_takes_donations()
        giving.attempt_for(kept, {}, at)
    return CHECKOUT


@pytest.fixture
def fill_in(app: Flask, client: FlaskClient, to_stripe: None) -> Give:
    """Sends the form of an appeal as a browser would: fill_in(slug, field=..., headers=...). A field None is left
    out."""

    def post(slug: str = "hands-off-ali", prefix: str = "", headers: dict[str, str] | None = None, **typed: Any) -> Any:
        fields = {"amount": "20", "currency": "GBP", "interval": "once", "fund": "", "name": ""}
        fields |= {"email": "", "message": "", "display": "secret", **typed}
        sent = {name: value for name, value in fields.items() if value is not None}
        return client.post(f"{prefix}/appeals/{slug}/donations", data=sent, headers=headers)

    return post


@pytest.fixture
def give(client: FlaskClient, fill_in: Give) -> Give:
    """Sends the form and continues from its check, if the form leads there. Returns the last answer."""

    def post(*args: Any, **typed: Any) -> TestResponse:
        answer = fill_in(*args, **typed)
        return go_on(client, answer.location) if answer.status_code == 303 else answer

    return post


@pytest.fixture
def raise_to(appeals: dict[str, Appeal]) -> Callable[..., None]:
    """Sets the stored total of an appeal, as if donations had come: raise_to(slug, minor, donations=...)."""

    def set_total(slug: str, minor: int, donations: int = 1, at: datetime | None = None) -> None:
        at = at or datetime.now(UTC)
        with write_unit():
            appeal = Appeal.any_by_slug(slug)
            start = period_of(appeal.period, at.date())
            fund = {"fund_id": appeal.funds[0].id, "period_start": start, "currency": appeal.currency}
            db.session.merge(FundTotal(**fund, raised_minor=minor))
            known = db.session.get(AppealTotal, (appeal.id, start))
            version = known.version + 1 if known else 1
            db.session.merge(
                AppealTotal(appeal_id=appeal.id, period_start=start, donations=donations, version=version, as_of=at)
            )

    return set_total


@pytest.fixture
def change(app: Flask) -> Callable[..., None]:
    """Writes columns of an appeal: change(slug, state="closed")."""

    def write(slug: str, **columns: Any) -> None:
        with write_unit():
            appeal = Appeal.any_by_slug(slug)
            for name, value in columns.items():
                setattr(appeal, name, value)

    return write


def kept() -> int:
    """How many donations the database holds."""
    return db.session.scalar(select(func.count()).select_from(Donation)) or 0


class Time:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def keeping(app: Flask, environ: dict[str, str], clock: Time) -> Iterator[FlaskClient]:
    """The same installation as a server runs it, with a clock of ours."""
    served = create_app(environ, TESTING=True, KEEP_SECONDS=1.0)
    served.test_client_class = Client
    for name in ("shelf", "embeds", "showing"):
        served.extensions[name].clock = clock
    yield served.test_client()
    with served.app_context():
        db.engine.dispose()


@pytest.fixture
def statements(keeping: FlaskClient) -> list[str]:
    """What the served app asks of its database."""
    asked: list[str] = []
    with keeping.application.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda conn, cursor, said, *_: asked.append(said))
    return asked
