"""What the tests of paper read from a PDF: its text, its metadata, its pages."""

from __future__ import annotations

import io
import struct

from pypdf import PdfReader


def opened(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> str:
    """All text, its lines and spaces made one space, and without the marks where a long word may break."""
    text = " ".join(page.extract_text() for page in opened(pdf).pages)
    return " ".join(text.replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NO-BREAK SPACE}", " ").split())


def claims(pdf: bytes) -> dict[str, object]:
    """The metadata of a PDF: pages, language, title, author, whether it is tagged, PDF/A and PDF/UA."""
    reader = opened(pdf)
    root, said = reader.trailer["/Root"], reader.metadata
    xmp = root["/Metadata"].get_data().decode()
    assert said is not None
    return {
        "pages": len(reader.pages),
        "language": root["/Lang"],
        "title": said.title,
        "author": said.author,
        "tagged": bool(root["/MarkInfo"]["/Marked"]) and "/StructTreeRoot" in root,
        "archive": "<pdfaid:part>2</pdfaid:part>" in xmp and "<pdfaid:conformance>A</pdfaid:conformance>" in xmp,
        "accessible": "<pdfuaid:part>1</pdfuaid:part>" in xmp,
    }


def size_of_png(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the picture's own head."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)
