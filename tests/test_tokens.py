"""Signed links: each opens what it was made for, nothing else, and only while it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from donations import config, tokens
from donations.errors import BadLink
from donations.tokens import FormToken
from tests.fixtures.settings import environ_for

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
OLD, NEW = "the old key of thirty-two characters", "the new key of thirty-two characters"


@contextmanager
def keys(secret_key: str = OLD, fallbacks: str = "") -> Iterator[None]:
    environ = environ_for("sqlite:////tmp/none.db") | {"SECRET_KEY": secret_key, "SECRET_KEY_FALLBACKS": fallbacks}
    app = Flask(__name__)
    app.config["SETTINGS"] = config.read(environ)
    with app.app_context():
        yield


def test_a_link_gives_back_what_it_was_made_of() -> None:
    with keys():
        assert tokens.read_donation(tokens.for_donation("abc")) == "abc"
        assert tokens.read_receipt(tokens.for_receipt("R-1")) == "R-1"
        assert tokens.read_form(tokens.for_form(FormToken("ali", "n1"))) == FormToken("ali", "n1")


def test_a_link_of_one_purpose_does_not_open_another() -> None:
    with keys():
        with pytest.raises(BadLink):
            tokens.read_receipt(tokens.for_donation("abc"))
        with pytest.raises(BadLink):
            tokens.read_donation(tokens.for_receipt("abc"))
        with pytest.raises(BadLink):
            tokens.read_form(tokens.for_donation("abc"))


@pytest.mark.parametrize("broken", ["", "x", "abc.def", "\x00", "é", "a" * 5000])
def test_a_broken_link_is_refused_with_a_sentence(broken: str) -> None:
    with keys():
        for read in (tokens.read_donation, tokens.read_receipt, tokens.read_form):
            with pytest.raises(BadLink):
                read(broken)


def test_a_tampered_link_is_refused() -> None:
    with keys():
        token = tokens.for_donation("abc")
        for index in range(len(token) - 1):
            changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
            with pytest.raises(BadLink):
                tokens.read_donation(changed)


@pytest.mark.parametrize(
    ("age", "good"), [(timedelta(hours=5, minutes=59), True), (timedelta(hours=6, minutes=1), False)]
)
def test_a_form_is_good_for_six_hours(age: timedelta, good: bool) -> None:
    with keys():
        with time_machine.travel(NOW, tick=False):
            token = tokens.for_form(FormToken("ali", "n1"))
        with time_machine.travel(NOW + age, tick=False):
            if good:
                assert tokens.read_form(token).slug == "ali"
            else:
                with pytest.raises(BadLink):
                    tokens.read_form(token)


def test_links_stay_alive_through_a_change_of_key_and_not_beyond_it() -> None:
    # given a link signed with the old key
    with keys(OLD):
        token = tokens.for_receipt("R-1")
    # when the key changes and the old one is kept behind it
    with keys(NEW, fallbacks=OLD):
        # then the link opens, and new ones are signed with the new key
        assert tokens.read_receipt(token) == "R-1"
        fresh = tokens.for_receipt("R-2")
    with keys(NEW):
        assert tokens.read_receipt(fresh) == "R-2"
        with pytest.raises(BadLink):
            tokens.read_receipt(token)


@pytest.mark.parametrize("make", [URLSafeSerializer, URLSafeTimedSerializer])
def test_links_are_signed_with_sha256_and_those_of_before_still_open(make: type) -> None:
    is_timed = make is URLSafeTimedSerializer
    write = tokens.for_confirming if is_timed else tokens.for_receipt
    read = tokens.read_confirming if is_timed else tokens.read_receipt
    with keys():
        # given a link as it was signed before, and one of today
        old = make(OLD, salt=f"fighting-fund.{'follow-confirm' if is_timed else 'receipt'}").dumps("abc")
        fresh = write("abc")
        assert (len(old.rpartition(".")[2]), len(fresh.rpartition(".")[2])) == (27, 43)
        # then both open, and neither opens when its end is changed
        for token in (old, fresh):
            assert read(token) == "abc"
            with pytest.raises(BadLink):
                read(token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb"))
