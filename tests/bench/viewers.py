"""Many viewers and a stream of donations, as one bounded load: ten thousand pages that each ask for the total every
five seconds, over kept connections, while signed webhooks arrive at a steady rate. Loopback only. Run as a process of
its own; prints a line of JSON."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.load import signed, spread

CONNECTIONS, POLL_SECONDS = 400, 5.0
_RAISED = re.compile(rb'<progress value="(\d+)"')
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")


@dataclass
class Seen:
    """What came back: how long each answer took (ms), and which number was shown when it was asked for."""

    waits: list[float] = field(default_factory=list)
    shown: list[tuple[float, int]] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


class Line(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self.buffer = b""
        self.answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or len(rest) < int(length[1] if length else 0):
            return
        self.buffer = b""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result((head, rest))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed"))

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


async def watch(port: int, path: str, viewers: int, seconds: float, seen: Seen) -> None:
    """The viewers' requests, spread evenly over the connections and over time."""
    loop = asyncio.get_running_loop()
    pause = POLL_SECONDS * CONNECTIONS / viewers  # between two requests of one connection
    began, request = time.perf_counter(), f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()

    async def one(number: int) -> None:
        _, line = await loop.create_connection(Line, "127.0.0.1", port)
        due = began + pause * number / CONNECTIONS
        while due < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked_at = time.time()
            sent = time.perf_counter()
            head, body = await line.ask(request)
            seen.waits.append((time.perf_counter() - sent) * 1000)
            seen.statuses[head.split(b" ", 2)[1].decode()] += 1
            raised = _RAISED.search(body)
            seen.shown.append((asked_at, int(raised[1]) if raised else -1))
            due += pause
        line.transport.close()

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))


async def give(port: int, secret: str, bodies: list[bytes], rate: float, heard: Seen) -> None:
    """The webhooks, so many a second, each kept when it is answered with 200. `shown` holds how many by when."""
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(4)]
    began, place = time.perf_counter(), iter(enumerate(bodies))

    async def one(line: Line) -> None:
        for number, body in place:
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sent = time.perf_counter()
            head, _ = await line.ask(
                b"POST /webhooks/stripe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + f"Stripe-Signature: {signed(body, secret)}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            heard.waits.append((time.perf_counter() - sent) * 1000)
            heard.statuses[head.split(b" ", 2)[1].decode()] += 1
            heard.shown.append((time.time(), len(heard.waits)))

    await asyncio.gather(*(one(line) for line in lines))


def worst_lag(seen: Seen, heard: Seen, donation_minor: int) -> float:
    """Seconds by which the oldest number shown was behind the ledger when it was asked for."""
    kept_at = [at for at, _ in sorted(heard.shown)]
    lag = 0.0
    for asked_at, raised in seen.shown:
        known = raised // donation_minor  # so many donations were in it
        if known < len(kept_at) and kept_at[known] < asked_at:
            lag = max(lag, asked_at - kept_at[known])
    return lag


async def run(
    port: int, path: str, viewers: int, seconds: float, secret: str, bodies: list[bytes], rate: float
) -> None:
    seen, heard = Seen(), Seen()
    await asyncio.gather(watch(port, path, viewers, seconds, seen), give(port, secret, bodies, rate, heard))
    print(json.dumps({
        "viewers": {"rate": len(seen.waits) / seconds, **spread(seen.waits), "statuses": seen.statuses},
        "gifts": {"count": len(heard.waits), **spread(heard.waits), "statuses": heard.statuses},
        "unread": sum(raised < 0 for _, raised in seen.shown),
        "lag_seconds": worst_lag(seen, heard, 2000),
        "cpu_seconds": time.process_time(),
    }))  # fmt: skip


def main() -> None:
    """viewers.py PORT PATH VIEWERS SECONDS SECRET BODIES_FILE RATE"""
    port, path, viewers, seconds, secret, file, rate = sys.argv[1:]
    bodies = Path(file).read_bytes().splitlines()
    asyncio.run(run(int(port), path, int(viewers), float(seconds), secret, bodies, float(rate)))


if __name__ == "__main__":
    main()
