"""Writes an archive: rows as of one moment, while others go on writing, then the files that they name."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection

from donations import audit, ledger, private_files
from donations.archives import container, tables, tar
from donations.archives.manifest import SHELVES, FilePart, Manifest, table_member
from donations.config import Settings
from donations.database import snapshot
from donations.errors import BackupNotWritten
from donations.installation import schema
from donations.models import Installation
from donations.reconciliation import file_store


@dataclass(frozen=True, slots=True)
class Copy:
    """An archive that was written: where, its size in bytes, and what is in it."""

    path: Path
    bytes: int
    files: int
    manifest: Manifest


def write(output: Path, settings: Settings, *, at: datetime) -> Copy:
    """Write an archive to `output`, whole or not at all. Raises BackupNotWritten."""
    try:
        # Beside the output, which has room for it or not.
        with tempfile.TemporaryDirectory(prefix=".ff-backup-", dir=output.parent) as folder:
            with snapshot() as conn:
                manifest, members = _gathered(conn, Path(folder), settings, at)
            with private_files.replacing(output) as out:
                container.write(
                    out, tar.packed(manifest, members.items()), settings.data_keys, settings.backup_recipients
                )
        container.verify(output, settings.data_keys)
        return Copy(output, output.stat().st_size, len(manifest.files), manifest)
    except (OSError, pyrage.EncryptError) as error:  # The latter is what an OSError of ours becomes on its way.
        reason = getattr(error, "strerror", None) or error
        raise BackupNotWritten(output=output, reason=reason) from error


def _gathered(conn: Connection, folder: Path, settings: Settings, at: datetime) -> tuple[Manifest, dict[str, Path]]:
    revision = schema.current(conn)
    if revision is None:
        raise BackupNotWritten(output="", reason="the database has no tables yet. Run `donations init`")
    parts, members = {}, {}
    for table, columns in tables.shape(conn).items():
        members[table_member(table)] = place = folder / table
        parts[table] = tables.dump(conn, table, columns, place)
    kept = {f"files/{shelf}/{path.name}": path for shelf in SHELVES for path in file_store.all_of(shelf)}
    manifest = Manifest(
        made_at=at.isoformat(timespec="seconds"),
        revision=revision,
        dialect=conn.dialect.name,
        installation=installation_of(conn),
        keys=tuple(settings.data_keys),
        # Older tables are copied as they are: before an upgrade there must be a copy.
        figures=figures(conn, at) if revision == schema.head() else {},
        tables=parts,
        files={name: FilePart(path.stat().st_size, _sha256(path)) for name, path in kept.items()},
    )
    return manifest, members | kept


def figures(conn: Connection, at: datetime) -> dict[str, Any]:
    """What a person compares: balances, totals, counts; and what is not sound already, because a copy made while
    posting is stopped must come back as it was."""
    report, broken, head = ledger.check(conn, at), ledger.broken_act(conn), audit.head(conn)
    totals = conn.execute(_RAISED)
    return {
        "donations": conn.scalar(text("SELECT count(*) FROM donation")),
        "entries": report.entries,
        "postings": report.postings,
        "balances": [[account, currency, minor] for (account, currency), minor in sorted(report.trial_balance.items())],
        "raised": [[fund, currency, int(minor)] for fund, currency, minor in totals],
        "findings": sorted([one.invariant, one.subject, one.figure] for one in report.findings),
        "audit": None if broken is None else broken.id,
        "audit_head": None if head is None else f"{head.id}:{head.sha256}",
    }


def unsound(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """Faults present now that were not reported when the copy was made."""
    known = then.get("findings", [])
    found = [" ".join(map(str, one)) for one in now["findings"] if list(one) not in known]
    if now["audit"] is not None and now["audit"] != then.get("audit"):
        found.append(f"audit log: act {now['audit']} does not hold")
    return found


def installation_of(conn: Connection) -> str | None:
    """The installation's own id, where its tables know one."""
    if not inspect(conn).has_table(Installation.__tablename__):
        return None
    return conn.scalar(select(Installation.opaque_id))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_RAISED = text("SELECT fund_id, currency, sum(raised_minor) FROM fund_total GROUP BY 1, 2 ORDER BY 1, 2")
