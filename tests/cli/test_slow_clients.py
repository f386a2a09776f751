"""A bare `donations serve`: a visitor who sends slowly, or half and no more, holds a connection and no thread."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from donations.cli import request_buffer
from donations.cli.stage import free_port
from tests.cli.installations import serving, set_up

SLOW, PATIENCE_SECONDS = 150, 3.0
HALVES = (
    b"POST /webhooks/stripe HTTP/1.1\r\nHost: fund\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /staff/sign-in HTTP/1.1\r\nHost: fund\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    b"GET /about HTTP/1.1\r\nHost: fu",
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder, number = set_up(tmp_path_factory.mktemp("slow"), "Slow"), free_port()
    with serving(folder, number):
        yield number


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, float]:
    """(status, seconds)."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=20) as answer:
            answer.read()
            return answer.status, time.monotonic() - began
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - began


def test_however_many_send_half_everybody_else_is_answered(port: int) -> None:
    with ExitStack() as held:
        for number in range(SLOW):
            line = held.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            line.sendall(HALVES[number % len(HALVES)])
        time.sleep(0.5)

        asked = [ask(port, "/livez"), ask(port, "/static/css/base.css"), ask(port, "/webhooks/stripe", b"{}")]

    assert [status for status, _ in asked] == [200, 200, 400]
    assert max(seconds for _, seconds in asked) <= PATIENCE_SECONDS


def test_what_ends_before_its_end_is_never_taken_for_the_whole(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(HALVES[0])
        line.shutdown(socket.SHUT_WR)
        answer = line.recv(100)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_body_beyond_all_measure_is_refused(port: int) -> None:
    head = b"POST /webhooks/stripe HTTP/1.1\r\nHost: fund\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(head % (request_buffer.MAX_BYTES * 10))
        assert line.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("header", "status"),
    [(b"X-Forwarded_For: 1\r\n", 200), (b"Cookie: a=1\r\nCookie: b=2\r\n", 200), (b"X-A: \xc3\xa9\r\n", 200)],
)
def test_odd_headers_are_no_fault_of_ours(port: int, header: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nHost: fund\r\nConnection: close\r\n" + header + b"\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 %d" % status)
