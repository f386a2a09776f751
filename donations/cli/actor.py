"""Who sits at the host's command line, as decisions and the audit name them."""

from __future__ import annotations

import getpass


def operator() -> str:
    """The name of the Unix user; a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"


def actor() -> str:
    return f"cli:{operator()}"
