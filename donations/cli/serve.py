"""`donations serve` (web and worker together) and `donations worker` alone. A child that dies is started again; the
signal to stop is passed on, and each ends after the work in hand. Nobody is left behind when one of us is killed."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from donations import worker as loop

GRACE_SECONDS = 30
RESTART_PAUSE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


@click.command()
@click.option("--idle", default=0.5, show_default=True, help="Seconds to wait when nothing is due.")
@with_appcontext
def worker(idle: float) -> None:
    """Send mail, retry events, look at sessions, run the periodic jobs; until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("stripe").setLevel(logging.WARNING)  # It would log every address it asks.
    stop = threading.Event()
    _on_stop(stop)
    loop.run(current_app._get_current_object(), stop, idle_seconds=idle)  # type: ignore[attr-defined]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=2, show_default=True, help="Web processes.")
@click.option("--threads", default=4, show_default=True, help="Threads of each web process.")
@click.option("--no-worker", is_flag=True, help="Web only; the worker runs elsewhere.")
@with_appcontext
def serve(host: str, port: int, processes: int, threads: int, no_worker: bool) -> None:
    """Run the web server and the worker; until SIGTERM, which lets both finish what they have in hand."""
    web = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(processes), "--blocking-threads", str(threads), "--backlog", "1024"),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(GRACE_SECONDS), "--log-level", "warning"),
        "wsgi:app",
    ]
    commands = [web]
    if not no_worker:
        commands.append([sys.executable, "-m", "donations.cli", "worker"])
    click.echo(f"Fighting Fund serves on http://{host}:{port}")
    supervise(commands)


def supervise(commands: list[list[str]]) -> None:
    """Keep the commands running until SIGTERM or SIGINT, then end them in order."""
    stop = threading.Event()
    _on_stop(stop)
    folder = os.path.dirname(current_app.root_path)
    running = {number: _start(command, folder) for number, command in enumerate(commands)}
    while not stop.wait(0.2):
        for number, process in running.items():
            if process.poll() is not None and not stop.is_set():
                click.echo(f"{commands[number][2]} ended with {process.returncode}: started again", err=True)
                _clear_away(process)
                time.sleep(RESTART_PAUSE_SECONDS)
                running[number] = _start(commands[number], folder)
    for process in running.values():
        process.terminate()
    for process in running.values():
        _end(process)


def _start(command: list[str], folder: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only us, and we end the children in order.
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=folder, start_new_session=True, preexec_fn=partial(_end_with, os.getpid())
    )


def _end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM if the parent is killed: its children would go on serving beside the next ones."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # It was killed before we could ask.
        os._exit(1)


def _clear_away(process: subprocess.Popen[bytes]) -> None:
    """End what a child that died has left of its session: web processes outlive their killed parent."""
    _signal_all(process, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait until a child has ended. It is reminded every second: a web process that was just starting has not heard."""
    for _ in range(GRACE_SECONDS + 5):
        try:
            process.wait(1)
            return
        except subprocess.TimeoutExpired:
            _signal_all(process, signal.SIGTERM)
    _clear_away(process)
    process.wait()


def _signal_all(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _on_stop(stop: threading.Event) -> None:
    def asked(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)


COMMANDS = (serve, worker)
