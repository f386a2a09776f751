"""What is promised in words has a test: every row of docs/promises.md names one that exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house import ROOT

TABLE = ROOT / "docs" / "promises.md"
HEADINGS = "| promise | where it is made | test |\n|---|---|---|\n"


def rows() -> list[list[str]]:
    body = TABLE.read_text(encoding="utf-8").partition(HEADINGS)[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line.strip()]


def missing_tests(cell: str) -> list[str]:
    """The tests named in a cell, as `file::function`, that there are not."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)
    return [f"{file}::{name}" for file, name in named if not _defines(file, name)] if named else [f"none in {cell!r}"]


def _defines(file: str, name: str) -> bool:
    path = ROOT / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.walk(tree))


def test_every_promise_names_a_test_that_exists() -> None:
    faults = [(row[0], missing_tests(row[2]) if len(row) == 3 else "not three cells") for row in rows()]
    assert [fault for fault in faults if fault[1]] == []


def test_no_promise_stands_in_the_table_twice() -> None:
    said = [row[0] for row in rows()]
    assert sorted(set(said)) == sorted(said)


@pytest.mark.parametrize("cell", ["", "`tests/nowhere.py::test_x`", "`tests/test_promises.py::test_that_is_not`"])
def test_a_row_without_its_test_would_be_found(cell: str) -> None:
    assert missing_tests(cell)
