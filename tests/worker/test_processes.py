"""Web and worker as processes of their own: they do their work, and end cleanly when told to."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from donations.database import write_unit
from donations.models import Appeal
from tests.events import fresh, rows, signature, succeeded
from tests.factories import a_donation
from tests.fixtures.outside import MailServer
from tests.house import ROOT
from tests.worker.steps import received, sound

WAIT_SECONDS = 30


@contextmanager
def process(environ: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """One of the operator's commands, always ended."""
    command = [sys.executable, "-m", "donations.cli", *words]
    running = subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def wait_until(what: str, ask: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not ask():
        if running.poll() is not None or time.monotonic() > deadline:
            running.kill()
            pytest.fail(f"in vain waited for {what}: {running.communicate()[0]}")
        threading.Event().wait(0.05)


def ended(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code after SIGTERM, and the output."""
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=WAIT_SECONDS)
    return running.returncode, said


@pytest.fixture
def server_environ_here(server_environ: dict[str, str]) -> dict[str, str]:
    return {**server_environ, "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_worker_process_does_its_work_and_ends_cleanly(
    app: Flask, server_environ_here: dict[str, str], mail_server: MailServer
) -> None:
    received(at=datetime.now(UTC))
    with process(server_environ_here, "worker", "--idle", "0.05") as running:
        wait_until("the mail to be sent", lambda: len(mail_server.mails) == 1, running)
        wait_until("a sign of life", lambda: (fresh(), rows("heartbeat"))[1] == 1, running)
        code, said = ended(running)
    assert code == 0, said
    assert "Traceback" not in said


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz")[0] in (200, 503)
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def refuses_what_is_too_large(port: int, header: str) -> bool:
    """Sent in chunks. The connection may be closed before all of it was sent."""
    chunks = (b"x" * 65536 for _ in range(20))
    try:
        return ask(port, "POST", "/webhooks/stripe", chunks, Stripe_Signature=header)[0] in (400, 413)
    except (BrokenPipeError, ConnectionResetError):
        return True


def test_web_and_worker_are_served_together_and_end_cleanly(
    app: Flask, server_environ_here: dict[str, str], mail_server: MailServer
) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), at=datetime.now(UTC)).reference
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with process(server_environ_here, "serve", "--port", str(port), "--processes", "1") as running:
        # given web and worker
        wait_until("an answer", lambda: answers(port), running)
        # when an event arrives over the network
        body = json.dumps(succeeded(reference)).encode()
        header = signature(body, time.time())
        assert ask(port, "POST", "/webhooks/stripe", body, Stripe_Signature=header) == (200, '{"handled":true}')
        assert ask(port, "POST", "/webhooks/stripe", body, Stripe_Signature=header) == (200, '{"duplicate":true}')
        # one that is larger than we accept is refused, though it does not tell its length
        assert refuses_what_is_too_large(port, header)
        # then the total is there, and the worker has sent the receipt
        assert json.loads(ask(port, "GET", "/appeals/hands-off-ali/total.json")[1])["raised_minor"] == 2000
        wait_until("the receipt", lambda: len(mail_server.mails) == 1, running)
        wait_until("both to be well", lambda: ask(port, "GET", "/healthz")[0] == 200, running)
        code, said = ended(running)
    assert code == 0, said
    assert "Traceback" not in said
    assert not answers(port)
    assert (rows("stripe_event"), rows("receipt")) == (1, 1)
    assert sound()
