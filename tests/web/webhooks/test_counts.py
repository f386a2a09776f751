"""Webhooks are counted by what became of them, without their content; where a person must look, an alarm sounds."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import create_app
from donations.extensions import db
from donations.inbox import counts
from donations.models import Appeal, Mail, WebhookArrival
from tests import events
from tests.events import deliver, fresh, rows
from tests.factories import a_donation


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"ALERT_EMAIL": "treasurer@example.org"}


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "PAUSE_SECONDS", {})
    monkeypatch.setattr(counts, "OTHER_PAUSE_SECONDS", 0)


def counted() -> dict[str, int]:
    fresh()
    return {row.outcome: row.count for row in db.session.scalars(select(WebhookArrival))}


def alarms() -> list[str]:
    fresh()
    return [str(mail.facts["name"]) for mail in db.session.scalars(select(Mail).where(Mail.kind == "alarm"))]


def test_each_webhook_is_counted_by_what_became_of_it(client: FlaskClient, no_pause: None) -> None:
    reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    deliver(client, events.succeeded(reference))
    client.post("/webhooks/stripe", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    client.post("/webhooks/stripe", data=b"{}")
    deliver(client, {"id": "no event"})
    for _ in range(3):
        deliver(client, events.succeeded(reference), signed_at=time.time() - 400)
    deliver(client, {**events.succeeded(reference), "livemode": True})
    assert counted() == {"accepted": 1, "bad_signature": 2, "unreadable": 1, "stale": 3, "other_mode": 1}


def test_an_old_signature_and_the_other_mode_sound_one_alarm_an_hour(client: FlaskClient, no_pause: None) -> None:
    for _ in range(3):
        deliver(client, events.succeeded(None), signed_at=time.time() - 400)
        deliver(client, {**events.succeeded(None), "livemode": True})
    assert sorted(set(alarms())) == ["webhooks of the other mode", "webhooks with an old signature"]
    assert len(alarms()) <= 4  # two, or four where the hour has just turned


def test_a_refused_webhook_without_a_good_signature_sounds_no_alarm(client: FlaskClient, no_pause: None) -> None:
    client.post("/webhooks/stripe", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    assert alarms() == []


def test_a_flood_writes_once(client: FlaskClient) -> None:
    for _ in range(50):
        client.post("/webhooks/stripe", data=b"{}")
    assert counted() == {"bad_signature": 1}


def test_what_cannot_be_counted_changes_no_answer(
    client: FlaskClient, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("disk full")

    monkeypatch.setattr(counts, "bare_write_unit", fail)
    reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    assert deliver(client, events.succeeded(reference)).json == {"handled": True}
    assert client.post("/webhooks/stripe", data=b"{}").json == {"refused": True}
    assert rows("stripe_event") == 1


def test_each_app_counts_for_itself(app: Flask, client: FlaskClient, environ: dict[str, str]) -> None:
    client.post("/webhooks/stripe", data=b"{}")
    other = create_app(environ, TESTING=True)
    other.test_client().post("/webhooks/stripe", data=b"{}")
    with other.app_context():
        db.engine.dispose()
    assert counted() == {"bad_signature": 2}
