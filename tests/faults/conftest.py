"""Durable databases for what runs as processes, an installation that is always ended, and the seed of every chance."""

from __future__ import annotations

import logging
import os
import random
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from donations import create_app
from donations.cli.stage import free_port
from donations.extensions import db
from tests.faults.failures import Faults, engine_options
from tests.faults.installation import Installation
from tests.fixtures.databases import Cluster, Files, Templates
from tests.needs import postgresql_binaries

log = logging.getLogger(__name__)


@pytest.fixture
def chance() -> random.Random:
    """All chance of a test. SEED=... repeats a run."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    log.warning("SEED=%s", seed)  # Shown when the test fails.
    return random.Random(seed)


@pytest.fixture(scope="session")
def durable_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server whose every commit reaches the disk."""
    binaries = postgresql_binaries()
    with tempfile.TemporaryDirectory(prefix="ff-pg-", ignore_cleanup_errors=True) as folder:
        running = Cluster(Path(folder), binaries, durable=True)
        yield running
        running.stop()


@pytest.fixture(scope="session")
def durable_templates(request: pytest.FixtureRequest) -> Callable[[str], Templates]:
    made: dict[str, Templates] = {}

    def templates(kind: str) -> Templates:
        if kind not in made:
            server: Cluster | Files = request.getfixturevalue("files" if kind == "sqlite" else "durable_cluster")
            made[kind] = Templates(server)
        return made[kind]

    return templates


@pytest.fixture
def templates(database_kind: str, durable_templates: Callable[[str], Templates]) -> Templates:
    """Of all databases here, also those of app and client."""
    return durable_templates(database_kind)


class Postbox:
    """A mail server that keeps the Message-ID of every mail that arrived."""

    def __init__(self) -> None:
        self.port = free_port()
        self.arrived: list[str] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        head: bytes = envelope.original_content.partition(b"\r\n\r\n")[0]  # type: ignore[attr-defined]
        lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
        self.arrived += [line[11:].decode().strip() for line in lines if line.lower().startswith(b"message-id:")]
        return "250 kept"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    running = Postbox()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def installation(
    server_environ: dict[str, str], postbox: Postbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """A whole installation on a fresh durable database, not started yet; its log is shown when a test fails."""
    made = Installation({**server_environ, "SMTP_URL": postbox.url}, tmp_path / "serve.log")
    yield made
    made.end()
    if made.log.exists():
        log.warning("The last of its log:\n%s", made.log.read_text(errors="replace")[-6000:])


@contextmanager
def inside(environ: dict[str, str]) -> Iterator[Flask]:
    """An app of this process on the same database, its context pushed."""
    app = create_app(environ, TESTING=True)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def failing_app(environ: dict[str, str], faults: Faults) -> Iterator[Flask]:
    """The app on a database that fails when told to."""
    options = engine_options(environ["DATABASE_URL"], faults)
    app = create_app(environ, TESTING=True, PROPAGATE_EXCEPTIONS=False, SQLALCHEMY_ENGINE_OPTIONS=options)
    with app.app_context():
        yield app
        faults.disarm()
        db.session.remove()
        db.engine.dispose()
