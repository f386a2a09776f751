"""docs/security.md names tests that there are, for every chapter that applies."""

from __future__ import annotations

import re

import pytest

from tests import promises
from tests.house import ROOT

pytestmark = pytest.mark.databases("sqlite")
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one[0]).is_file() or (one[1] and not promises.defines(*one))] == []


def test_each_chapter_stands_there_once() -> None:
    chapters = re.findall(r"^\| (V\d+(?:, V\d+)*)", TEXT, re.MULTILINE)
    assert ", ".join(chapters).split(", ") == [
        *(f"V{n}" for n in range(1, 11)),
        "V17",
        *(f"V{n}" for n in range(11, 17)),
    ]
