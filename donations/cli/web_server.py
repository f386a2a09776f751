"""The web processes, on a socket that `donations serve` has bound: run as a file, so that it starts without the app.

granian would bind each process's socket itself, with SO_REUSEPORT: then two installations could share one port, and the
kernel would deal Stripe's events between them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import socket
import sys
import threading
from functools import partial
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.mp import MPServer, WorkerProcess

BACKLOG = 1024
MAX_CONNECTIONS = 8192  # of one web process at a time, idle ones too; work is done by its threads alone


class OnSocket(MPServer):
    """A granian server whose processes all take connections from one socket, given by its file descriptor."""

    descriptor = -1

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder(self.descriptor, False, BACKLOG)  # type: ignore[call-arg]
        self._ssp, self._shd = None, holder
        self._sso = socket.socket(fileno=os.dup(self.descriptor))

    def _stop_workers(self) -> None:
        """End them, and remind each every second: one that was just starting has not heard, and would hold the port
        until it is killed."""
        ended = threading.Event()
        reminders = threading.Thread(target=self._remind, args=(list(self.wrks), ended), daemon=True)
        reminders.start()
        super()._stop_workers()  # type: ignore[no-untyped-call]
        ended.set()

    @staticmethod
    def _remind(workers: list[WorkerProcess], ended: threading.Event) -> None:
        while not ended.wait(1):
            for worker in workers:
                if worker.inner.is_alive():
                    worker.inner.terminate()


def _load(threads: int) -> Any:
    """The app of one web process. It is imported there only: this one stays small."""
    from donations.cli.request_buffer import Bridge
    from wsgi import app

    return Bridge(app, threads)


def main(descriptor: int, processes: int, threads: int, grace_seconds: int) -> None:
    """Serve until SIGTERM."""
    # Not the file's own folder: what lies there would hide modules of the same name.
    sys.path[0] = os.getcwd()
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # A connection is a file, too.
    multiprocessing.set_start_method("fork")  # The processes inherit the socket.
    server = OnSocket(
        "wsgi:app",
        interface=Interfaces.RSGI,
        workers=processes,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=grace_seconds,
        log_level=LogLevels.warning,
    )
    server.descriptor = descriptor
    server.serve(target_loader=partial(_load, threads), wrap_loader=False)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
