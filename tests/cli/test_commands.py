"""Commands where something is missing or amiss: help without settings, sentences instead of tracebacks, and an `init`
that never makes names unreadable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.installations import donations, set_up
from tests.house import ROOT

pytestmark = pytest.mark.skipif((ROOT / ".env").exists(), reason="this checkout has a .env of its own")


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two folders, each with keys and a database of its own; the second one's organisation has another name."""
    return {name: set_up(tmp_path_factory.mktemp(name), name) for name in ("Live", "Drill")}


def test_init_writes_no_new_keys_for_a_database_that_others_have_sealed(
    installations: dict[str, Path], tmp_path: Path
) -> None:
    # given the database of an installation with a sealed address, without its .env
    live = installations["Live"]
    invited = donations(live, "staff", "invite", "maya@example.org", "--role", "admin")
    assert invited.returncode == 0, invited.stderr
    url = f"sqlite:///{live}/instance/fighting-fund.db"
    # when it is set up again in another folder
    refused = donations(tmp_path, "init", DATABASE_URL=url)
    # then nothing is written, and the output says what to do
    assert refused.returncode == 1
    assert "Put the .env of that installation here" in refused.stderr
    assert not (tmp_path / ".env").exists()
    # and beside its own keys it is brought up to date as before
    assert donations(live, "init").returncode == 0


def test_init_in_a_folder_has_its_own_database_and_takes_nothing_of_the_codes_own_settings(tmp_path: Path) -> None:
    done = donations(tmp_path, "init")
    assert f"sqlite:///{tmp_path}/instance/fighting-fund.db" in done.stdout
    assert f"DATABASE_URL=sqlite:///{tmp_path}/instance/fighting-fund.db" in (tmp_path / ".env").read_text()


def test_init_says_which_lines_an_unfinished_env_file_lacks(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://fund.example.org\n")
    refused = donations(tmp_path, "init")
    assert refused.returncode == 1
    assert "has no SECRET_KEY and no DATA_KEY. Add these lines to it:\nSECRET_KEY=" in refused.stderr
    assert (tmp_path / ".env").read_text() == "PUBLIC_URL=https://fund.example.org\n"


def test_help_lists_every_command_without_settings(tmp_path: Path) -> None:
    done = donations(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("appeals", "backup", "bank", "db", "doctor", "inbox", "init", "ledger", "restore", "serve", "stripe"):
        assert f"\n  {name} " in done.stdout
    assert "\n  shell " not in done.stdout
    for name in ("serve", "db", "ledger"):
        assert donations(tmp_path, name, "--help").returncode == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://h1:1,h2:2/db", "host=a,b&port=5432,5432"),
        ("postgresql://fund:p@ss@host/db", "replace @ by %40"),
        ("postgresql://nobody@/none?host=/nowhere", "the database cannot be used"),
        ("sqlite:////dev/null/all.db", "the database cannot be used"),
    ],
)
def test_a_database_that_is_not_there_is_a_sentence_in_every_command(
    installations: dict[str, Path], url: str, said: str
) -> None:
    for command in (("ledger", "check"), ("appeals", "list"), ("db", "upgrade"), ("init",)):
        done = donations(installations["Live"], *command, DATABASE_URL=url)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr + done.stdout
        assert said in done.stderr


def test_an_env_file_that_is_named_is_the_only_one(installations: dict[str, Path], tmp_path: Path) -> None:
    # given a file that is named on the command line, in a folder that has a .env of its own
    live = installations["Live"]
    (tmp_path / "env").write_text((live / ".env").read_text().replace("DATABASE_URL=", "#") + "MAIL_FORM=a@b.example\n")
    done = donations(installations["Drill"], "-e", str(tmp_path / "env"), "doctor")
    # then what it lacks does not come from there, and a misspelt setting in it is named
    assert f"settings from {tmp_path}/env" in done.stdout
    assert str(installations["Drill"]) not in done.stdout
    assert "sets MAIL_FORM, which is not a setting. Did you mean MAIL_FROM?" in done.stdout


def test_what_the_environment_sets_otherwise_than_the_file_is_named(installations: dict[str, Path]) -> None:
    url = f"sqlite:///{installations['Drill']}/instance/fighting-fund.db"
    done = donations(installations["Live"], "appeals", "list", DATABASE_URL=url, SMPT_URL="smtp://localhost")
    assert "(from the environment instead: DATABASE_URL)" in done.stderr
    assert "the environment sets SMPT_URL, which is not a setting. Did you mean SMTP_URL?" in done.stderr
