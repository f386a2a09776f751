"""The data keys: a wrong or missing one stops before anything is sealed, and every sealed column is rotated."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, text, update

from donations import config, data_keys, privacy
from donations.cli import key_guard
from donations.data_keys import columns, rotation
from donations.database import snapshot, write_unit
from donations.errors import BadSeal, BadSetting, DataKeyMissing, DataKeyUnknown, WrongDataKey
from donations.extensions import db
from donations.models import DataKey, Staff
from donations.reconciliation import file_store
from donations.staff import people
from tests import house
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import accepted

AT = datetime(2026, 11, 22, tzinfo=UTC)
K1, K2, K3 = bytes(range(32)), bytes([2]) * 32, bytes([3]) * 32


def use(app: Flask, **keys: bytes) -> None:
    """As after a start with this DATA_KEY; the first one seals."""
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], data_keys=keys)
    data_keys.forget_ring()


def known() -> Mapping[str, Any]:
    with snapshot() as conn:
        return {row.key_id: row for row in conn.execute(select(DataKey.__table__))}


def test_every_column_with_bytes_is_sealed_hashed_or_neither_as_the_lists_say() -> None:
    # given every column of the models that holds bytes
    found = {
        (table.name, column.name)
        for table in db.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    # then each is in one list, so that no rotation can miss it
    hashes = {(table, name) for (table, _), (name, _) in columns.HASHED.items()}
    listed = [*columns.SEALED, *hashes, *columns.LASTING_HASHES, *columns.NO_KEY]
    assert sorted(listed) == sorted(found)
    assert {each for each in found if each[1].endswith("_sealed")} == set(columns.SEALED)


def test_what_each_seal_is_bound_to_is_what_the_list_says(app: Flask, appeals: dict) -> None:
    """The seal identities in the sources; what was sealed opens by the list."""
    accepted(2500)
    _fill()
    with snapshot() as conn:
        opened = {
            (table_name, column_name)
            for (table_name, column_name), bound_to in columns.SEALED.items()
            for row in conn.execute(select(columns.table_of(table_name))).mappings()
            if row[column_name] is not None and privacy.unseal(row[column_name], bound_to.format(**row))
        }
    assert ("staff", "email_sealed") in opened
    sources = "".join(path.read_text(encoding="utf-8") for path in (house.ROOT / "donations").rglob("*.py"))
    said = {re.sub(r"{[^}]*}", "{}", found) for found in re.findall(r'f"(\w+:{[^"]*)"', sources)}
    for bound_to in set(columns.SEALED.values()) - {"data_key:{key_id}:lookup"}:
        alike = re.sub(r"{[^}]*}", "{}", bound_to)
        assert said & {alike, f"{alike.rpartition(':')[0]}:{{}}"}, bound_to


def test_another_key_under_the_same_id_seals_nothing(app: Flask, appeals: dict) -> None:
    accepted(2500)
    use(app, k1=K2)
    for attempt in (
        lambda: privacy.seal("maya", "donation:abc:name"),
        lambda: privacy.lookup_hash("maya", "form"),
        lambda: accepted(100),
        key_guard.prove_keys,
    ):
        with pytest.raises(WrongDataKey, match="Data key k1 is not the key that encrypted this database"):
            attempt()
    with snapshot() as conn:
        assert data_keys.needed(conn, ["k1"])[""] == 0


@pytest.mark.parametrize("command", [["ledger", "check"], ["worker"], ["serve"], ["stripe", "sync"], ["staff", "list"]])
def test_every_start_and_command_stops_with_the_sentence(app: Flask, command: list[str]) -> None:
    use(app, k1=K2)
    answer = app.test_cli_runner().invoke(args=command)
    assert (answer.exit_code, type(answer.exception)) == (1, WrongDataKey)


def test_without_a_key_that_is_still_needed_nothing_starts(app: Flask) -> None:
    use(app, k2=K2)
    with pytest.raises(DataKeyMissing, match="k1"):
        key_guard.prove_keys()
    with pytest.raises(DataKeyMissing, match="k1"):
        privacy.seal("maya", "donation:abc:name")
    assert list(known()) == ["k1"]


def test_a_new_key_is_recorded_at_a_start_and_used_by_nobody_before(app: Flask) -> None:
    use(app, k2=K2, k1=K1)
    with pytest.raises(DataKeyUnknown, match="k2"):
        privacy.seal("maya", "donation:abc:name")
    key_guard.prove_keys()
    assert [row.number for row in known().values()] == [1, 2]
    assert privacy.seal("maya", "donation:abc:name").startswith(b"\2k2")


def test_a_database_of_the_time_before_is_opened_by_its_own_key_only(app: Flask, appeals: dict) -> None:
    # given rows sealed with k1, and no record of it
    accepted(2500)
    with write_unit() as conn:
        people.invite(conn, "maya@example.org", {"admin"}, language="en", by="cli:test", at=AT)
    with write_unit() as conn:
        conn.execute(text("DELETE FROM data_key"))
    for keys, fault in (({"k1": K2}, WrongDataKey), ({"k2": K2}, DataKeyMissing)):
        use(app, **keys)
        with pytest.raises(fault, match="k1"):
            key_guard.prove_keys()
        assert known() == {}
    use(app, k2=K2, k1=K1)
    key_guard.prove_keys()
    assert {key_id: row.number for key_id, row in known().items()} == {"k1": 1, "k2": 2}


def test_two_keys_with_one_id_are_refused() -> None:
    both = ",".join(f"k1:{base64.b64encode(key).decode()}" for key in (K1, K2))
    with pytest.raises(BadSetting, match="two keys with the id k1"):
        config.read(environ_for("sqlite:////tmp/none.db") | {"DATA_KEY": both})


def rotate(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=["keys", "rotate", "data", "--yes"])
    assert answer.exit_code == 0, (answer.output, answer.exception)


def test_a_rotation_seals_everything_anew_and_the_old_key_can_go(app: Flask, appeals: dict, tmp_path: Path) -> None:
    # given something sealed in every column, a file, and hashes, all under k1
    app.config["FILES_FOLDER"] = str(tmp_path)
    accepted(2500)
    _fill()
    evidence = file_store.keep("evidence", b"%PDF-1.7 an invoice")
    lasting = _lasting()
    # when k2 is put in front and everything is sealed again
    use(app, k2=K2, k1=K1)
    rotate(app)
    # then k1 can go, and all opens, is found, and meets what was hashed before
    use(app, k2=K2)
    key_guard.prove_keys()
    with snapshot() as conn:
        left = data_keys.needed(conn, ["k1", "k2"])
        assert (left["k1"], left[""]) == (0, 0)
        for (table_name, column_name), bound_to in columns.SEALED.items():
            found = [row for row in conn.execute(select(columns.table_of(table_name))).mappings() if row[column_name]]
            for row in found:
                assert privacy.unseal(row[column_name], bound_to.format(**row))
        for (table_name, column_name), (hash_name, purpose) in columns.HASHED.items():
            for row in conn.execute(select(columns.table_of(table_name))).mappings():
                if row[column_name] is not None:
                    plain = privacy.unseal(row[column_name], columns.SEALED[table_name, column_name].format(**row))
                    assert row[hash_name] == privacy.lookup_hash(plain, purpose)
    assert file_store.read("evidence", evidence) == b"%PDF-1.7 an invoice"
    assert people.find_by_email("Maya@example.org") is not None
    assert _lasting() == lasting
    assert known()["k1"].retired_at is not None
    # and once more, with what the first rotation kept
    use(app, k3=K3, k2=K2)
    rotate(app)
    use(app, k3=K3)
    assert _lasting() == lasting
    assert people.find_by_email("maya@example.org") is not None
    use(app, k3=K3, k1=K3)
    with pytest.raises(WrongDataKey):  # The id of a retired key is not free for another one.
        key_guard.prove_keys()


def test_a_rotation_goes_on_where_it_was_stopped_and_readers_find_old_and_new(app: Flask, appeals: dict) -> None:
    _fill()
    use(app, k2=K2, k1=K1)
    key_guard.prove_keys()
    assert people.find_by_email("maya@example.org") is not None
    with write_unit() as conn:
        first = rotation.seal_batch(conn, "staff", "email_sealed", None, size=1)
    assert first.sealed == 1
    assert {bool(people.find_by_email(f"{name}@example.org")) for name in ("maya", "noor")} == {True}
    with write_unit() as conn:
        assert rotation.retire(conn, at=AT)["k1"] > 0
    assert known()["k1"].retired_at is None
    rotate(app)
    assert known()["k1"].retired_at is not None


def test_what_changes_while_a_batch_is_sealed_is_not_overwritten(app: Flask) -> None:
    _fill()
    use(app, k2=K2, k1=K1)
    key_guard.prove_keys()
    with snapshot() as conn:
        before = conn.execute(select(Staff.id, Staff.email_sealed)).all()
    with write_unit() as conn:
        conn.execute(update(Staff).values(name_sealed=None))
    with write_unit() as conn:
        for name in ("name_sealed", "email_sealed"):
            rotation.seal_batch(conn, "staff", name, None)
    with snapshot() as conn:
        assert {row.name_sealed for row in conn.execute(select(Staff.name_sealed))} == {None}
    assert before


def test_a_key_that_is_lost_for_good_holds_nothing_up(app: Flask, appeals: dict) -> None:
    _fill()
    use(app, k2=K2)
    answer = app.test_cli_runner().invoke(args=["keys", "lost", "k1", "--yes"])
    assert answer.exit_code == 0, answer.exception
    assert "sealed values" in answer.output
    key_guard.prove_keys()
    assert privacy.seal("maya", "donation:abc:name").startswith(b"\2k2")
    with snapshot() as conn, pytest.raises(BadSeal):
        privacy.unseal(conn.scalar(select(Staff.email_sealed)), "staff:x:email")


def _lasting() -> list[bytes]:
    """Hashes of texts that are stored nowhere, so that they cannot be made again."""
    purposes = (
        "form",
        "bank line",
        "bank line number",
        "bank payer",
        "staff recovery maya",
        "staff place",
        "receipt:R-1",
    )
    return [privacy.lookup_hash("text", purpose) for purpose in purposes]


def _fill() -> None:
    """One value in every sealed column that a row can be made for, as the list binds it; and two people."""
    with write_unit() as conn:
        for name in ("maya", "noor"):
            people.invite(conn, f"{name}@example.org", {"admin"}, language="en", by="cli:test", at=AT)
    with write_unit() as conn:
        for (table_name, column_name), bound_to in columns.SEALED.items():
            table = columns.table_of(table_name)
            (number,) = table.primary_key.columns
            if table_name == "data_key":
                continue
            for row in conn.execute(select(table)).mappings().all():
                sealed = privacy.seal(f"{column_name} of {row[number.name]}", bound_to.format(**row))
                if row[column_name] is None:
                    conn.execute(update(table).where(number == row[number.name]).values({column_name: sealed}))


def test_doctor_names_old_keys_that_are_needed_and_those_that_are_not(app: Flask, appeals: dict) -> None:
    def said() -> list[str]:
        with snapshot() as conn:
            found = data_keys.findings(conn, app.config["SETTINGS"].data_keys)
            return [f"{level}: {sentence}" for level, _, sentence in found]

    assert said() == ["ok: k1 seals, and fits this database"]
    _fill()
    use(app, k1=K2)
    assert any(line.startswith("fault: Data key k1 is not the key") for line in said())
    use(app, k2=K2)
    assert any(line.startswith("fault: Data key k1 is still needed") for line in said())
    use(app, k2=K2, k1=K1)
    key_guard.prove_keys()
    assert any(line.startswith("warning: k1 is old, and ") for line in said())
    rotate(app)
    assert "warning: k1 is not needed any more. Take it out of DATA_KEY" in said()
    use(app, k2=K2)
    assert said() == ["ok: k2 seals, and fits this database"]
