"""What tests of several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from donations import config


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own, and an environment that says nothing of the app."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "HOME", tmp_path)  # Not the developer's own .env.
    for name in config.NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return tmp_path
