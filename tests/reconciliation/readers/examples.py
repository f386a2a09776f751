"""The example files, and files made in a test from a few words."""

from __future__ import annotations

from pathlib import Path

from donations.reconciliation import readers
from donations.reconciliation.readers import ColumnMap, ReadLine, ReadStatement, ReadStatements

FOLDER = Path(__file__).parents[1] / "files"
FILES = sorted(FOLDER.iterdir())


def example(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def read(data: bytes | str, column_map: ColumnMap | None = None, currency: str = "GBP") -> ReadStatements:
    return readers.read(data.encode() if isinstance(data, str) else data, column_map=column_map, currency=currency)


def only(data: bytes | str, column_map: ColumnMap | None = None, currency: str = "GBP") -> ReadStatement:
    """The one statement of a file."""
    (statement,) = read(data, column_map, currency).statements
    return statement


def minors(statement: ReadStatement) -> list[int]:
    return [line.amount.minor for line in statement.lines]


def said(line: ReadLine) -> tuple[str, int, str, str, str, str]:
    return (
        line.booked_on.isoformat(), line.amount.minor, line.native_id, line.name, line.account, line.text,
    )  # fmt: skip
