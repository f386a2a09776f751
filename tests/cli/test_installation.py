"""Which installation it is: settings read once and handed down, one server on a database and on a port, and files
for this user alone."""

from __future__ import annotations

import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from donations.cli.stage import free_port
from donations.installation import lock
from tests.cli.installations import donations, environ, opened, serving, set_up, total, until
from tests.house import ROOT

pytestmark = pytest.mark.skipif((ROOT / ".env").exists(), reason="this checkout has a .env of its own")


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two folders, each with keys and a database of its own; the second one's organisation has another name."""
    return {name: set_up(tmp_path_factory.mktemp(name), name) for name in ("Live", "Drill")}


def test_every_command_says_which_settings_and_which_database_it_uses(installations: dict[str, Path]) -> None:
    folder = installations["Drill"]
    said = donations(folder, "appeals", "list")
    place = f"sqlite:///{folder}/instance/fighting-fund.db"
    assert said.stderr == f"donations: settings from {folder}/.env, database {place}\n"
    assert donations(folder, "staff", "list", "--json").stderr == ""


def test_web_and_worker_use_the_installation_of_the_folder_they_were_started_in(
    installations: dict[str, Path],
) -> None:
    # given an installation whose children run in the folder of the code
    folder, port = installations["Drill"], free_port()
    with serving(folder, port) as running:
        # then the pages are those of its own database, and so is every file that its processes have open
        assert "Drill Fund" in (total(port) or "")
        until(lambda: len(opened(running.pid)) >= 2)
        assert {path.parent for path in opened(running.pid)} == {folder / "instance"}
        # and a letter of its .env that changes now changes nothing in what is running
    assert "settings from" in (folder / "log").read_text()


def test_a_second_server_on_a_database_or_on_a_port_is_refused_until_the_first_is_gone(
    installations: dict[str, Path],
) -> None:
    live, drill, port = installations["Live"], installations["Drill"], free_port()
    with serving(live, port) as running:
        # a second one on the same database, by whatever name it is called
        link = live / "link.db"
        link.symlink_to(live / "instance" / "fighting-fund.db")
        for name in ("instance/fighting-fund.db", "link.db"):
            again = donations(live, "serve", "--port", str(free_port()), DATABASE_URL=f"sqlite:///{live}/{name}")
            assert (again.returncode, again.stdout) == (1, "")
            assert f"Another `donations serve` (process {running.pid}) already serves" in again.stderr
        # a second one on the same port
        other = donations(drill, "serve", "--port", str(port))
        assert (other.returncode, other.stdout) == (1, "")
        assert f"127.0.0.1:{port}: Address already in use" in other.stderr
        assert "Traceback" not in other.stderr
        assert "Live Fund" in (total(port) or "")
        # when the first is killed, both are free
        running.send_signal(signal.SIGKILL)
        running.wait()
        with serving(live, port):
            assert "Live Fund" in (total(port) or "")


def test_no_port_is_shared_with_a_program_that_would_share_it(installations: dict[str, Path]) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = donations(installations["Live"], "serve", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 1
    assert "Address already in use" in refused.stderr


@pytest.mark.parametrize("options", [("--host", "nowhere.invalid"), ("--port", "99999"), ("--host", "203.0.113.7")])
def test_an_address_that_is_not_ours_is_a_sentence(installations: dict[str, Path], options: tuple[str, str]) -> None:
    refused = donations(installations["Live"], "serve", *options)
    assert refused.returncode == 1
    assert "The server cannot use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_a_command_leaves_behind_is_for_its_user_alone(installations: dict[str, Path], tmp_path: Path) -> None:
    # given an installation made with the usual umask, and a backup
    folder = installations["Live"]
    done = donations(folder, "backup", "copy.tar.gz")
    assert done.returncode == 0, done.stderr
    # when it is served and something is written
    with serving(folder, free_port()):
        written = [folder / ".env", folder / "copy.tar.gz", *(folder / "instance").rglob("*")]
        modes = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in written}
    # then database, log and locks are for this user alone from the start, and so are the folders
    assert {"instance/fighting-fund.db-wal", "instance/fighting-fund.db-shm"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
    assert stat.S_IMODE((folder / "instance").stat().st_mode) == 0o700


def test_a_database_made_by_any_server_is_for_its_user_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/books.db"
    code = "import os; os.umask(0); from donations import create_app; from donations.extensions import db\n"
    code += "with create_app().app_context(): db.engine.connect().exec_driver_sql('CREATE TABLE t (x)')"
    keys = dict(line.split("=", 1) for line in _keys(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ(tmp_path, DATABASE_URL=url, **keys), check=True, timeout=60
    )
    assert done.returncode == 0
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "deep").iterdir()} == {"0o600"}
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def _keys(folder: Path) -> list[str]:
    assert donations(folder, "init").returncode == 0
    return [line for line in (folder / ".env").read_text().splitlines() if line.startswith(("SECRET", "DATA_KEY"))]


def test_tables_of_another_version_are_not_served(installations: dict[str, Path], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/books.db"
    for change, said in (
        (None, "it has no tables. Run `donations init`"),
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('0001')",
         "Run `donations db upgrade`"),
        ("UPDATE alembic_version SET version_num = '9999'", "which is newer than this code"),
    ):  # fmt: skip
        if change:
            with sqlite3.connect(tmp_path / "books.db") as conn:
                conn.executescript(change)
            conn.close()
        for command in ("serve", "worker"):
            done = donations(installations["Live"], command, DATABASE_URL=url)
            assert done.returncode == 1
            assert said in done.stderr
            assert "Traceback" not in done.stderr


def test_the_lock_is_known_from_outside(tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    assert not lock.is_served(file)
    with lock.only_server(file):
        assert lock.is_served(file)
    assert not lock.is_served(file)
    assert not lock.is_served(None)
