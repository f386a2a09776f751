"""How a donation begins: divided over its funds, the same form sent twice kept once, personal data sealed, and what was
shown frozen."""

from __future__ import annotations

import threading
from contextvars import Context
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import giving, privacy
from donations.database import write_unit
from donations.errors import AmountTooSmall, AppealClosed, AppealPaused, DonationTooLarge, TooManyDecimals
from donations.extensions import db
from donations.giving import NewDonation
from donations.models import Appeal, Donation, Fund
from donations.money import Money, maximum
from tests.events import fresh, rows, wait_for_a_lock
from tests.factories import NOON, gbp

MOST = maximum("GBP")
MAYA = NewDonation(
    amount=gbp("20.00"),
    interval="once",
    fund=None,
    name="Maya Example",
    email="maya@example.org",
    message="Hold on, friends.",
    display="initials",
    language="en",
    nonce="a-nonce",
)


def begin(slug: str = "hands-off-ali", fund: str | None = None, **said: Any) -> Donation:
    with write_unit():
        chosen = db.session.scalars(select(Fund).where(Fund.slug == fund)).one() if fund else None
        return giving.begin(Appeal.any_by_slug(slug), replace(MAYA, fund=chosen, **said), NOON)


def allocation(donation: Donation) -> dict[str, int]:
    found = db.session.execute(
        text("SELECT f.slug, a.amount_minor FROM allocation a JOIN fund f ON f.id = a.fund_id WHERE donation_id = :id"),
        {"id": donation.id},
    )
    return {slug: minor for slug, minor in found}  # noqa: C416


def set_shares(**shares: int) -> None:
    with write_unit() as conn:
        for slug, share in shares.items():
            conn.execute(text("UPDATE fund SET share = :share WHERE slug = :slug"), {"share": share, "slug": slug})


def test_a_donation_begins_pending_with_what_was_asked_for(app: Flask) -> None:
    donation = begin()
    fresh()
    kept = Donation.by_reference(donation.reference)
    assert (kept.state, kept.source, kept.interval, kept.language) == ("pending", "card", "once", "en")
    assert (kept.amount, kept.display, kept.created_at, kept.settled_at) == (gbp("20.00"), "initials", NOON, None)
    assert kept.counted_in is None
    assert len(kept.reference) == 20


@pytest.mark.parametrize(
    ("minor", "parts"),
    [
        (2000, {"ali": 1200, "ali-family": 400, "sakharovo": 400}),
        (1999, {"ali": 1199, "ali-family": 400, "sakharovo": 400}),
        (31, {"ali": 19, "ali-family": 6, "sakharovo": 6}),
    ],
)
def test_without_a_fund_a_gift_is_divided_by_the_appeals_shares(app: Flask, minor: int, parts: dict[str, int]) -> None:
    assert allocation(begin(amount=Money(minor, "GBP"))) == parts  # 60, 20 and 20


def test_a_chosen_fund_gets_all_of_it(app: Flask) -> None:
    assert allocation(begin(fund="sakharovo")) == {"sakharovo": 2000}


def test_without_shares_all_funds_get_the_same(app: Flask) -> None:
    parts = allocation(begin("campaign-kazakhstan"))
    assert sum(parts.values()) == 2000
    assert set(parts) == {"kozlov", "kuramshin", "atabek", "campaign-kazakhstan"}
    assert set(parts.values()) == {500}
    assert sorted(allocation(begin("campaign-kazakhstan", amount=Money(2003, "GBP"))).values()) == [500, 501, 501, 501]


def test_a_fund_that_gets_nothing_is_left_out(app: Flask) -> None:
    set_shares(**{"ali": 1, "ali-family": 0, "sakharovo": 0})
    assert allocation(begin()) == {"ali": 2000}
    set_shares(**{"ali": 10**6, "ali-family": 1, "sakharovo": 0})
    assert allocation(begin(amount=Money(31, "GBP"))) == {"ali": 31}


def test_the_only_fund_gets_all_of_it(app: Flask) -> None:
    assert allocation(begin("fighting-fund")) == {"general": 2000}


def test_the_same_form_with_the_same_content_is_the_same_donation(app: Flask) -> None:
    first, second = begin(), begin()
    assert first.reference == second.reference
    assert rows("donation") == 1
    assert rows("allocation") == 3


def test_another_form_with_the_same_content_is_another_donation(app: Flask) -> None:
    assert begin().reference != begin(nonce="another").reference


@pytest.mark.parametrize(
    "other",
    [
        {"amount": gbp("20.01")},
        {"amount": Money(2000, "EUR")},
        {"fund": "ali"},
        {"name": "Mia Example"},
        {"name": "maya example"},
        {"email": "mia@example.org"},
        {"message": "Hold on, friends!"},
        {"display": "secret"},
        {"slug": "karaganda-four"},
    ],
    ids=str,
)
def test_the_same_form_with_other_content_is_another_donation(app: Flask, other: dict[str, Any]) -> None:
    first = begin()
    second = begin(**other)
    assert first.reference != second.reference
    fresh()
    assert rows("donation") == 2


