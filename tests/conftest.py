"""What all tests share. Fixtures are in fixtures/ by noun; warnings as errors and closed sockets in pyproject.toml."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests import scratch

scratch.use_memory()

pytest_plugins = [
    "tests.fixtures.settings", "tests.fixtures.databases", "tests.fixtures.app", "tests.fixtures.outside",
    "tests.fixtures.receipts", "tests.fixtures.browser", "tests.fixtures.lived",
]  # fmt: skip

# `make test` runs a sample, `make prove` the full mark. A fixture's fresh database is shared by the examples of a test.
settings.register_profile(
    "sample", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("prove", parent=settings.get_profile("sample"), max_examples=2000)
PROVING = os.environ.get("PROVE") == "1"
settings.load_profile("prove" if PROVING else "sample")


@pytest.fixture(scope="session")
def proving() -> bool:
    """Whether the full marks are asked for (PROVE=1)."""
    return PROVING


# A file of these takes long although it has few tests: begun last, one worker would be at it when the others are idle.
_FIRST = (
    "tests/browser/", "tests/cli/test_installation", "tests/cli/test_setup", "tests/faults/",
    "tests/ledger/test_machine", "tests/sandbox/test_deliveries", "tests/web/deploy/", "tests/worker/test_processes",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long goes first. When proving, leave out what would only be done as in `make test`: what has no long
    mark."""
    items.sort(key=lambda item: not item.nodeid.startswith(_FIRST))
    if PROVING:
        config.hook.pytest_deselected(items=[item for item in items if not _has_long_mark(item)])
        items[:] = [item for item in items if _has_long_mark(item)]


def _has_long_mark(item: pytest.Item) -> bool:
    test = getattr(item, "obj", None)
    examples = getattr(test, "_hypothesis_internal_use_settings", settings.default)
    at_random = hasattr(test, "hypothesis") and examples.max_examples == settings.default.max_examples
    return at_random or "proving" in getattr(item, "fixturenames", ())
