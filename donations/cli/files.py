"""Files that a command writes: whole or not at all, for the eyes of this user alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from donations import private_files


@contextmanager
def private(output: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `output` when all went well, also where that was there before."""
    try:
        with private_files.replacing(output) as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
