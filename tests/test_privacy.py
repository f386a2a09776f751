"""Personal data: what is sealed opens only for its own row, with its own key, unchanged."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask import Flask

from donations import config, privacy
from donations.errors import BadSeal
from tests.fixtures.settings import environ_for

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
WHERE = "donation:abc:email"


@contextmanager
def keys(data_key: str) -> Iterator[None]:
    """An app with nothing but these keys."""
    app = Flask(__name__)
    app.config["SETTINGS"] = config.read(environ_for("sqlite:////tmp/none.db") | {"DATA_KEY": data_key})
    with app.app_context():
        yield


@pytest.mark.parametrize("text", ["maya@example.org", "", "Мая — 🕊", "x" * 10_000])
def test_what_is_sealed_can_be_opened(text: str) -> None:
    with keys(f"k1:{OLD}"):
        sealed = privacy.seal(text, WHERE)
        assert privacy.unseal(sealed, WHERE) == text
        assert not text or text.encode() not in sealed


def test_the_same_text_never_looks_the_same() -> None:
    with keys(f"k1:{OLD}"):
        assert privacy.seal("maya", WHERE) != privacy.seal("maya", WHERE)


def test_sealed_bytes_moved_to_another_row_do_not_open() -> None:
    with keys(f"k1:{OLD}"):
        sealed = privacy.seal("maya", WHERE)
        with pytest.raises(BadSeal):
            privacy.unseal(sealed, "donation:abd:email")


def test_one_changed_byte_anywhere_does_not_open() -> None:
    with keys(f"k1:{OLD}"):
        sealed = privacy.seal("maya", WHERE)
        for index in range(len(sealed)):
            changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
            with pytest.raises(BadSeal):
                privacy.unseal(changed, WHERE)


def test_after_a_new_key_the_old_seals_still_open_and_new_ones_use_the_new_key() -> None:
    # given something sealed under the old key
    with keys(f"k1:{OLD}"):
        sealed = privacy.seal("maya", WHERE)
    # when a new key is put before it
    with keys(f"k2:{NEW},k1:{OLD}"):
        # then the old opens, and what is sealed now names the new key
        assert privacy.unseal(sealed, WHERE) == "maya"
        assert privacy.seal("maya", WHERE)[:3] == b"\x02k2"
    # and without the old key it is lost
    with keys(f"k2:{NEW}"), pytest.raises(BadSeal):
        privacy.unseal(sealed, WHERE)


def test_a_lookup_meets_whatever_the_case_and_survives_a_new_key() -> None:
    with keys(f"k1:{OLD}"):
        before = privacy.lookup_hash("Maya@Example.org ", "email")
    with keys(f"k2:{NEW},k1:{OLD}"):
        assert before in privacy.lookup_hashes("maya@example.org", "email")
        assert privacy.lookup_hash("maya@example.org", "email") != before
        assert privacy.lookup_hash("maya@example.org", "address") != before
    with keys(f"k2:{NEW}"):
        assert privacy.lookup_hash("maya@example.org", "email") != before


def test_personal_data_has_a_day_on_which_it_goes() -> None:
    assert privacy.donor_data_until(date(2026, 2, 28)) >= date(2032, 2, 28)
    assert privacy.event_data_until(date(2026, 1, 1)) == date(2026, 2, 5)


def test_what_is_sealed_and_hashed_for_many_rows_is_as_one_by_one(app: Flask) -> None:
    # given
    text, identity = "Майя Пример", "bank_line:7:details"
    # when
    sealed = privacy.sealer()(text, identity)
    hashed = privacy.hasher("email")(" Maya@Example.org ")
    # then
    assert privacy.unseal(sealed, identity) == text
    assert hashed == privacy.lookup_hash("maya@example.org", "email")
