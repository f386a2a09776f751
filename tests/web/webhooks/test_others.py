"""Events that are well signed and not ours, or that only name their thing: kept, answered with 200, entered nowhere,
and told to an operator."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.extensions import db
from donations.models import Mail, StripeEvent
from tests import events
from tests.events import deliver
from tests.fixtures.settings import environ_for
from tests.web.webhooks.steps import NOTHING, kept, total


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    return {**environ_for(database_url), "ALERT_EMAIL": "treasurer@example.org"}


OTHERS = {
    "a connected account": {"account": "acct_another"},
    "an organisation's destination": {"context": "acct_another"},
    "the other mode": {"livemode": True},
}


@pytest.mark.parametrize("whose", OTHERS)
def test_an_event_of_somebody_else_is_kept_and_ignored_and_somebody_is_told(
    client: FlaskClient, reference: str, whose: str
) -> None:
    # when events come that are not our own, well signed
    for _ in range(2):
        answer = deliver(client, {**events.succeeded(reference), **OTHERS[whose]})
        assert (answer.status_code, answer.json) == (200, {"ignored": True})
    # then nothing is entered, an operator sees why, and is told once a day
    assert kept() == {**NOTHING, "stripe_event": 2, "mail": 1}
    assert total(client) == (0, 0)
    reasons = set(db.session.scalars(select(StripeEvent.last_error)))
    assert reasons == {"of the other mode: live" if whose == "the other mode" else "of another account: acct_another"}
    (alarm,) = db.session.scalars(select(Mail).where(Mail.kind == "alarm"))
    assert alarm.facts["kind"] == ("other_mode" if whose == "the other mode" else "other_account")


NOTICES = {
    "a thin event": {"type": "v1.charge.succeeded", "created": "2026-11-21T12:00:00.000Z",
                     "related_object": {"id": "ch_1", "type": "charge", "url": "/v1/charges/ch_1"}},
    "the ping of an event destination": {"type": "v2.core.event_destination.ping", "created": "2026-11-21T12:00:00Z",
                                         "context": None},
    "a shape that is younger than we are": {"object": "v3.event", "type": "charge.succeeded", "created": 1795262400},
}  # fmt: skip


@pytest.mark.parametrize("notice", NOTICES)
def test_a_signed_event_that_only_names_its_thing_is_kept_and_ignored(client: FlaskClient, notice: str) -> None:
    said = {"id": "evt_thin", "object": "v2.core.event", "livemode": False, **NOTICES[notice]}
    for answered in ("ignored", "duplicate"):
        answer = deliver(client, said)
        assert (answer.status_code, answer.json) == (200, {answered: True})
    assert kept() == {**NOTHING, "stripe_event": 1}
