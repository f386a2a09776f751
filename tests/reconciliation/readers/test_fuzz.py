"""R18: whatever bytes a reader is given, it answers with statements or with our own error, and memory stays bounded."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from donations.errors import BadStatement, BadStatementLine, StatementAskedFor, StatementTooLarge
from tests.reconciliation.readers.examples import FILES, read

SMALL = 40 * 1024 * 1024


def outcome(data: bytes) -> str:
    """Anything but our own error is let through, and fails the test."""
    try:
        found = read(data)
    except (BadStatement, BadStatementLine, StatementAskedFor, StatementTooLarge):
        return "refused"
    assert all(line.amount.minor for statement in found.statements for line in statement.lines)
    return "read"


HEADS = [
    b"",
    b":20:A\n:25:1\n",
    b"!Type:Bank\n",
    b"<OFX>",
    b"<?xml version='1.0'?><Document>",
    b"Date,Amount\n",
    b"OFXHEADER:100\n",
]


@given(st.sampled_from(HEADS), st.binary(max_size=400))
@example(b":20:", b":61:")
@example(b"", b"\xff\xfe<\x00")
def test_any_bytes(head: bytes, rest: bytes) -> None:
    outcome(head + rest)


PIECES = [
    ":61:2603020302C20,50NTRF", ":86:", ":60F:C260301EUR1,", ":62F:", "\n", "^\n", "D1/2/26\n", "T",
    "<STMTTRN>", "</STMTTRN>",
    "<TRNAMT>", "<STMTRS>", "</STMTRS>", "</OFX>", "<Stmt>", "<Ntry>", "</Ntry>", '<Amt Ccy="GBP">', "</Amt>", '"', ";",
    ",",
    "1.234", "-", "\x00", "€", "\u2028", "é", "99999999999999999999", "&#0;", "<![CDATA[", "]]>", "&amp;",
]  # fmt: skip


@given(st.sampled_from(HEADS), st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_pieces_of_the_formats(head: bytes, pieces: list[str]) -> None:
    outcome(head + "".join(pieces).encode())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@given(seed=st.integers(0, 2**32))
def test_examples_with_bytes_changed_lost_and_doubled(file: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(chance.randrange(1, 6)):
        at, length = chance.randrange(len(data)), chance.randrange(1, 30)
        piece = data[at : at + length]
        data[at : at + length] = chance.choice(
            [b"", piece * 2, bytes([chance.randrange(256)]), chance.choice(PIECES).encode()]
        )
    outcome(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 300_000, b"<a>" + b"<b/>" * 300_000, b"<Document><BkToCstmrStmt><Stmt>" + b"<Bal/>" * 200_000,
        b"<Document><BkToCstmrStmt>" + b"<Stmt/>" * 200_000, b":20:" + b"x" * 1_000_000,
        b":20:A\n" + b":20:\n" * 200_000, b"<OFX>" + b"<STMTRS>" * 120_000, b"Date,Amount\n" + b"\n" * 500_000,
        b"!Type:Bank\n" + b"^\n" * 300_000, b"Date,Amount\n" + b'"' * 500_001,
    ],
    ids=range(10),
)  # fmt: skip
def test_floods_of_one_thing_stay_small_in_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        outcome(data)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < SMALL
