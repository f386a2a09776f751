"""What the webhook's tests have in common: what is kept, and what the public sees."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.events import fresh, rows

OLD_SECRET = "whsec_the_one_before"


BOOKS = ("stripe_event", "payment", "entry", "posting", "receipt", "mail")


def kept() -> dict[str, int]:
    fresh()
    return {table: rows(table) for table in BOOKS}


NOTHING = dict.fromkeys(BOOKS, 0)


ONE_DONATION = {"stripe_event": 1, "payment": 1, "entry": 1, "posting": 2, "receipt": 1, "mail": 1}


def total(client: FlaskClient, slug: str = "hands-off-ali") -> tuple[int, int]:
    said = client.get(f"/appeals/{slug}/total.json").json
    assert said is not None
    return said["raised_minor"], said["donations"]
