"""typst, kept warm: data in, PDF or PNG out. Data goes in as JSON and is never pasted into typst's source, so nothing a
person typed is ever read as markup. Nothing is fetched and no font of the machine is needed."""

from __future__ import annotations

import json
import threading
import unicodedata
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parents[2] / "templates" / "pdf"
# Archivable and readable aloud: PDF/A-2a and PDF/UA-1.
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
# Marks by which a name could turn the text around it backwards. The joiners that scripts need are not among them.
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_TEXT = {"Cc", "Cn", "Co", "Cs"}
_own = threading.local()  # A compiler serves one thread at a time and lets the others run meanwhile.


def pdf(template: str, said: dict[str, Any], *, at: datetime) -> bytes:
    """A PDF of templates/pdf/<template>.typ with these values. `at` is the date it carries: the same data and the same
    moment give the same bytes.

    A letter that our fonts lack (Chinese, emoji) is looked for in the fonts of the machine; where there is none either,
    the paper still comes, with a box for the letter, and does not claim to be PDF/A."""
    how: dict[str, Any] = {"timestamp": int(at.timestamp())}
    for with_machine in (False, True):
        try:
            return _compile(template, said, with_machine=with_machine, pdf_standards=STANDARDS, **how)
        except typst.TypstError as error:
            if "could not be displayed" not in error.message:
                raise
    return _compile(template, said, with_machine=True, pdf_standards=["1.7"], **how)


def png(template: str, said: dict[str, Any]) -> bytes:
    """A picture of templates/pdf/<template>.typ, one pixel for each point of its page."""
    return _compile(template, said, with_machine=False, format="png", ppi=72)


@cache
def edition() -> str:
    """Changes when a template changes, so that no old picture is taken for the new one."""
    return sha256(b"".join(path.read_bytes() for path in sorted(TEMPLATES.glob("*.typ")))).hexdigest()[:10]


def _compile(template: str, said: dict[str, Any], *, with_machine: bool, **how: Any) -> bytes:
    compiled = _compiler(template, with_machine=with_machine).compile(
        **{"format": "pdf", **how}, sys_inputs={"data": json.dumps(_cleaned(said), ensure_ascii=False)}
    )
    assert isinstance(compiled, bytes), "a picture has one page"
    return compiled


def _compiler(template: str, *, with_machine: bool) -> typst.Compiler:
    kept: dict[tuple[str, bool], typst.Compiler] = _own.__dict__.setdefault("compilers", {})
    key = (template, with_machine)
    if key not in kept:
        kept[key] = typst.Compiler(
            TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(with_machine=with_machine),
            ignore_system_fonts=not with_machine, package_path=TEMPLATES,
        )  # fmt: skip
    return kept[key]


@cache
def _fonts(*, with_machine: bool) -> typst.Fonts:
    """Libertinus Serif and DejaVu Sans Mono come inside typst; between them Latin, Cyrillic, Greek, Hebrew, Arabic."""
    return typst.Fonts(include_system_fonts=with_machine)


def _cleaned(said: Any) -> Any:
    """The same without what is no text (control characters, private ones) and without marks that turn text around."""
    if isinstance(said, str):
        return "".join(c for c in said if c == "\n" or (c not in TURNING and unicodedata.category(c) not in _NOT_TEXT))
    if isinstance(said, dict):
        return {key: _cleaned(value) for key, value in said.items()}
    return [_cleaned(value) for value in said] if isinstance(said, list | tuple) else said
