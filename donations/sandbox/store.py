"""Every object the sandbox knows, in order of creation: in memory, and in SQLite too when a file is named.

No rules of Stripe here. Callers hold the world's lock; keys that begin with `_` are the sandbox's own and
never leave it.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Doc = dict[str, Any]


class Store:
    """Documents by id and, for each kind (Stripe's `object`), in order of creation."""

    def __init__(self, path: Path | None) -> None:
        self._by_id: dict[str, Doc] = {}
        self._kinds: dict[str, dict[str, None]] = {}
        self._dirty: dict[str, None] = {}
        self._file = _open(path) if path else None
        if self._file:
            for (text,) in self._file.execute("SELECT doc FROM objects ORDER BY seq"):
                self._remember(json.loads(text))

    def add(self, doc: Doc) -> Doc:
        self._remember(doc)
        self._dirty[doc["id"]] = None
        return doc

    def save(self, doc: Doc) -> None:
        """Note that a document, changed in place, is to be written."""
        self._dirty[doc["id"]] = None

    def get(self, id: str, kind: str | None = None) -> Doc | None:
        doc = self._by_id.get(id)
        return doc if doc is not None and kind in (None, doc["object"]) else None

    def known(self, id: str) -> Doc:
        """A document that must exist; KeyError if it does not."""
        return self._by_id[id]

    def newest_first(self, kind: str) -> Iterator[Doc]:
        return (self._by_id[id] for id in reversed(self._kinds.get(kind, {})))

    def oldest_first(self, kind: str) -> Iterator[Doc]:
        return (self._by_id[id] for id in self._kinds.get(kind, {}))

    def counts(self) -> dict[str, int]:
        return {kind: len(ids) for kind, ids in self._kinds.items() if not kind.startswith("_")}

    def delete(self, id: str) -> None:
        doc = self._by_id.pop(id)
        del self._kinds[doc["object"]][id]
        self._dirty[id] = None

    def clear(self) -> None:
        self._dirty.update(dict.fromkeys(self._by_id))
        self._by_id.clear()
        self._kinds.clear()

    def commit(self) -> None:
        """Write what has changed since the last commit in one transaction."""
        dirty, self._dirty = self._dirty, {}
        if self._file is None or not dirty:
            return
        kept = [(id, json.dumps(self._by_id[id])) for id in dirty if id in self._by_id]
        gone = [(id,) for id in dirty if id not in self._by_id]
        with self._file:
            self._file.executemany("DELETE FROM objects WHERE id = ?", gone)
            self._file.executemany(
                "INSERT INTO objects (id, doc) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
                kept,
            )

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _remember(self, doc: Doc) -> None:
        self._by_id[doc["id"]] = doc
        self._kinds.setdefault(doc["object"], {})[doc["id"]] = None


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # Play money: a power cut may lose the last second, a killed process loses nothing.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL)"
    )
    return connection


def public(doc: Doc) -> Doc:
    """The document as the outside sees it."""
    return {key: value for key, value in doc.items() if not key.startswith("_")}
