"""Where tests keep their files. Each test has a database of its own, and each commit waits for the disk: in memory,
where the machine has room for that, the suite takes a third of the time."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30


def use_memory() -> None:
    """Keep temporary files in memory from here on, also those of programs that tests start. TMPDIR, where it is set,
    stays as it is."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # It is looked up again.
