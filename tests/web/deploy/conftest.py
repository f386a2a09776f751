"""The app behind the shipped nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.web.deploy.served import Served, serving


@pytest.fixture
def served(app: Flask, environ: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    with serving(environ, tmp_path) as one:
        yield one


@pytest.fixture(params=[1, 2], ids=["nginx", "nginx-and-another"])
def served_through(
    app: Flask, environ: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Served]:
    """Behind one cache, and behind two."""
    with serving(environ, tmp_path, caches=request.param) as one:
        yield one
