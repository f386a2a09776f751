"""From the bytes of a file to its text: which characters they are, and a refusal for what is no text at all. What the
text means is not known here."""

from __future__ import annotations

import codecs
import re

from donations.reconciliation.readers.types import FETCH_AGAIN, N_, broken, unreadable

_PACKED = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
)  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# What no statement holds; a form feed, and the mark that ends old DOS files, are let through.
_BINARY = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f\ufffe\uffff]")
_LETTERS_IN_A_ROW = re.compile(rb"[\xa8\xb8\xc0-\xff]{3,}")
_NOT_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
_SIGN_IN_WORD = re.compile(rb"[A-Za-z][\xa0-\xa9\xab-\xb1\xb4-\xb9\xbb-\xbf][A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")
_ENCODINGS = re.compile(
    r"(?i)utf-?8|utf-?16(-?[lb]e)?|us-ascii|ascii|iso[-_]?8859[-_]?[0-9]{1,2}|latin-?1"
    r"|(cp|windows-?)125[0-8]|koi8-[ru]|cp866|cp852"
)
WRONG_LETTERS = N_("the file contains characters that we cannot read")
SAVE_AS_UTF8 = N_("Save the file as UTF-8, or download it from your bank again.")


def refuse_packed(data: bytes) -> None:
    """Raises BadStatement for archives, PDFs and spreadsheets."""
    if data.startswith(_PACKED):
        raise unreadable(
            N_("the file is an archive, a PDF or a spreadsheet"),
            N_("Unpack the archive, or export the statement as camt, MT940 or CSV."),
        )


def text_of(data: bytes, declared: str = "", instead: str = "") -> str:
    """The text, by its byte order mark, by what the file declares, or by trying: UTF-8, else `instead`, else the
    letters of Western or Eastern Europe as Windows writes them. Raises BadStatementLine for anything else, with the
    line."""
    bom, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    encoding = encoding or _utf16_without_mark(data) or declared
    if encoding.lower().startswith("utf") and "16" in encoding and b"\0" not in data:
        encoding = ""  # Programs made with .NET declare UTF-16 over bytes that are UTF-8.
    text = _decoded(data[len(bom) :], encoding) if encoding else _tried(data, instead)
    found = _BINARY.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise broken(line, text[max(0, found.start() - 20) : found.start() + 20], N_("this is not text"), FETCH_AGAIN)
    return text


def _utf16_without_mark(data: bytes) -> str:
    """In Latin letters every second byte is 0; among Russian ones only those of figures, spaces and signs."""
    head = data[:2000]
    if len(head) >= 8 and len(data) % 2 == 0:
        if head[1::2].count(0) > len(head) // 20 and not head[::2].count(0):
            return "utf-16-le"
        if head[::2].count(0) > len(head) // 20 and not head[1::2].count(0):
            return "utf-16-be"
    return ""


def _tried(data: bytes, instead: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Where letters before it were good UTF-8, this is UTF-8 that was damaged, and not another encoding.
        if _HIGH.search(data, 0, error.start):
            raise _wrong_letters(data, error.start) from error
    return _decoded(data, instead or _legacy(data))


def _legacy(data: bytes) -> str:
    """Cyrillic words are letters above 127 in a row; in Western languages such letters are single."""
    high = len(_HIGH.findall(data))
    in_a_row = sum(len(run) for run in _LETTERS_IN_A_ROW.findall(data))
    if in_a_row * 2 > high:
        return "cp1251"
    if data.translate(None, _NOT_IN_1252) != data:
        return "cp1250"
    # Signs inside of words are letters of old DOS.
    return "cp852" if _SIGN_IN_WORD.search(data) else "cp1252"


def _decoded(data: bytes, encoding: str) -> str:
    if not _ENCODINGS.fullmatch(encoding):  # Python knows stranger ones, which no bank writes.
        raise unreadable(N_("the file names an encoding that we do not know"), SAVE_AS_UTF8)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong_letters(data, error.start) from error
    except LookupError as error:
        raise unreadable(N_("the file names an encoding that we do not know"), SAVE_AS_UTF8) from error


def _wrong_letters(data: bytes, at: int) -> Exception:
    around = data[max(0, at - 20) : at + 20].decode("ascii", "replace")
    return broken(data.count(b"\n", 0, at) + 1, around, WRONG_LETTERS, SAVE_AS_UTF8)
