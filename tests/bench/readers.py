"""The load of people who look: the same GET over a number of kept connections, as fast as it is answered. Loopback
only; a process of its own, with plain sockets, so that it costs the machine little beside the server."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections import Counter

from tests.bench.load import spread

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def main() -> None:
    """readers.py PORT CONNECTIONS REQUESTS PATH [HEADER...]: prints a line of JSON with rate, latencies, statuses."""
    port, connections, requests = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    lines = [f"GET {sys.argv[4]} HTTP/1.1", "Host: localhost", *sys.argv[5:], "", ""]
    asked = "\r\n".join(lines).encode()
    waits: list[float] = []
    statuses: Counter[int] = Counter()
    each = (port, asked, requests // connections, waits, statuses)
    threads = [threading.Thread(target=look, args=each) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(waits) / (time.perf_counter() - began)
    waits.sort()
    p95 = waits[int(len(waits) * 0.95)]
    print(json.dumps({"rate": rate, **spread(waits), "p95_ms": p95, "statuses": statuses}))


def look(port: int, asked: bytes, times: int, waits: list[float], statuses: Counter[int]) -> None:
    """Ask so many times over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            began = time.perf_counter()
            line.sendall(asked)
            statuses[_answer(line)] += 1
            waits.append((time.perf_counter() - began) * 1000)


def _answer(line: socket.socket) -> int:
    """Read one whole answer. Returns its status."""
    got = line.recv(65536)
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    status = int(head[9:12])
    length = _LENGTH.search(head)
    missing = int(length[1]) - len(body) if length and status != 304 else 0
    while missing > 0:
        more = line.recv(65536)
        assert more, "the server hung up"
        missing -= len(more)
    return status


if __name__ == "__main__":
    main()
