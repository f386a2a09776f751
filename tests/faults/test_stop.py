"""R13: SIGTERM in a flood. What was answered is kept, what is in hand is finished, and it ends by itself in time."""

from __future__ import annotations

import random
import threading
import time

import pytest
from sqlalchemy import select

from donations.cli.serve import GRACE_SECONDS
from donations.extensions import db
from donations.models import StripeEvent
from tests.faults.conftest import inside
from tests.faults.flood import plan
from tests.faults.installation import Installation, wait_for
from tests.faults.senders import Sender


@pytest.mark.slow
def test_when_it_is_told_to_stop_in_a_flood_every_answered_event_is_kept(
    installation: Installation, chance: random.Random, proving: bool
) -> None:
    with inside(installation.environ):
        flood = plan(chance, 600)
    genuine = [delivery for delivery in flood.deliveries if delivery.kind == "genuine"]
    for _ in range(10 if proving else 1):
        # given an installation that takes a flood
        installation.start()
        moment = chance.randint(50, 400)
        sender = Sender(installation.port, genuine)
        sending = threading.Thread(target=sender.run)
        sending.start()

        # when it is told to stop in the middle of it
        wait_for("the middle of the flood", lambda reached=moment, by=sender: by.over >= reached)
        began = time.monotonic()
        code = installation.stop()
        took = time.monotonic() - began
        sender.stopped.set()
        sending.join()

        # then it has ended by itself, in time, with nothing left, and has all it has answered for
        assert code == 0
        assert took < GRACE_SECONDS
        assert installation.everything() == []
        answered = {delivery.id for delivery in genuine if delivery.status == 200}
        with inside(installation.environ):
            kept = {
                row.id: row
                for row in db.session.execute(select(StripeEvent.id, StripeEvent.state, StripeEvent.last_error))
            }
        assert answered - kept.keys() == set()
        assert {kept[event_id] for event_id in answered if kept[event_id].state != "handled"} == set()
        assert len(answered) >= min(moment, 20)
