"""docs/stripe-objects.md states for every field and event whether anything follows from it: none is missing, and none
is listed that does not exist. The names are copied (stripe_fields.json), and compared with the description."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from donations.inbox import HANDLERS
from tests.house import ROOT

from .openapi import Contract

TABLE = ROOT / "docs" / "stripe-objects.md"
NAMES: dict[str, list[str]] = json.loads((Path(__file__).parent / "stripe_fields.json").read_text(encoding="utf-8"))
FAMILIES = tuple(sorted({name.partition(".")[0] for name in NAMES["events"]}))
VERDICTS = {"recorded", "shown", "done", "no"}


def sections(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """The rows of each table by its heading: name, verdict, where or why."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \|$", part, re.MULTILINE)
        found[part.partition("\n")[0].strip().lower()] = [(name, verdict, why.strip()) for name, verdict, why in rows]
    return found


def faults(text: str, names: dict[str, list[str]]) -> list[str]:
    """Fields that are missing, listed twice, or not in Stripe's description; fields without a verdict or an
    explanation."""
    said, wrong = sections(text), []
    for heading, wanted in names.items():
        rows = said.get(heading, [])
        told = [name for name, _, _ in rows]
        wrong += [f"{heading}: {name} is missing" for name in wanted if name not in told]
        wrong += [f"{heading}: there is no {name}" for name in told if name not in wanted]
        wrong += [f"{heading}: {name} stands twice" for name in set(told) if told.count(name) > 1]
        wrong += [
            f"{heading}: {name} says nothing" for name, verdict, why in rows if verdict not in VERDICTS or not why
        ]
    return wrong


def test_every_field_and_every_event_is_in_the_table() -> None:
    assert faults(TABLE.read_text(encoding="utf-8"), NAMES) == []


def test_every_event_that_we_subscribe_to_is_in_the_table_and_something_follows_from_it() -> None:
    rows = {name: verdict for name, verdict, _ in sections(TABLE.read_text(encoding="utf-8"))["events"]}
    assert {name for name, verdict in rows.items() if verdict != "no"} == set(HANDLERS)


def test_the_copied_names_are_those_of_the_description(contract: Contract) -> None:
    schemas = contract.spec["components"]["schemas"]
    of_objects = {name: sorted(schemas[name]["properties"]) for name in NAMES if name != "events"}
    known = sorted(name for name in contract.event_objects if name.partition(".")[0] in FAMILIES and _is_of_ours(name))
    assert {**of_objects, "events": known} == NAMES


def _is_of_ours(name: str) -> bool:
    return not name.startswith("radar.") or name.startswith("radar.early_fraud_warning.")


def test_the_places_that_the_table_names_are_there() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:: (\w+))?`", TABLE.read_text(encoding="utf-8"))
    for file, function in named:
        place = ROOT / file if file.startswith(("tests/", "donations/")) else ROOT / "donations" / file
        assert place.is_file(), file
        assert not function or f"def {function}(" in place.read_text(encoding="utf-8"), (file, function)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("", "refund: id is missing"),
        ("| `id` | recorded | the key |\n| `colour` | no | why |", "refund: there is no colour"),
        ("| `id` | recorded | the key |\n| `id` | recorded | the key |", "refund: id stands twice"),
        ("| `id` | perhaps | the key |", "refund: id says nothing"),
        ("| `id` | no |  |", "refund: id says nothing"),
    ],
)
def test_a_table_at_fault_would_be_found(rows: str, fault: str) -> None:
    assert faults(f"## refund\n\n{rows}\n", {"refund": ["id"]}) == [fault]
