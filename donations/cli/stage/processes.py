"""Starts and ends the parts of a stage: migrations and appeals first, then the sandbox, then web and worker."""

from __future__ import annotations

import base64
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from donations import config
from donations.cli.stage.mailbox import Mailbox
from donations.config.source import Source

READY_SECONDS = 60
APPEALS = config.HOME / "appeals.toml"


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """An installation in `folder`. `url`, `sandbox_url` are addresses without a trailing slash."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        sandbox_port: int,
        smtp_port: int,
        database_url: str,
        sandbox_options: list[str],
    ) -> None:
        self.folder = folder
        self.url, self.sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
        self.mailbox = Mailbox(folder / "mailbox", smtp_port)
        self._port, self._sandbox_port, self._sandbox_options = port, sandbox_port, sandbox_options
        self._running: list[subprocess.Popen[bytes]] = []
        keys = _keys(folder)
        self.webhook_secret = f"whsec_{keys['webhook']}"
        self.environ = {
            **{name: value for name, value in config.environment().items() if name not in _OURS},
            "DATABASE_URL": database_url or f"sqlite:///{folder / 'fighting-fund.db'}",
            "SECRET_KEY": keys["secret"],
            "DATA_KEY": f"k1:{keys['data']}",
            "PUBLIC_URL": self.url,
            "STRIPE_SECRET_KEY": "sk_test_sandbox",
            "STRIPE_WEBHOOK_SECRETS": self.webhook_secret,
            "STRIPE_API_BASE": self.sandbox_url,
            "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "MAIL_FROM": "fund@localhost.localdomain",
            "PYTHONUNBUFFERED": "1",
        }
        _write_settings(folder / "env", self.environ)
        self.environ = Source(self.environ, folder / "env").handed_down()

    def start(self, *, serve_options: list[str] | None = None, load_appeals: bool = True) -> None:
        """Start everything and wait until it answers. Raises SystemExit with what is wrong. Without `load_appeals` they
        keep later changes."""
        self.command("db", "upgrade")
        if load_appeals:
            self.command("appeals", "load", str(APPEALS))
        self.mailbox.start()
        self.start_sandbox()
        self.spawn("serve", "--port", str(self._port), "--processes", "1", *(serve_options or []))
        _wait_until_answers(f"{self.url}/healthz")

    def start_sandbox(self) -> None:
        webhook = ["--webhook-url", f"{self.url}/webhooks/stripe", "--webhook-secret", self.webhook_secret]
        ours = ["--port", str(self._sandbox_port), "--organisation", "Solidarity Fighting Fund"]
        options = [*ours, *webhook, *self._sandbox_options]
        self.spawn("sandbox", *options)
        _wait_until_answers(f"{self.sandbox_url}/sandbox/summary")

    def command(self, *words: str) -> str:
        """Run one of the operator's commands to its end; gives what it printed. Raises SystemExit if it fails."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "donations.cli", *words], env=self.environ, cwd=config.HOME, capture_output=True
        )
        if done.returncode:
            raise SystemExit(f"donations {' '.join(words)} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()

    def spawn(self, *words: str) -> None:
        """Start one of the operator's commands that runs until it is told to end; its output goes to a file."""
        log = (self.folder / f"{words[0]}.log").open("ab")
        command = [sys.executable, "-m", "donations.cli", *words]
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=self.environ, cwd=config.HOME, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._running.append(process)

    def died(self) -> bool:
        """Whether a part has ended by itself."""
        return any(process.poll() is not None for process in self._running)

    def stop(self) -> None:
        """End every part, the last started first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self.mailbox.stop()


_OURS = {*config.NAMES, *(f"{name}_FILE" for name in config.SECRETS)}


def _keys(folder: Path) -> dict[str, str]:
    """The stage's own keys, kept beside its database so that a second start can read the first one's data."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "keys"
    if not kept.exists():
        data = base64.b64encode(secrets.token_bytes(32)).decode()
        kept.touch(mode=0o600)
        kept.write_text(f"{secrets.token_urlsafe(48)}\n{data}\n{secrets.token_hex(16)}\n")
    secret, data, webhook = kept.read_text().split()
    return {"secret": secret, "data": data, "webhook": webhook}


def _write_settings(path: Path, environ: dict[str, str]) -> None:
    """The stage's settings as a file, for commands beside it: `donations -e instance/demo/env messages list`."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}='{environ[name]}'\n" for name in config.NAMES if name in environ))


def _wait_until_answers(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"{url} does not answer: {error}") from error
            time.sleep(0.1)
