"""A night of card testing (R25): programs from 500 networks that solve nothing, then 500 that solve the proof of work,
beside honest supporters of whom some share one address and some come by Tor. Real app, worker and sandbox. Returns the
marks that were missed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from donations.cli.stage import Stage, free_port
from donations.cli.stage import visitor as web

ROOT = Path(__file__).parents[2]
POSTS, NETWORKS, SOLVERS = 10_000, 500, 500
IDLE_SECONDS, SOLVING_SECONDS, QUIET_SECONDS = 330, 120, 30
HONEST, AT_ONE_ADDRESS, BY_TOR = 100, 30, 10
MAX_OF_IDLE, MAX_PER_MINUTE, SLOWER, ALARM_SECONDS = 50, 60, 2.0, 60
Figures = dict[str, Any]


def measure(kind: str, database_url: str, folder: Path) -> list[str]:
    with _stage(folder / f"abuse-{kind}", database_url) as stage:
        quiet = _result(_crowd(stage, "honest", QUIET_SECONDS, [f"203.0.113.{n}" for n in range(HONEST // 2)]))
        print(f"{kind}: quiet      {_line(quiet)}", flush=True)
        began = time.time()
        idle = _crowd(stage, "idle", IDLE_SECONDS, [_network(n) for n in range(NETWORKS)], str(POSTS))
        beside_idle = _result(_crowd(stage, "honest", IDLE_SECONDS * 0.8, _honest_addresses()[::2]))
        of_idle = _result(idle)
        print(f"{kind}: solve none {_line(of_idle)}", flush=True)
        print(f"{kind}: beside it  {_line(beside_idle)}", flush=True)
        solving = _crowd(stage, "solving", SOLVING_SECONDS, [_network(n, 20) for n in range(SOLVERS)])
        with _watch_shield(stage) as times:
            beside_solving = _result(_crowd(stage, "honest", SOLVING_SECONDS * 0.8, _honest_addresses()[1::2]))
            of_solving = _result(solving)
        print(f"{kind}: solving    {_line(of_solving)}", flush=True)
        print(f"{kind}: beside it  {_line(beside_solving)}", flush=True)
        made = web.get_json(f"{stage.sandbox_url}/sandbox/summary")["objects"].get("checkout.session", 0)
        alarm = _alarm_after(stage, began, of_idle)
    figures = {
        "quiet": quiet, "idle": of_idle, "beside_idle": beside_idle, "solving": of_solving,
        "beside_solving": beside_solving, "sessions": made, "alarm": alarm, "times": times,
    }  # fmt: skip
    return _judge(kind, figures)


def _judge(kind: str, figures: Figures) -> list[str]:
    idle, solving = figures["idle"], figures["solving"]
    honest = [figures["beside_idle"], figures["beside_solving"]]
    of_idle = len({page for _, _, page in idle["pages"]})
    asked = min(solving["asked"])  # Before that the night had not begun: nothing was required of visitors.
    stepped_up = [page for page in solving["pages"] if page[0] > asked]
    first, last = figures["times"][0], figures["times"][-1]  # with the shield up, as /healthz tells
    shielded = [page for page in (*stepped_up, *honest[1]["pages"]) if first < page[0] <= last]
    each, together = _most_each(stepped_up), _most_in_a_minute(shielded)
    refused = sum(one["refused"] for one in honest)
    quiet = _p95(figures["quiet"]["answers"])
    busy = [_p95(one["answers"]) for one in honest]
    waits = sorted(wait for one in honest for wait in one["waiting"])
    works = sorted(work for one in honest for work in one["solving"])
    known = sum(len({page for _, _, page in one["pages"]}) for one in (figures["quiet"], idle, solving, *honest))
    print(
        f"{kind}: {of_idle} of {idle['posts']} posts that solve nothing reached the sandbox; a program that solves had"
        f" {each} pages in a minute at most, all together {together}; {refused} honest refused; p95 of our answers"
        f" {quiet * 1000:.0f} ms quiet, {busy[0] * 1000:.0f} and {busy[1] * 1000:.0f} ms beside them"
        f" ({max(busy) / quiet:.1f} times); honest waits p50 {waits[len(waits) // 2]:.0f} s, most {waits[-1]:.0f} s,"
        f" solving p50 {works[len(works) // 2]:.1f} s, most {works[-1]:.1f} s; alarm after {figures['alarm']:.0f} s;"
        f" {len(solving['pages']) - len(stepped_up)} pages of programs that solve before they were asked; the shield up"
        f" for {last - first:.0f} s from {first - min(page[0] for page in solving['pages']):.0f} s on; the sandbox"
        f" knows {figures['sessions']} sessions, we saw {known}"
    )
    marks = {
        f"{kind}: at most {MAX_OF_IDLE} of the posts that solve nothing reach the sandbox": of_idle <= MAX_OF_IDLE,
        f"{kind}: a program that solves has one page a minute": each <= 1,
        f"{kind}: at most {MAX_PER_MINUTE} pages a minute in all": together <= MAX_PER_MINUTE,
        f"{kind}: no honest person is refused": refused == 0,
        f"{kind}: p95 of our answers at most {SLOWER} times the quiet one": max(busy) <= SLOWER * quiet,
        f"{kind}: an alarm within a minute": 0 <= figures["alarm"] <= ALARM_SECONDS,
        f"{kind}: the sandbox knows of no session that we did not see": figures["sessions"] == known,
    }
    return [mark for mark, met in marks.items() if not met]


@contextmanager
def _watch_shield(stage: Stage) -> Iterator[list[float]]:
    """The moments at which /healthz tells of card testing, asked every quarter of a second."""
    times: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            if "card testing" in json.dumps(web.get_json(f"{stage.url}/healthz")):
                times.append(time.time())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield times
    finally:
        over.set()
        watcher.join()


def _most_each(pages: list[list[Any]]) -> int:
    """The most pages that one network had within 60 seconds."""
    by_network: dict[str, list[list[Any]]] = {}
    for page in pages:
        by_network.setdefault(page[1], []).append(page)
    return max((_most_in_a_minute(own) for own in by_network.values()), default=0)


def _most_in_a_minute(pages: list[list[Any]]) -> int:
    moments = sorted({page[2]: page[0] for page in pages}.values())
    # A second less: the client hears of a page a moment after it was counted.
    return max((sum(1 for one in moments if begin <= one < begin + 59) for begin in moments), default=0)


def _alarm_after(stage: Stage, began: float, idle: Figures) -> float:
    """Seconds from the ninth decline to the alarm's mail reaching the mailbox; -1 if none came."""
    ninth = sorted(idle["declines"])[8] if len(idle["declines"]) > 8 else began
    mails = [path for path in (stage.folder / "mailbox").rglob("*") if path.is_file()]
    told = [path.stat().st_mtime for path in mails if b"Card testing" in path.read_bytes()]
    return min(told) - ninth if told else -1.0


