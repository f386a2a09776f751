"""The load: signed posts over a number of kept connections, each as soon as the last is answered. Bounded by its list
of bodies; loopback only. Run as a process of its own, so that it does not share the server's interpreter."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path


def signed(body: bytes, secret: str) -> str:
    """A Stripe-Signature header made now."""
    now = int(time.time())
    return f"t={now},v1={hmac.new(secret.encode(), b'%d.%s' % (now, body), hashlib.sha256).hexdigest()}"


def main() -> None:
    """load.py PORT CONNECTIONS SECRET BODIES_FILE: prints a line of JSON with the rate, latencies (ms) and statuses."""
    port, connections, secret = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    bodies = Path(sys.argv[4]).read_bytes().splitlines()
    waits: list[float] = []
    statuses: Counter[int] = Counter()
    place, lock = iter(bodies), threading.Lock()
    asked = (port, secret, place, lock, waits, statuses)
    threads = [threading.Thread(target=post_all, args=asked) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"rate": len(bodies) / (time.perf_counter() - began), **spread(waits), "statuses": statuses}))


def post_all(
    port: int,
    secret: str,
    place: Iterator[bytes],
    lock: threading.Lock,
    waits: list[float],
    statuses: Counter[int],
) -> None:
    """Post body after body over one connection until none is left."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while True:
        with lock:
            body = next(place, None)
        if body is None:
            line.close()
            return
        headers = {"Content-Type": "application/json", "Stripe-Signature": signed(body, secret)}
        began = time.perf_counter()
        line.request("POST", "/webhooks/stripe", body, headers)
        answer = line.getresponse()
        answer.read()
        waits.append((time.perf_counter() - began) * 1000)
        statuses[answer.status] += 1


def spread(waits: list[float]) -> dict[str, float]:
    """The middle, the slowest of a hundred and the slowest, in milliseconds."""
    waits.sort()
    return {"p50_ms": waits[len(waits) // 2], "p99_ms": waits[int(len(waits) * 0.99)], "max_ms": waits[-1]}


if __name__ == "__main__":
    main()
