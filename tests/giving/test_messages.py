"""Supporters' messages: what waits, what is shown, signed how, and when it is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from donations import privacy
from donations.appeals import wordings
from donations.database import write_unit
from donations.errors import NoSuchMessage
from donations.extensions import db
from donations.giving import messages
from donations.models import Appeal, Donation, MessageDecision
from donations.models.base import new_reference
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp

OPEN, SECRET = "hands-off-ali", "campaign-kazakhstan"
MINUTE = timedelta(minutes=1)


def write(text: str = "Hold on, friends.", slug: str = OPEN, name: str = "", paid: bool = True, **columns: Any) -> str:
    """A donation with a message, paid unless told otherwise. Returns its reference."""
    reference = new_reference()
    sealed = {"message_sealed": privacy.seal(text, f"donation:{reference}:message")}
    if name:
        sealed["name_sealed"] = privacy.seal(name, f"donation:{reference}:name")
    with write_unit():
        a_donation(Appeal.any_by_slug(slug), gbp("20.00"), reference=reference, **sealed, **columns)
    if paid:
        hear(a_charge(reference, gbp("20.00")))
    return reference


def approve(*references: str, at: Any = NOON) -> None:
    for number, reference in enumerate(references):
        with write_unit():
            messages.approve(reference, by="treasurer", at=at + number * MINUTE)


def change(reference: str, **columns: Any) -> None:
    with write_unit():
        donation = Donation.by_reference(reference)
        for name, value in columns.items():
            setattr(donation, name, value)


def waiting() -> list[str]:
    fresh()
    return [each.reference for each in messages.listed("waiting", 50)]


def shown(slug: str = OPEN, number: int = 1) -> list[tuple[str, str]]:
    fresh()
    return [(each.signed, each.text) for each in messages.shown(Appeal.any_by_slug(slug), number).messages]


def test_a_message_is_shown_after_approval_and_not_before(app: Flask) -> None:
    reference = write()
    assert (waiting(), shown()) == ([reference], [])
    approve(reference)
    assert (waiting(), shown()) == ([], [("", "Hold on, friends.")])
    assert shown("karaganda-four") == []


def test_only_messages_of_gifts_that_were_received_wait_and_can_be_approved(app: Flask) -> None:
    unpaid, silent = write(paid=False), write("")
    change(silent, message_sealed=None)
    assert waiting() == []
    for reference in (unpaid, silent, "no-such"):
        with pytest.raises(NoSuchMessage):
            approve(reference)
    assert shown() == []


@pytest.mark.parametrize(
    ("display", "name", "signed"),
    [
        ("secret", "Maya Example", ""),
        ("initials", "Maya Ana Example", "M. E."),
        ("initials", "майя", "М."),
        ("initials", "", ""),
        ("name", "Maya Example", "Maya Example"),
        ("name", "", ""),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_message_is_signed_as_its_supporter_chose(app: Flask, display: str, name: str, signed: str) -> None:
    reference = write(name=name, display=display)
    assert messages.find(reference).signed == signed
    approve(reference)
    assert shown() == [(signed, "Hold on, friends.")]


@pytest.mark.parametrize("state", ["refunded", "lost", "failed"])
def test_the_message_of_a_gift_that_does_not_count_any_more_is_gone(app: Flask, state: str) -> None:
    reference = write()
    approve(reference)
    change(reference, state=state)
    assert (shown(), waiting()) == ([], [])
    # and when it counts again, as after a refund that bounced, it is there again
    change(reference, state="part_refunded")
    assert len(shown()) == 1


def test_a_hidden_message_is_gone_at_once_and_both_decisions_are_kept(app: Flask) -> None:
    reference = write()
    approve(reference)
    with write_unit():
        messages.hide(reference, by="another", at=NOON + MINUTE)
    assert (shown(), waiting()) == ([], [])
    kept = db.session.get_one(MessageDecision, Donation.by_reference(reference).id)
    assert (kept.verdict, kept.approved_by, kept.approved_at) == ("hidden", "treasurer", NOON)
    assert (kept.hidden_by, kept.hidden_at) == ("another", NOON + MINUTE)
    approve(reference, at=NOON + 2 * MINUTE)
    assert len(shown()) == 1


def test_a_message_can_be_hidden_whatever_became_of_its_gift(app: Flask) -> None:
    reference = write(slug=SECRET)
    approve(reference)
    tick(NOON)
    change(reference, state="refunded")
    assert len(shown(SECRET)) == 1  # until the tick
    with write_unit():
        messages.hide(reference, by="treasurer", at=NOON)
    assert shown(SECRET) == []


def tick(at: Any) -> None:
    with write_unit():
        messages.publish(at)


def test_a_discreet_appeal_shows_and_withdraws_messages_at_its_ticks(app: Flask) -> None:
    reference = write(slug=SECRET)
    approve(reference)
    assert shown(SECRET) == []
    tick(NOON + 15 * MINUTE)
    assert len(shown(SECRET)) == 1
    change(reference, state="refunded")
    assert len(shown(SECRET)) == 1
    tick(NOON + 30 * MINUTE)
    assert shown(SECRET) == []


def test_the_order_within_a_tick_does_not_tell_when_the_gifts_came(app: Flask) -> None:
    texts = {write(f"message {number}", SECRET): f"message {number}" for number in range(6)}
    approve(*texts)
    tick(NOON)
    assert [text for _, text in shown(SECRET)] == [texts[reference] for reference in sorted(texts)]


def test_the_newest_are_shown_first_a_page_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "PAGE_LENGTH", 3)
    approve(*[write(f"message {number}") for number in range(7)])
    pages = [[text for _, text in shown(number=number)] for number in (1, 2, 3, 4)]
    assert pages == [[f"message {n}" for n in some] for some in ((6, 5, 4), (3, 2, 1), (0,), ())]
    beside = [messages.shown(Appeal.any_by_slug(OPEN), number) for number in (-5, 1, 2, 3, 10**9)]
    assert [(one.newer, one.older) for one in beside] == [(None, 2), (None, 2), (1, 3), (2, None), (999, None)]


def test_when_personal_data_goes_the_message_goes(app: Flask) -> None:
    reference = write(name="Maya Example", display="name")
    approve(reference)
    change(reference, message_sealed=None, name_sealed=None)
    assert shown() == []


def test_the_words_are_kept_sealed_only(app: Flask) -> None:
    approve(write("a word like no other"))
    fresh()
    everything = [repr(row) for table in db.metadata.sorted_tables for row in db.session.execute(table.select()).all()]
    assert not any("a word like no other" in row for row in everything)


def test_a_message_whose_key_is_missing_is_left_out_and_told(app: Flask) -> None:
    reference = write()
    approve(reference)
    change(reference, message_sealed=privacy.seal("other", "donation:somebody-else:message"))
    assert shown() == []
    assert messages.find(reference).text == messages.UNREADABLE


def test_a_gift_that_moves_to_another_appeal_waits_again(app: Flask) -> None:
    reference = write()
    approve(reference)
    other = Appeal.any_by_slug("karaganda-four").id
    change(reference, appeal_id=other, wording_id=wordings.version_at(other, NOON))
    assert (shown(), shown("karaganda-four"), waiting()) == ([], [], [reference])
    approve(reference, at=NOON + MINUTE)
    assert (shown(), waiting()) == ([], [])
    assert len(shown("karaganda-four")) == 1
