"""`donations serve` (web and worker together) and `donations worker` alone. A child that dies is started again; the
signal to stop is passed on, and each ends after the work in hand. No process is left behind when one is killed."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from donations import config
from donations import worker as loop
from donations.cli import logs, web_server
from donations.errors import AddressTaken
from donations.extensions import db
from donations.installation import lock, schema
from donations.installation.outages import is_outage

log = logging.getLogger(__name__)
GRACE_SECONDS = 30
RESTART_PAUSE_SECONDS = 1.0
# After a kill, the web processes of the one before hold the port until the requests in hand are answered: within ten
# seconds, the longest that a person waits for Stripe.
PORT_PATIENCE_SECONDS = 12.0
DATABASE_PATIENCE_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


@click.command()
@click.option("--idle", default=0.5, show_default=True, help="Seconds to wait when nothing is due.")
@click.option("--forget", metavar="HOST", help="Forget the workers of a host that is gone for good.")
@with_appcontext
def worker(idle: float, forget: str | None) -> None:
    """Run the worker until SIGTERM: send emails, process events, check payment pages, run the periodic jobs.

    Exit codes: 0 ended by a signal, 1 refused (no database, no tables or another version)."""
    if forget is not None:
        click.echo(f"Forgotten: {loop.forget(forget)} workers of {forget}. Next: donations doctor")
        return
    logs.set_up()
    stop = threading.Event()
    _on_stop(stop)
    _check_tables(stop)
    loop.run(current_app._get_current_object(), stop, idle_seconds=idle)  # type: ignore[attr-defined]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on. 0 takes a free one.")
@click.option("--processes", default=2, show_default=True, help="Number of web processes.")
@click.option("--threads", default=4, show_default=True, help="Threads of each web process.")
@click.option("--no-worker", is_flag=True, help="Run the web server only. The worker runs elsewhere.")
@with_appcontext
def serve(host: str, port: int, processes: int, threads: int, no_worker: bool) -> None:
    """Run the web server and the worker until SIGTERM. Both finish their current work first.

    Exit codes: 0 ended by a signal, 1 refused (already running, port in use, no database, no tables or another
    version)."""
    stop = threading.Event()
    _on_stop(stop)
    with lock.only_server(current_app.config["SETTINGS"].database_file):
        _check_tables(stop)
        with _listening(host, port, stop) as listener:
            words = (listener.fileno(), processes, threads, GRACE_SECONDS)
            commands = [Command("web", (web_server.__file__, *map(str, words)), (listener.fileno(),))]
            if not no_worker:
                commands.append(Command("worker", ("-m", "donations.cli", "worker")))
            click.echo(f"Fighting Fund serves on http://{host}:{listener.getsockname()[1]}")
            supervise(commands, stop)


def _check_tables(stop: threading.Event) -> None:
    """Raises DatabaseNotReady unless the tables are ours. A database that is just starting is waited for, once it is
    known to be there; OperationalError if it does not answer in time."""
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while not stop.is_set():
        try:
            with db.engine.connect() as conn:
                schema.check(conn)
            return
        except OperationalError as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
        stop.wait(1)


def _listening(host: str, port: int, stop: threading.Event) -> socket.socket:
    """The socket of the web processes, bound by us alone: a second program on this port is refused, by the kernel.
    Raises AddressTaken."""
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((host, port), family=family, backlog=web_server.BACKLOG)
        except (OSError, OverflowError) as error:
            number = getattr(error, "errno", None)
            if number != errno.EADDRINUSE or time.monotonic() > deadline or stop.is_set():
                reason = os.strerror(number) if number and number > 0 else str(error)
                raise AddressTaken(address=f"{host}:{port}", reason=reason) from error
        stop.wait(0.2)


class Command(NamedTuple):
    """A child process: its name for people, the arguments after `python`, the file descriptors that it inherits."""

    name: str
    words: tuple[str, ...]
    descriptors: tuple[int, ...] = ()


def supervise(commands: list[Command], stop: threading.Event) -> None:
    """Keep the commands running until `stop` is set, then end them in order. They get the settings that we have read,
    and look for no .env of their own."""
    environ = config.source().handed_down()
    running = [_start(command, environ) for command in commands]
    while not stop.wait(0.2):
        for number, process in enumerate(running):
            if process.poll() is not None and not stop.is_set():
                click.echo(f"{commands[number].name} ended with {process.returncode}: started again", err=True)
                _clear_away(process)
                time.sleep(RESTART_PAUSE_SECONDS)
                running[number] = _start(commands[number], environ)
    for process in running:
        process.terminate()
    for process in running:
        _end(process)


def _start(command: Command, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only us, and we end the children in order.
    return subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *command.words],
        cwd=Path(current_app.root_path).parent,
        env=environ,
        pass_fds=command.descriptors,
        start_new_session=True,
        preexec_fn=partial(_end_with, os.getpid()),
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
