"""Installations in folders of their own, run as an operator runs them: as processes, with the usual umask."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import ROOT

PATIENCE_SECONDS = 40


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "donations.cli", *arguments]


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), "HOME": str(folder), **more}


def donations(folder: Path, *arguments: str, umask: int = 0o022, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator runs it in that folder, with the usual umask."""
    return subprocess.run(
        words(*arguments), cwd=folder, env=environ(folder, **more), capture_output=True, text=True, timeout=120,
        check=False, umask=umask,
    )  # fmt: skip


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`serve` in that folder, once it answers, and no longer one that was killed; ended by SIGTERM if it still runs."""
    with (folder / "log").open("ab") as log:
        before = log.tell()
        running = subprocess.Popen(
            words("serve", "--port", str(port), "--processes", "1"),
            cwd=folder, env=environ(folder), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until(lambda: b" serves on " in (folder / "log").read_bytes()[before:] or running.poll() is not None)
        until(lambda: total(port) is not None or running.poll() is not None)
        assert running.poll() is None, (folder / "log").read_text()
        yield running
    finally:
        running.terminate()
        running.wait(PATIENCE_SECONDS)


def until(ask: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ask():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def total(port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            page: str = answer.read().decode()
            return page
    except OSError:
        return None


def opened(parent: int) -> list[Path]:
    """The databases that the processes below this one have open."""
    found = []
    for pid in below(parent):
        folder = Path(f"/proc/{pid}/fd")
        for handle in folder.iterdir() if folder.exists() else ():
            try:
                path = Path(os.readlink(handle))
            except OSError:
                continue
            if path.suffix == ".db":
                found.append(path)
    return found


def below(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(each for child in children for each in below(child))]


def set_up(folder: Path, name: str) -> Path:
    """Keys, a database and the appeals of appeals.toml, for an organisation of that name."""
    done = donations(folder, "init")
    assert done.returncode == 0, done.stderr
    text = (ROOT / "appeals.toml").read_text(encoding="utf-8")
    (folder / "appeals.toml").write_text(text.replace('name = "Solidarity Fighting Fund"', f'name = "{name} Fund"'))
    loaded = donations(folder, "appeals", "load", "appeals.toml")
    assert loaded.returncode == 0, loaded.stderr
    return folder
