"""What all tests share. Fixtures are in fixtures/ by noun; warnings as errors and closed sockets in pyproject.toml."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests import scratch

scratch.use_memory()

pytest_plugins = [
    "tests.fixtures.settings", "tests.fixtures.databases", "tests.fixtures.app", "tests.fixtures.outside",
    "tests.fixtures.receipts", "tests.fixtures.browser",
]  # fmt: skip

# `make test` runs a sample, `make prove` the full mark. A fixture's fresh database is shared by the examples of a test.
settings.register_profile(
    "sample", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("prove", parent=settings.get_profile("sample"), max_examples=2000)
settings.load_profile("prove" if os.environ.get("PROVE") == "1" else "sample")


@pytest.fixture(scope="session")
def proving() -> bool:
    """Whether the full marks are asked for (PROVE=1)."""
    return os.environ.get("PROVE") == "1"
