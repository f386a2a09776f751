"""The shipped nginx file, run by the real nginx before a real server of the app. Only what names the machine is put in
another's place: ports, paths, the certificate. Whatever else the file says is what is tested."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from donations.cli.stage import free_port
from tests.needs import program

SHIPPED = Path(__file__).parents[3] / "deploy" / "nginx.conf"


def adapted(app_port: int, port: int, folder: Path, patience: str = "") -> str:
    """The shipped file for this machine, within an nginx of our own. `patience` takes the place of how long nginx
    waits for an answer. Raises AssertionError where a part is missing."""
    text = SHIPPED.read_text(encoding="utf-8")
    for pattern, wanted in (
        (r"\nserver \{\n    listen 80;.*?\n\}\n", "\n"),  # The way to HTTPS: there is no certificate here.
        (r"listen 443 ssl http2", f"listen 127.0.0.1:{port}"),
        (r"\n    ssl_reject_handshake on;", ""),
        (r"\n    ssl_certificate\w* [^\n]*", ""),
        (r"server_name fund\.example;", "server_name 127.0.0.1;"),
        *([(r"proxy_read_timeout \d+s", f"proxy_read_timeout {patience}")] if patience else []),
        *_paths(app_port, folder),
    ):
        text, found = re.subn(pattern, wanted, text, flags=re.DOTALL)
        assert found, f"deploy/nginx.conf has nothing like {pattern}"
    return whole(text, folder)


def encrypted(app_port: int, ports: tuple[int, int], folder: Path, certificate: Path, key: Path) -> str:
    """The shipped file with all its servers, for HTTP and HTTPS on two other ports and under the name localhost."""
    text = SHIPPED.read_text(encoding="utf-8")
    for pattern, wanted in (
        (r"listen 80;", f"listen 127.0.0.1:{ports[0]};"),
        (r"listen 443 ssl", f"listen 127.0.0.1:{ports[1]} ssl"),
        (r"ssl_certificate /[^;]*", f"ssl_certificate {certificate}"),
        (r"ssl_certificate_key /[^;]*", f"ssl_certificate_key {key}"),
        (r"server_name fund\.example;", "server_name localhost;"),
        *_paths(app_port, folder),
    ):
        text, found = re.subn(pattern, wanted, text)
        assert found, f"deploy/nginx.conf has nothing like {pattern}"
    return whole(text, folder)


def _paths(app_port: int, folder: Path) -> tuple[tuple[str, str], ...]:
    return (
        (r"/var/cache/fighting-fund", str(folder / "cache")),
        (r"/var/www/fighting-fund", str(folder / "www")),
        (r"/var/log/nginx/", f"{folder}/"),
        (r"server 127\.0\.0\.1:8000\b", f"server 127.0.0.1:{app_port}"),
    )


def whole(text: str, folder: Path) -> str:
    """The `http` section of an nginx that needs nothing outside the folder."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    owner = "user root;\n" if os.geteuid() == 0 else ""  # Its workers write into a folder that only its owner opens.
    return (
        f"{owner}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{\n{temporary}{text}\n}}\n"
    )


@contextmanager
def nginx(app_port: int, folder: Path, port: int = 0, patience: str = "") -> Iterator[str]:
    """Runs nginx before the app on that port. Returns its address."""
    port = port or free_port()
    with running(adapted(app_port, port, folder, patience), folder, f"http://127.0.0.1:{port}/robots.txt"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(text: str, folder: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs nginx with a whole configuration until it answers at the address."""
    binary, file = program("nginx", "/usr/sbin/nginx"), folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    process = subprocess.Popen([str(binary), "-c", str(file), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        _wait_for(address, process)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, (process.communicate()[1] or b"").decode()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            continue
    raise AssertionError(f"nginx does not answer at {address}")
