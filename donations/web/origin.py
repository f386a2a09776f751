"""Where a page comes from: scheme, host and port of an address, and nothing behind them (RFC 6454)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_LENGTH = 120
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def origin_of(address: str | None) -> str:
    """https://example.org of any address there; empty for what has no origin, or an absurd one."""
    try:
        parts = urlsplit(address or "")
        named = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""
    is_host = _HOST.fullmatch(parts.hostname or "")  # It goes into a header: nothing that could end a token there.
    return named if is_host and parts.scheme in ("http", "https") and len(named) <= MAX_LENGTH else ""
