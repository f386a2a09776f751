"""Where a page comes from: scheme, host and port of an address, and nothing behind them (RFC 6454)."""

from __future__ import annotations

from urllib.parse import urlsplit

MOST_LETTERS = 120


def origin_of(address: str | None) -> str:
    """https://example.org of any address there; empty for what has no origin, or an absurd one."""
    try:
        parts = urlsplit(address or "")
        named = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""
    good = parts.scheme in ("http", "https") and parts.hostname and named.isascii() and len(named) <= MOST_LETTERS
    return named if good else ""
