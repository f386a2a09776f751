"""A sandbox that knows nothing yet for each test, with or without a receiver for its webhooks."""

from collections.abc import Iterator

import pytest

from .processes import SECRET, Receiver, Running, running


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with running() as started:
        yield started


@pytest.fixture
def sandbox(server: Running) -> Running:
    """One server for all, made to forget everything before each test."""
    server.order("reset")
    return Running(server.url, server.world)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
def hooked(receiver: Receiver) -> Iterator[Running]:
    """A sandbox that sends all its events to `receiver`."""
    with running(webhooks=((receiver.url, SECRET),)) as started:
        yield started
