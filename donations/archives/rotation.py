"""A folder of archives: dated names, and which of them are still kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from donations import private_files
from donations.archives.container import SUFFIX, is_archive

_DATED = re.compile(rf"fighting-fund-\d{{8}}T\d{{6}}Z{re.escape(SUFFIX)}")


def dated_name(at: datetime) -> str:
    return f"fighting-fund-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def prune(folder: Path, keep: int, *, newest: Path) -> list[Path]:
    """Remove all but the newest `keep` archives that were written into this folder by date. `newest` was just written
    and verified: it stays, whatever the clock says. What bears another name or is no archive stays too."""
    assert keep >= 1
    dated = sorted(path for path in folder.iterdir() if _DATED.fullmatch(path.name) and is_archive(path))
    older = [path for path in dated if path.name != newest.name]
    removed = older[: max(0, len(older) - (keep - 1))]
    for path in removed:
        path.unlink()
    if removed:
        private_files.sync_folder(folder)
    return removed
