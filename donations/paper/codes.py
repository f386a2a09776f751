"""QR codes of our addresses (segno). Which address, the caller says; a code holds nothing else."""

from __future__ import annotations

import io

import segno

_CORRECTION = "m"  # It is still read when 15 % of it is torn, folded or rained on.


def qr_svg(address: str, *, border: int = 4) -> str:
    """An SVG without a size of its own, black on nothing. `border` is the quiet zone in modules; readers require 4."""
    return _written(address, "svg", border=border, xmldecl=False, omitsize=True)


def qr_png(address: str) -> bytes:
    """A picture of 16 pixels a module, black on white: sharp on paper up to a hand's breadth."""
    out = io.BytesIO()
    _code(address).save(out, kind="png", scale=16, border=4)
    return out.getvalue()


def _written(address: str, kind: str, **how: object) -> str:
    out = io.BytesIO()
    _code(address).save(out, kind=kind, **how)
    return out.getvalue().decode()


def _code(address: str) -> segno.QRCode:
    # One fixed mask: trying all eight takes five times as long, and readers take any.
    return segno.make(address, error=_CORRECTION, micro=False, boost_error=False, mask=3)
