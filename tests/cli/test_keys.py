"""`donations keys rotate`: what is written into .env, what is printed, and what keeps working."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from dotenv import dotenv_values
from flask import Flask

from donations import config, create_app, stripe_gateway, tokens
from donations.errors import BadLink, KeysNotRotated
from donations.extensions import db
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def env_file(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the test in a .env file of the current folder, beside a remark."""
    file = tmp_path / ".env"
    file.write_text("# ours\n" + "".join(f"{name}={value}\n" for name, value in environ.items()), encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    for name in environ:
        monkeypatch.delenv(name, raising=False)
    return file


def again(file: Path) -> Flask:
    """The app as it starts with the file's present content."""
    written = {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}
    return create_app(written, TESTING=True)


def run(file: Path, *words: str, typed: str = "") -> Result:
    """A command of the app as it starts now."""
    made = again(file)
    with made.app_context():
        answer = made.test_cli_runner().invoke(args=list(words), input=typed)
        db.session.remove()
        db.engine.dispose()
    return answer


def test_a_new_data_key_stands_in_front_of_the_old_one(app: Flask, env_file: Path) -> None:
    before = config.read(dotenv_values(env_file)).data_keys  # type: ignore[arg-type]
    answer = app.test_cli_runner().invoke(args=["keys", "rotate", "data"])
    assert answer.exit_code == 0, answer.exception
    assert "then run: donations keys rotate data" in answer.output
    after = config.read(dotenv_values(env_file)).data_keys  # type: ignore[arg-type]
    assert list(after) == ["k2", "k1"]
    assert after["k1"] == before["k1"]
    assert env_file.read_text(encoding="utf-8").startswith("# ours\n")
    assert env_file.stat().st_mode & 0o077 == 0
    # when it is started again and the command run once more, then the old key can go
    done = run(env_file, "keys", "rotate", "data", "--yes")
    assert done.exit_code == 0, done.exception
    assert "remove k1 from DATA_KEY" in done.output
    listed = run(env_file, "keys", "list")
    assert "k1: retired" in listed.output
    assert "k2: in use, in DATA_KEY" in listed.output


def test_a_new_secret_key_keeps_old_links_and_a_leaked_one_does_not(app: Flask, env_file: Path) -> None:
    old = tokens.for_receipt("R-000001")
    assert app.test_cli_runner().invoke(args=["keys", "rotate", "secret"]).exit_code == 0
    with again(env_file).app_context():
        assert tokens.read_receipt(old) == "R-000001"
        newer = tokens.for_receipt("R-000001")
        assert newer != old
    refused = run(env_file, "keys", "rotate", "secret", "--leaked", typed="n\n")
    assert refused.exit_code == 1
    assert "check codes on printed receipts" in refused.output
    with again(env_file).app_context():
        assert tokens.read_receipt(old) == "R-000001"
    assert run(env_file, "keys", "rotate", "secret", "--leaked", "--yes").exit_code == 0
    with again(env_file).app_context():
        for link in (old, newer):
            with pytest.raises(BadLink):
                tokens.read_receipt(link)


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def test_a_webhook_secret_is_replaced_in_two_steps(app: Flask, env_file: Path) -> None:
    # given the endpoint that we have
    app.test_cli_runner().invoke(args=["stripe", "setup"])
    (first,) = _endpoints(app)
    (old,) = app.config["SETTINGS"].stripe_webhook_secrets
    # when it is replaced, then both secrets are good until the second step
    begun = app.test_cli_runner().invoke(args=["keys", "rotate", "webhook"])
    assert begun.exit_code == 0, begun.exception
    both = again(env_file)
    assert both.config["SETTINGS"].stripe_webhook_secrets[1:] == (old,)
    too_often = run(env_file, "keys", "rotate", "webhook")
    assert isinstance(too_often.exception, KeysNotRotated)
    ended = run(env_file, "keys", "rotate", "webhook", "--finish")
    assert ended.exit_code == 0, ended.exception
    (left,) = _endpoints(app)
    assert left.id != first.id
    after = again(env_file)
    assert after.config["SETTINGS"].stripe_webhook_secrets == both.config["SETTINGS"].stripe_webhook_secrets[:1]
    again_ended = run(env_file, "keys", "rotate", "webhook", "--finish")
    assert isinstance(again_ended.exception, KeysNotRotated)


def test_what_the_environment_says_is_not_written_but_shown(
    app: Flask, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x" * 40)
    before = dotenv_values(env_file)["SECRET_KEY"]
    answer = app.test_cli_runner().invoke(args=["keys", "rotate", "secret"])
    assert "SECRET_KEY is not set in a .env file here" in answer.output
    assert dotenv_values(env_file)["SECRET_KEY"] == before


def _endpoints(app: Flask) -> list[stripe_gateway.Endpoint]:
    return stripe_gateway.endpoints_at(f"{app.config['SETTINGS'].public_url}/webhooks/stripe")