@pytest.mark.databases("postgresql")
def test_the_same_form_sent_twice_at_once_is_one_donation(app: Flask) -> None:
    # given a form whose donation is written and not yet committed
    answers: list[str] = []
    failures: list[BaseException] = []

    def second() -> None:
        with app.app_context():
            try:
                answers.append(begin().reference)
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    thread = threading.Thread(target=Context().run, args=(second,))
    with write_unit() as conn:
        first = giving.begin(Appeal.any_by_slug("hands-off-ali"), MAYA, NOON).reference
        # when the same form arrives on another connection, and waits for the first
        thread.start()
        wait_for_a_lock(conn, failures)
    thread.join(10)
    # then both are the same donation, and there is no error page
    assert failures == []
    assert answers == [first]
    assert rows("donation") == 1


def test_personal_data_is_sealed_and_bound_to_its_row_and_column(app: Flask) -> None:
    donation = begin()
    fresh()
    # given the bytes as they are in the database
    raw = db.session.execute(text("SELECT * FROM donation")).mappings().one()
    everything = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in raw.values())
    # then nothing of the person can be read from them
    for word in (b"Maya", b"maya", b"Example", b"example.org", b"Hold on", b"friends"):
        assert word not in everything
    # and each opens as its own column of its own row only
    identity = f"donation:{donation.reference}"
    assert privacy.unseal(raw["name_sealed"], f"{identity}:name") == "Maya Example"
    assert privacy.unseal(raw["email_sealed"], f"{identity}:email") == "maya@example.org"
    assert privacy.unseal(raw["message_sealed"], f"{identity}:message") == "Hold on, friends."
    assert raw["email_hash"] == privacy.lookup_hash("MAYA@example.org ", "email")
    assert raw["personal_until"] in (date(2032, 11, 21), "2032-11-21")


def test_what_was_not_said_is_not_kept(app: Flask) -> None:
    donation = begin(name="", email="", message="")
    assert (donation.name_sealed, donation.email_sealed, donation.message_sealed, donation.email_hash) == (None,) * 4


def test_the_donors_id_in_the_books_is_random(app: Flask) -> None:
    first, second = begin(), begin(nonce="another")
    assert first.donor_id != second.donor_id
    assert first.donor_id != first.reference


def test_what_was_shown_is_frozen_in_the_supporters_language(app: Flask) -> None:
    # given an appeal that may be named on receipts
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.names_on_receipt, appeal.fee_bearer = True, "general"
    reference = begin(language="ru", fund="ali").reference
    # when its wording and who bears the fee change
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.title, appeal.surplus, appeal.fee_bearer = {"en": "Other"}, {"en": "Other"}, "fund"
    # then the donation keeps what was shown when it was made
    fresh()
    donation = Donation.by_reference(reference)
    assert donation.fee_bearer == "general"
    assert donation.terms["appeal_title"] == "Руки прочь от Али"
    assert donation.terms["fund_names"] == ["Али Феруз"]
    assert donation.terms["restriction"].startswith("If Ali is freed")  # there is no Russian text
    assert donation.terms["organisation"] == "Solidarity Fighting Fund"
    assert donation.terms["statement_descriptor"] == "SFF DONATION"


def test_the_terms_name_nobody_unless_the_appeal_allows_it(app: Flask) -> None:
    for gift in (begin(), begin(fund="ali")):
        assert (gift.terms["appeal_title"], gift.terms["fund_names"], gift.terms["restriction"]) == ("", [], "")
        assert "Ali" not in str(gift.terms)


@pytest.mark.parametrize(
    ("state", "visibility", "refusal"),
    [
        ("closed", "shown", AppealClosed),
        ("paused", "shown", AppealPaused),
        ("draft", "shown", AppealPaused),
        ("open", "holding_page", AppealPaused),
        ("open", "dark", AppealPaused),
    ],
)
def test_an_appeal_that_takes_no_gifts_begins_none(
    app: Flask, state: str, visibility: str, refusal: type[Exception]
) -> None:
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.state, appeal.visibility = state, visibility
    with pytest.raises(refusal):
        begin()
    assert rows("donation") == 0


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (Money(29, "GBP"), AmountTooSmall),
        (Money(0, "GBP"), AmountTooSmall),
        (Money(-2000, "GBP"), AmountTooSmall),
        (Money(MOST.minor + 1, "GBP"), DonationTooLarge),
        (Money(5005, "KWD"), TooManyDecimals),
        (Money(550, "ISK"), TooManyDecimals),
    ],
)
@pytest.mark.databases("sqlite")
def test_an_amount_that_stripe_would_not_take_begins_nothing(
    app: Flask, amount: Money, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        begin(amount=amount)
    assert rows("donation") == 0


def test_the_largest_gift_is_kept_to_the_penny(app: Flask) -> None:
    donation = begin(amount=MOST)
    fresh()
    assert sum(allocation(donation).values()) == MOST.minor
    assert Donation.by_reference(donation.reference).amount == MOST
