"""Forges archives as an attacker would, with or without the data key."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from donations.archives import container
from donations.config import Settings

Member = tuple[tarfile.TarInfo, bytes]
OTHER_KEY = {"k1": bytes(reversed(range(32)))}


def settings(app: Flask) -> Settings:
    found: Settings = app.config["SETTINGS"]
    return found


def members(archive: Path, app: Flask) -> list[Member]:
    """What is inside."""
    out = io.BytesIO()
    container.decrypt(archive, out, settings(app).data_keys)
    out.seek(0)
    with tarfile.open(fileobj=out) as opened:
        return [(info, opened.extractfile(info).read()) for info in opened]  # type: ignore[union-attr]


def sign(archive: Path, blob: bytes, keys: dict[str, bytes]) -> None:
    """Whatever bytes as the content of an archive that is signed and encrypted as it should be."""
    archive.unlink(missing_ok=True)
    with archive.open("w+b") as out:
        container.write(out, iter([blob]), keys, ())


def tar_of(found: list[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as made:
        for info, content in found:
            made.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return out.getvalue()


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, target
    return info, content


def forge(archive: Path, app: Flask, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """Change manifest and members by name, and sign it again."""
    found = members(archive, app)
    manifest = json.loads(found[0][1])
    inside = {info.name: content for info, content in found[1:]}
    change(manifest, inside)
    listed = [member("manifest.json", json.dumps(manifest).encode())]
    listed += [member(name, content) for name, content in inside.items()]
    sign(archive, tar_of(listed), dict(settings(app).data_keys))


def put_rows(manifest: dict[str, Any], inside: dict[str, bytes], table: str, rows: list[list[Any]]) -> None:
    """Other rows for a table, with the manifest made to agree."""
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    packed = inside[f"tables/{table}.jsonl.gz"] = gzip.compress(lines)
    manifest["tables"][table] |= {
        "rows": len(rows), "packed": len(packed), "unpacked": len(lines), "sha256": hashlib.sha256(lines).hexdigest(),
    }  # fmt: skip


def rows_of(inside: dict[str, bytes], table: str) -> list[list[Any]]:
    return [json.loads(line) for line in gzip.decompress(inside[f"tables/{table}.jsonl.gz"]).splitlines()]


def column(manifest: dict[str, Any], table: str, name: str) -> int:
    """Its place in each row."""
    return sorted(tuple(each) for each in manifest["tables"][table]["columns"]).index(
        next(tuple(each) for each in manifest["tables"][table]["columns"] if each[0] == name)
    )


def state(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Every file below the folder, with its mode and what it holds."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(("-shm", "-wal", ".write-lock")):
            yield str(path.relative_to(folder)), path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest()


def bomb(size: int) -> bytes:
    """A line that unpacks to far more than it takes."""
    return gzip.compress(b"[" + b" " * size + b"]\n")
