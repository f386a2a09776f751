"""Files that a command writes: whole or not at all, for the eyes of this user alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click


@contextmanager
def private(output: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `output` when all went well, also where that was there before."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp gives it to this user alone.
            yield file
        os.replace(name, output)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
