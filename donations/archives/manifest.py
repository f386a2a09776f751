"""The description of an archive in itself: the first member of its tar. Everything read from it is checked here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 2
SHELVES = ("evidence",)  # A statement that waits to be imported is kept for a day, and named by no row.
KINDS = ("int", "text", "bytes", "time", "date", "json", "bool")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_REVISION = re.compile(r"[0-9a-z]{1,32}")
_FILE = re.compile(rf"files/(?:{'|'.join(SHELVES)})/[0-9a-f]{{64}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadManifest(Exception):
    """The manifest is not one that we write; the text says why."""


@dataclass(frozen=True, slots=True)
class TablePart:
    """The rows of a table: gzip of one JSON list a line. Sizes in bytes; the hash is of what is unpacked."""

    columns: tuple[tuple[str, str], ...]  # name, kind
    rows: int
    packed: int
    unpacked: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """An uploaded file, sealed as it is stored."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`figures` are for comparing by people and by a drill: balances, totals, counts, and what was not sound."""

    made_at: str
    revision: str
    dialect: str
    installation: str | None
    keys: tuple[str, ...]
    figures: dict[str, Any]
    tables: Mapping[str, TablePart]
    files: Mapping[str, FilePart]

    def encoded(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False).encode()

    def sizes(self) -> dict[str, int]:
        """The members that follow, in their order, by name."""
        tables = {table_member(name): part.packed for name, part in self.tables.items()}
        return tables | {name: part.bytes for name, part in self.files.items()}


def table_member(name: str) -> str:
    return f"tables/{name}.jsonl.gz"


def parse(encoded: bytes) -> Manifest:
    """Raises BadManifest for everything that we would not have written."""
    try:
        told = json.loads(encoded)
        if told["format"] != FORMAT:
            raise BadManifest(f"it is of format {told['format']!r}, and this program reads format {FORMAT}")
        return Manifest(
            made_at=_text(told["made_at"]),
            revision=_like(_REVISION, told["revision"]),
            dialect=_text(told["dialect"]),
            installation=None if told["installation"] is None else _text(told["installation"]),
            keys=tuple(_text(key) for key in told["keys"]),
            figures=dict(told["figures"]),
            tables={_like(_NAME, name): _table(part) for name, part in told["tables"].items()},
            files={_like(_FILE, name): _file(part) for name, part in told["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadManifest(f"its manifest cannot be read ({type(error).__name__} {error})"[:200]) from error


def _table(part: dict[str, Any]) -> TablePart:
    columns = tuple((_like(_NAME, name), _like(re.compile("|".join(KINDS)), kind)) for name, kind in part["columns"])
    if len({name for name, _ in columns}) != len(columns):
        raise BadManifest("its manifest names a column twice")
    return TablePart(
        columns, _size(part["rows"]), _size(part["packed"]), _size(part["unpacked"]), _like(_SHA256, part["sha256"])
    )


def _file(part: dict[str, Any]) -> FilePart:
    return FilePart(_size(part["bytes"]), _like(_SHA256, part["sha256"]))


def _like(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise BadManifest(f"its manifest holds {str(value)[:80]!r} where no such name may stand")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise BadManifest("its manifest holds no text where one must stand")
    return value


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 50:
        raise BadManifest("its manifest holds no size where one must stand")
    return value
