"""What people type, made plain: one line, or several."""

from __future__ import annotations

import unicodedata

from donations import paper


def one_line(text: str | None) -> str:
    """What was typed, without control characters and needless space."""
    return " ".join(_printable(text or "").split())


def lines(text: str | None) -> str:
    """The same for a text of several lines."""
    return "\n".join(_printable(line).rstrip() for line in (text or "").splitlines()).strip()


def _printable(text: str) -> str:
    """Without control characters, and without the marks by which a name or message could turn the text around it
    backwards, on our pages and in a moderator's terminal."""
    plain = "".join(c for c in text if c not in paper.TURNING)
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in plain)
