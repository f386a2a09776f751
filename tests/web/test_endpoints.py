"""Every view that a template or a module links to by name is there, in the app and in the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from donations.sandbox.app import create
from donations.sandbox.settings import Settings
from donations.sandbox.world import World
from tests.house import ROOT

pytestmark = pytest.mark.databases("sqlite")
_NAMED = re.compile(r"""\b(?:url_for|may)\(\s*['"]([a-z_]+(?:\.[a-z_]+)+)['"]""")


def named(*folders: Path) -> dict[str, Path]:
    """Each endpoint that is named whole in a source, with one place where it is."""
    files = [file for folder in folders for kind in ("*.html", "*.py", "*.txt") for file in folder.rglob(kind)]
    return {found[1]: file for file in files for found in _NAMED.finditer(file.read_text(encoding="utf-8"))}


def test_every_endpoint_that_is_named_is_there(app: Flask) -> None:
    found = named(ROOT / "templates", ROOT / "donations" / "web")
    assert len(found) > 80
    assert {name: place for name, place in found.items() if name not in app.view_functions} == {}


def test_every_endpoint_of_the_sandbox_is_there() -> None:
    found = named(ROOT / "donations" / "sandbox")
    assert len(found) > 2
    assert {name: place for name, place in found.items() if name not in create(World(Settings())).view_functions} == {}
