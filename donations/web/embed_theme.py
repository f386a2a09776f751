"""How an embed is to look, as its address asks for it: size, theme, accent colour, with or without a button. What is
not one of ours is taken for the default and never repeated in an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SIZES = ("card", "bar", "full", "thermometer")
THEMES = ("auto", "light", "dark")
# How high a frame is at 640 CSS pixels of width, for frames embedded without the script.
HEIGHTS = {"card": 380, "bar": 165, "full": 500, "thermometer": 410}
NO = frozenset({"0", "no", "false", "off"})
_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_DARK_INK, _LIGHT_INK = "000000", "ffffff"  # One of the two has 4.5 to 1 or more on any colour; no softer pair has.


@dataclass(frozen=True, slots=True)
class Look:
    """`accent` is six hex digits, or empty for the organisation's own colour."""

    size: str = "card"
    theme: str = "auto"
    accent: str = ""
    has_button: bool = True

    def query(self) -> dict[str, str]:
        """The parameters that say it, without those of the default."""
        said = {"size": self.size, "theme": self.theme, "accent": self.accent}
        plain = {"size": "card", "theme": "auto", "accent": ""}
        return {name: value for name, value in said.items() if value != plain[name]} | (
            {} if self.has_button else {"button": "no"}
        )


def asked(query: Mapping[str, str]) -> Look:
    return Look(
        size=_one_of(SIZES, query.get("size")),
        theme=_one_of(THEMES, query.get("theme")),
        accent=colour(query.get("accent", "")),
        has_button=query.get("button", "").lower() not in NO,
    )


def colour(said: str) -> str:
    """Six hex digits of `#a3201a` or `a21`; empty for anything else."""
    found = _COLOUR.fullmatch(said.strip().lower())
    if found is None:
        return ""
    digits = found[1]
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def ink_on(accent: str) -> str:
    """The ink, dark or light, that is easier to read on a colour (contrast as WCAG 2.2 calculates it)."""
    return max((_DARK_INK, _LIGHT_INK), key=lambda ink: contrast(ink, accent))


def contrast(one: str, other: str) -> float:
    """Between two colours of six hex digits, 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _one_of(known: tuple[str, ...], said: str | None) -> str:
    return said if said in known else known[0]
