"""`donations messages`: list, show, approve and hide, with exit codes one can rely on."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from donations.errors import NoSuchMessage
from donations.models import Donation
from tests.giving.test_messages import write


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["messages", *words])


def test_nothing_waits_at_first(app: Flask) -> None:
    done = run(app, "list")
    assert (done.exit_code, done.output) == (0, "No messages are waiting.\n")
    assert json.loads(run(app, "list", "--json").output) == {"messages": []}


def test_what_waits_is_listed_as_its_supporter_lets_it_be_seen(app: Flask) -> None:
    secret = write("A long word. " * 20, name="Maya Example")
    named = write("Hold on.\nWe are with you.", name="Ana Example", display="name")
    done = run(app, "list")
    assert done.exit_code == 0
    assert f"{secret}  2026-11-21 12:00  hands-off-ali  £20.00  (no name)" in done.output
    assert f"{named}  2026-11-21 12:00  hands-off-ali  £20.00  Ana Example\n    Hold on. We are" in done.output
    assert "Maya" not in done.output
    assert done.output.endswith("waiting: 2\n")


def test_the_list_for_machines(app: Flask) -> None:
    reference = write("Hold on.", name="Ana Example", display="initials")
    (said,) = json.loads(run(app, "list", "--json").output)["messages"]
    assert said == {
        "reference": reference, "appeal": "hands-off-ali", "state": "waiting", "given_at": "2026-11-21T12:00:00+00:00",
        "amount_minor": 2000, "currency": "GBP", "name": "A. E.", "text": "Hold on.", "decisions": [],
    }  # fmt: skip


def test_an_approved_message_stands_on_the_page_until_it_is_hidden(app: Flask, client: FlaskClient) -> None:
    reference = write("Hold on,\n<b>friends</b>.")
    assert "Hold on" not in client.get("/appeals/hands-off-ali").text
    done = run(app, "approve", reference)
    assert (done.exit_code, done.output) == (0, f"{reference}: approved\n")
    page = client.get("/appeals/hands-off-ali").text
    assert "Hold on,\n&lt;b&gt;friends&lt;/b&gt;." in page
    assert "Anonymous" in page
    assert "Hold on" not in client.get("/appeals/hands-off-ali/total.json").text
    done = run(app, "hide", reference)
    assert (done.exit_code, done.output) == (0, f"{reference}: hidden\n")
    assert "Hold on" not in client.get("/appeals/hands-off-ali").text
    shown = run(app, "show", reference).output
    assert "approved by" in shown
    assert "hidden by" in shown
    assert [one["did"] for one in json.loads(run(app, "show", reference, "--json").output)["decisions"]]


def test_a_discreet_appeal_says_when_it_will_show_a_message(app: Flask, client: FlaskClient) -> None:
    reference = write(slug="campaign-kazakhstan")
    assert "at the next update of the appeal's total" in run(app, "approve", reference).output
    assert "Hold on" not in client.get("/appeals/campaign-kazakhstan").text


def test_the_lists_by_state(app: Flask) -> None:
    first, second = write(), write()
    run(app, "approve", first)
    run(app, "hide", second)
    for state, reference in (("approved", first), ("hidden", second)):
        assert reference in run(app, "list", "--state", state).output
    assert run(app, "list", "--state", "lost").exit_code == 2


@pytest.mark.parametrize("verb", ["show", "approve", "hide"])
def test_an_unknown_reference_is_refused(app: Flask, verb: str) -> None:
    done = run(app, verb, "no-such-reference")
    assert done.exit_code == 1
    assert isinstance(done.exception, NoSuchMessage)  # `main` says it in a sentence


def test_older_messages_are_a_plain_link_away(app: Flask, client: FlaskClient) -> None:
    for number in range(12):
        run(app, "approve", write(f"message {number}."))
    first, second = (client.get(f"/appeals/hands-off-ali{query}").text for query in ("", "?messages=2"))
    assert 'href="/appeals/hands-off-ali?messages=2#messages"' in first
    assert 'href="/appeals/hands-off-ali#messages"' in second
    assert ("message 11." in first, "message 11." in second, "message 0." in second) == (True, False, True)
    for query in ("?messages=0", "?messages=x", f"?messages={'9' * 30}"):
        assert client.get(f"/appeals/hands-off-ali{query}").status_code == 200


def test_a_decision_is_kept_by_name(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "rosa")
    reference = write()
    run(app, "approve", reference)
    assert "approved by rosa on " in run(app, "show", reference).output
    assert Donation.by_reference(reference).message_sealed is not None
