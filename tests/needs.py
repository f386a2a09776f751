"""What a machine may lack: a test that needs it is skipped by its name, or fails where REQUIRE_ALL=1 says that nothing
may be skipped (CI)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def need(found: object, what: str) -> None:
    """Go on if it was found."""
    if found:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"REQUIRE_ALL=1, and this machine has no {what}")
    pytest.skip(f"this machine has no {what}")


def postgresql_binaries() -> Path:
    """The folder with initdb and pg_ctl; on Debian they are not on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = next((folder for folder in folders if (folder / "initdb").exists()), None)
    need(found, "PostgreSQL server (initdb, pg_ctl)")
    assert found is not None
    return found


def program(name: str, *elsewhere: str) -> Path:
    """The path of a program of the machine, like chromium or nginx."""
    found = shutil.which(name) or next((path for path in elsewhere if Path(path).exists()), None)
    need(found, name)
    assert found is not None
    return Path(found)
