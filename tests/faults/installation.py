"""An installation as it runs for real: `donations serve` as a process with its web processes and its worker, which a
test may kill, stop and start again. Whatever a test does, `end` leaves no process behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from donations.cli.serve import GRACE_SECONDS
from donations.cli.stage import free_port
from tests.fixtures.databases import ROOT

PATIENCE_SECONDS = 60
PROCESSES = 2
_MARK = "FIGHTING_FUND_TEST_RUN"


class Installation:
    """`donations serve` on a free port, with its log in a file. `environ` is all that its processes know."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._mark = uuid.uuid4().hex
        self.environ = {**environ, _MARK: self._mark, "PUBLIC_URL": self.url}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it and wait until it answers."""
        words = ["serve", "--port", str(self.port), "--processes", str(PROCESSES), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "donations.cli", *words],
                cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for("the installation to answer", lambda: bool(self.web() and self.worker()) and self.answers())

    def answers(self) -> bool:
        try:
            return self.get("/appeals/hands-off-ali/total.json")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of an address. Raises OSError if nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or "null")

    def total(self, slug: str) -> dict[str, Any]:
        """What the public sees now; asked again while a killed process is being replaced."""
        seen: list[dict[str, Any]] = []

        def asked() -> bool:
            try:
                status, said = self.get(f"/appeals/{slug}/total.json")
            except OSError:
                return False
            seen.append(said)
            return status == 200

        wait_for(f"the total of {slug}", asked)
        return seen[-1]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands to its end."""
        command = [sys.executable, "-m", "donations.cli", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )

    def web(self) -> list[int]:
        """The processes that answer requests."""
        return [child for main in self.web_main() for child in _children(main) if not _is_dead(child)]

    def web_main(self) -> list[int]:
        return [pid for pid in self._parts() if b"web_server" in _told(pid, "cmdline")]

    def worker(self) -> list[int]:
        return [pid for pid in self._parts() if b"web_server" not in _told(pid, "cmdline")]

    def kill(self, part: str, chance: random.Random) -> None:
        """SIGKILL a process of a part (web, web_main, worker, serve), chosen by chance, as soon as it has one. If it is
        the whole `serve`, it is started again, as the operator would; not before it has itself replaced what was killed
        before, because of two that die at once the second cannot clean up after the first."""
        if part == "serve":
            wait_for("web processes", lambda: bool(self.web()))
            assert self.process is not None
            self.process.kill()
            self.process.wait()
            self.start()
            return
        wait_for(f"a {part} to kill", lambda: bool(getattr(self, part)()))
        with suppress(ProcessLookupError, IndexError):
            pid = chance.choice(sorted(getattr(self, part)()))
            os.kill(pid, signal.SIGKILL)
            wait_for("it to die", lambda: _is_dead(pid))

    def stop(self) -> int:
        """SIGTERM, and its exit code once it has ended."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def everything(self) -> list[int]:
        """All processes started by this installation, under any parent."""
        mark = f"{_MARK}={self._mark}".encode()
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [pid for pid in pids if mark in _told(pid, "environ").split(b"\0") and not _is_dead(pid)]

    def check_gone(self) -> None:
        """All of it has ended by itself, or does so within the time that work in hand may take."""
        try:
            wait_for("every process to end", lambda: not self.everything(), GRACE_SECONDS + 15)
        except AssertionError as error:
            left = {
                pid: (_told(pid, "cmdline").replace(b"\0", b" ")[-90:], _told(pid, "stat")) for pid in self.everything()
            }
            raise AssertionError(f"{error}: {left}") from None

    def end(self) -> None:
        """Kill whatever is left of it."""
        for _ in range(20):
            left = self.everything()
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.05)
        if self.process is not None:
            self.process.wait()

    def _parts(self) -> list[int]:
        children = [] if self.process is None else _children(self.process.pid)
        return [pid for pid in children if not _is_dead(pid)]


def wait_for(what: str, ask: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> float:
    """Ask until it is so; gives the seconds that took. Fails with what was waited for."""
    began = time.monotonic()
    while not ask():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds} seconds in vain for {what}")
        time.sleep(0.05)
    return time.monotonic() - began


def _children(pid: int) -> list[int]:
    return [int(child) for child in _told(pid, f"task/{pid}/children").split()]


def _is_dead(pid: int) -> bool:
    """Gone, or not yet waited for by its parent."""
    told = _told(pid, "stat")
    return not told or b") Z " in told or b") X " in told


def _told(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
