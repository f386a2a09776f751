"""Ten thousand viewers through the shipped nginx while donations arrive: how fast they are answered, how far behind the
ledger a number is, how much of it reaches the app, and what it costs. Returns the marks that were missed."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.web.deploy.processes import nginx

ROOT = Path(__file__).parents[2]
VIEWERS, SECONDS, DONATIONS_A_SECOND = 10_000, 20.0, 30.0
RATE, FRAGMENT_P99_MS, WEBHOOK_P99_MS, LAG_SECONDS = 2_000.0, 100.0, 1_000.0, 2.0
SCRIPT_BYTES, FRAME_BYTES = 4_000, 20_000
FRAGMENT, FRAME = "/embed/fighting-fund/total", "/embed/fighting-fund?size=full&accent=a3201a"
TICKS = os.sysconf("SC_CLK_TCK")
Serving = Callable[[str, dict[str, str]], AbstractContextManager[int]]


def gifts() -> int:
    return round(SECONDS * DONATIONS_A_SECOND)


def measure(kind: str, secret: str, sent: Path, environ: dict[str, str], serving: Serving, folder: Path) -> list[str]:
    place = folder / f"nginx-{kind}"
    place.mkdir()
    environ = {**environ, "TRUSTED_PROXIES": "1"}
    with serving("wsgi:app", environ) as app_port, nginx(app_port, place) as address:
        weighed = weigh(address)
        app, proxy = processes("granian"), processes("nginx")
        before = cpu(app), cpu(proxy)
        figures = watched(address, secret, sent)
        spent = cpu(app) - before[0], cpu(proxy) - before[1]
    reached = of_log(place / "fund.log")
    report(kind, figures, spent, reached, weighed)
    return judge(kind, figures, reached, weighed)


def watched(address: str, secret: str, sent: Path) -> dict[str, Any]:
    port = str(urlsplit(address).port)
    command = [
        sys.executable,
        "-m",
        "tests.bench.viewers",
        port,
        FRAGMENT,
        str(VIEWERS),
        str(SECONDS),
        secret,
        str(sent),
    ]
    done = subprocess.run([*command, str(DONATIONS_A_SECOND)], cwd=ROOT, check=True, capture_output=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def weigh(address: str) -> dict[str, int]:
    """Bytes, compressed: the script, and the first view of a frame with all it loads."""
    page = _body(address + FRAME)
    files = set(re.findall(r'(?:src|href)="(/(?:static|embed)/[^"]+)"', page.decode()))
    view = [page, *(_body(address + file.replace("&amp;", "&")) for file in files)]
    return {"script": _squeezed(_body(f"{address}/embed.js")), "frame": sum(_squeezed(body) for body in view)}


def _body(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def _squeezed(body: bytes) -> int:
    return len(gzip.compress(body, 6))


def processes(name: str) -> list[int]:
    """The numbers of running processes with the name in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if name.encode() in command and b"bench" not in command:
                found.append(int(entry.name))
    return found


def cpu(numbers: list[int]) -> float:
    """Seconds of the processor that they have used."""
    used = 0
    for number in numbers:
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def of_log(log: Path) -> Counter[str]:
    """How the requests for the fragment were answered, by nginx's cache status."""
    return Counter(line.rpartition(" ")[2] for line in log.read_text().splitlines() if f' {FRAGMENT}"' in line)


def report(
    kind: str, figures: dict[str, Any], spent: tuple[float, float], reached: Counter[str], weighed: dict[str, int]
) -> None:
    viewers, given = figures["viewers"], figures["gifts"]
    asked = sum(reached.values())
    print(f"{kind}: {VIEWERS} viewers: {viewers['rate']:.0f}/s; p50 {viewers['p50_ms']:.1f} ms, p99"
          f" {viewers['p99_ms']:.1f} ms, most {viewers['max_ms']:.0f} ms; answers {viewers['statuses']}")  # fmt: skip
    print(f"{kind}: {given['count']} gifts by webhook: p50 {given['p50_ms']:.1f} ms, p99 {given['p99_ms']:.1f} ms;"
          f" answers {given['statuses']}")  # fmt: skip
    print(f"{kind}: numbers at most {figures['lag_seconds']:.2f} s behind the ledger; {to_app(reached)} of {asked}"
          f" requests reached the app in {SECONDS:.0f} s ({dict(reached)})")  # fmt: skip
    app, proxy = spent
    print(
        f"{kind}: CPU: nginx {proxy / asked * 1e6:.0f} us a request, app {app:.2f} s for {to_app(reached)} fragments"
        f" and {given['count']} webhooks, the load {figures['cpu_seconds']:.1f} s"
    )
    print(f"{kind}: embed.js {weighed['script']} bytes, a frame's first view {weighed['frame']} bytes")


def to_app(reached: Counter[str]) -> int:
    return sum(times for word, times in reached.items() if word not in ("HIT", "STALE", "UPDATING"))


def judge(kind: str, figures: dict[str, Any], reached: Counter[str], weighed: dict[str, int]) -> list[str]:
    viewers, given = figures["viewers"], figures["gifts"]
    marks = {
        "no error": set(viewers["statuses"]) == {"200"} and set(given["statuses"]) == {"200"} and not figures["unread"],
        f"{RATE:.0f} requests a second": viewers["rate"] >= 0.98 * RATE,
        f"fragment p99 at most {FRAGMENT_P99_MS:.0f} ms": viewers["p99_ms"] <= FRAGMENT_P99_MS,
        f"webhook p99 at most {WEBHOOK_P99_MS:.0f} ms": given["p99_ms"] <= WEBHOOK_P99_MS,
        f"numbers at most {LAG_SECONDS:.0f} s behind": figures["lag_seconds"] <= LAG_SECONDS,
        "one request a second reaches the app": to_app(reached) <= SECONDS + 2,
        f"embed.js at most {SCRIPT_BYTES} bytes": weighed["script"] <= SCRIPT_BYTES,
        f"a frame at most {FRAME_BYTES} bytes": weighed["frame"] <= FRAME_BYTES,
    }
    return [f"{kind}: {mark}" for mark, met in marks.items() if not met]