def _honest_addresses() -> list[str]:
    """30 at one address, 10 by three exits of Tor that programs use too, the rest at home."""
    tor = [_network(n % 3) for n in range(BY_TOR)]
    homes = [f"100.64.{n}.7" for n in range(HONEST - AT_ONE_ADDRESS - BY_TOR)]
    everybody = ["192.0.2.80"] * AT_ONE_ADDRESS + tor + homes
    random.Random(1).shuffle(everybody)
    return everybody


def _network(number: int, first: int = 10) -> str:
    return f"{first}.{number >> 8}.{number & 255}.9"


@contextmanager
def _stage(folder: Path, database_url: str) -> Iterator[Stage]:
    ports = [free_port() for _ in range(3)]
    stage = Stage(
        folder, port=ports[0], sandbox_port=ports[1], smtp_port=ports[2], database_url=database_url,
        sandbox_options=["--bt-delay", "0.2"],
    )  # fmt: skip
    stage.environ |= {"TRUSTED_PROXIES": "1", "ALERT_EMAIL": "treasurer@example.org"}
    try:
        stage.start()
        yield stage
    finally:
        stage.stop()


def _crowd(stage: Stage, kind: str, seconds: float, addresses: list[str], *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.bench.crowd", kind, stage.url, str(seconds), json.dumps(addresses), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def _result(process: subprocess.Popen[bytes]) -> Figures:
    out, _ = process.communicate(timeout=3600)
    figures: Figures = json.loads(out)
    return figures


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


def _line(figures: Figures) -> str:
    return (
        f"{len(figures['answers'])} answers, p95 {_p95(figures['answers']) * 1000:.0f} ms; {figures['done']} paid,"
        f" {figures['refused']} refused, {len(figures['pages'])} payment pages"
    )
