"""Runs a command with DATABASE_URL naming a fresh database of a PostgreSQL server that lives as long as the command:
`python -m tests.with_postgresql make tour`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fixtures.databases import Cluster
from tests.needs import postgresql_binaries


def main() -> int:
    binaries = postgresql_binaries()
    with tempfile.TemporaryDirectory(prefix="ff-pg-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder), binaries)
        try:
            environ = {**os.environ, "DATABASE_URL": cluster.create(None)}
            return subprocess.run(sys.argv[1:], env=environ, check=False).returncode
        finally:
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
