"""`donations init` and `donations doctor`: they work where the app would refuse to start, and tell all at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from dotenv import dotenv_values

from donations import config
from donations.cli import setup
from tests.house import ROOT


def donations(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator runs it, in a process of its own."""
    base = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(cwd)}
    command = [sys.executable, "-m", "donations.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=base | environ, capture_output=True, text=True, timeout=60, check=False)


needs_no_env_of_ours = pytest.mark.skipif((ROOT / ".env").exists(), reason="this checkout has a .env of its own")


@needs_no_env_of_ours
def test_an_installation_from_nothing_to_its_first_appeals(tmp_path: Path) -> None:
    # given an empty folder, where the app refuses to start and says why
    books = {"DATABASE_URL": f"sqlite:///{tmp_path}/books.db"}
    refused = donations("appeals", "load", str(ROOT / "appeals.toml"), cwd=tmp_path, **books)
    assert refused.returncode == 1
    assert "SECRET_KEY: is not set" in refused.stderr
    assert "Traceback" not in refused.stderr
    # when it is set up
    made = donations("init", cwd=tmp_path, **books)
    assert made.returncode == 0, made.stderr
    # then the keys are fresh, ours alone, and good
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_text()
    # and appeals can be loaded, and a second init leaves the keys as they are
    loaded = donations("appeals", "load", str(ROOT / "appeals.toml"), cwd=tmp_path, **books)
    assert loaded.returncode == 0, loaded.stderr
    assert donations("init", cwd=tmp_path, **books).returncode == 0
    assert file.read_text() == first


def test_the_keys_that_init_writes_are_good_and_never_the_same(folder: Path) -> None:
    written = []
    for name in ("one", "two"):
        setup._write_env(folder / name, setup._fresh(["SECRET_KEY", "DATA_KEY"], {"DATABASE_URL": "sqlite:///x"}))
        values = {key: value or "" for key, value in dotenv_values(folder / name).items()}
        assert config.examine(values)[0] == []
        written += values.values()
    assert len(set(written)) == 4


def test_init_never_writes_over_a_file(folder: Path) -> None:
    (folder / ".env").write_text("precious")
    with pytest.raises(FileExistsError):
        setup._write_env(folder / ".env", {"SECRET_KEY": "new"})
    assert (folder / ".env").read_text() == "precious"


def test_init_with_the_keys_in_the_environment_writes_no_file(
    folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "HOME", ROOT)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(setup.init)
    assert result.exit_code == 0, result.output
    assert not (folder / ".env").exists()
