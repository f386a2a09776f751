"""The environment: what is read, what is refused and the remedy in the refusal."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from donations import config
from donations.errors import BadSetting
from tests.fixtures.settings import environ_for
from tests.house import ROOT

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def environ() -> dict[str, str]:
    return environ_for("sqlite:////tmp/books.db")


def test_a_whole_environment_is_read(environ: dict[str, str]) -> None:
    settings = config.read(environ | {"STRIPE_WEBHOOK_SECRETS": "whsec_new, whsec_old", "TRUSTED_PROXIES": "1"})
    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert settings.trusted_proxies == 1
    assert not settings.livemode
    assert not settings.secure


def test_what_is_not_set_takes_its_default(environ: dict[str, str]) -> None:
    kept = {name: environ[name] for name in ("SECRET_KEY", "DATA_KEY")}
    settings = config.read(kept)
    assert settings.database_url.startswith("sqlite:///")
    assert settings.public_url == "http://localhost:8000"
    assert settings.stripe_webhook_secrets == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "books.db"),
        ("DATABASE_URL", "mysql://localhost/books"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "long enough, but never to be kept behind a new one"),
        ("DATA_KEY", ""),
        ("DATA_KEY", KEY),
        ("DATA_KEY", "k1:" + base64.b64encode(bytes(16)).decode()),
        ("DATA_KEY", f"k-1:{KEY}"),
        ("DATA_KEY", "k1:not base64"),
        ("PUBLIC_URL", "fund.example.org"),
        ("PUBLIC_URL", "https://fund.example.org/?x=1"),
        ("TRUSTED_PROXIES", "all"),
        ("TRUSTED_PROXIES", "-1"),
        ("STRIPE_SECRET_KEY", "pk_test_x"),
        ("STRIPE_WEBHOOK_SECRETS", "whsec_a,secret"),
        ("STRIPE_API_BASE", "localhost:4242"),
        ("SMTP_URL", "mail.example.org"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@example.org\r\nBcc: b@example.org"),
        ("ALERT_EMAIL", "nobody"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_its_fix(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        config.read(environ | {name: value})
    assert refusal.value.facts["setting"] == name
    assert refusal.value.facts["fix"]


def test_a_refusal_does_not_repeat_a_secret(environ: dict[str, str]) -> None:
    for name in ("SECRET_KEY", "DATA_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", "SMTP_URL"):
        with pytest.raises(BadSetting) as refusal:
            config.read(environ | {name: "hunter2"})
        assert "hunter2" not in str(refusal.value)


def test_settings_do_not_print_their_secrets(environ: dict[str, str]) -> None:
    settings = config.read(
        environ | {"SMTP_URL": "smtp://u:hunter2@127.0.0.1", "DATABASE_URL": "postgresql://u:hunter2@h/b"}
    )
    shown = repr(settings)
    for secret in ("hunter2", environ["STRIPE_SECRET_KEY"], environ["STRIPE_WEBHOOK_SECRETS"], environ["SECRET_KEY"]):
        assert secret not in shown


def test_the_sandbox_beside_a_live_key_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="live key"):
        config.read(environ | {"STRIPE_SECRET_KEY": "sk_live_" + "x"})


def test_all_faults_are_told_at_once(environ: dict[str, str]) -> None:
    faults, settings = config.examine(environ | {"SECRET_KEY": "", "PUBLIC_URL": "x", "MAIL_FROM": "y"})
    assert [fault.facts["setting"] for fault in faults] == ["SECRET_KEY", "PUBLIC_URL", "MAIL_FROM"]
    assert settings is None


def test_a_secret_is_read_from_the_file_that_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(environ.pop("SECRET_KEY") + "\n")
    assert config.read(environ | {"SECRET_KEY_FILE": str(file)}).secret_key == file.read_text().strip()


def test_a_file_that_cannot_be_read_is_refused_by_its_own_name(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="DATA_KEY_FILE"):
        config.read(environ | {"DATA_KEY_FILE": str(tmp_path / "none")})


def test_postgresql_is_spoken_to_by_psycopg(environ: dict[str, str]) -> None:
    url = config.read(environ | {"DATABASE_URL": "postgresql://u:p%40ss@host/books"}).database_url
    assert url == "postgresql+psycopg://u:p%40ss@host/books"


def test_a_new_data_key_stands_before_the_old_one(environ: dict[str, str]) -> None:
    keys = config.read(environ | {"DATA_KEY": f"k2:{KEY},k1:{KEY}"}).data_keys
    assert list(keys) == ["k2", "k1"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own, and an environment that says nothing of the app."""
    monkeypatch.chdir(tmp_path)
    for name in config.NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return tmp_path


def test_a_dotenv_file_lies_beneath_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a .env file and an environment that says one of its names and empties another
    (folder / ".env").write_text("PUBLIC_URL=https://file.example\nMAIL_FROM=a@file.example\nDATA_KEY='k1:$x'\n")
    monkeypatch.setenv("PUBLIC_URL", "https://environment.example")
    monkeypatch.setenv("MAIL_FROM", "")
    # when it is read
    found = config.environment()
    # then the environment wins, also where it is empty, and nothing of the file is expanded
    assert (found["PUBLIC_URL"], found["MAIL_FROM"]) == ("https://environment.example", "")
    assert found["DATA_KEY"] == "k1:$x"


def test_a_secrets_file_named_in_dotenv_gives_way_to_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("SECRET_KEY_FILE=/run/secrets/key\nDATA_KEY=k1:x\n")
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("DATA_KEY_FILE", "/run/secrets/data")
    found = config.environment()
    assert "SECRET_KEY_FILE" not in found
    assert "DATA_KEY" not in found


def test_the_example_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == set(config.NAMES)
