"""Field 86 of MT940, which each country fills in its own way: numbered parts (?20, ?32), words between strokes
(/NAME/), or plain text."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"[0-9]{3}([?@~^])(?=[0-9]{2})")
_WORDS = re.compile(
    r"/(TRCD|TRTP|CSID|MARF|IBAN|BIC|NAME|REMI|EREF|ORDP|BENM|CNTP|PREF|KREF|ID|RTRN|ADDR|ISDT|ULTC|ULTD|PURP|SVCL)/"
)
PART = 27  # A part of this length is full: its last word continues in the next.
_TEXT_PARTS = {f"{number:02}" for number in (*range(20, 30), *range(60, 64))}


def details_of(lines: list[str], reference: str, extra: str) -> tuple[str, str, str]:
    """(name, account, text) of the other side. `reference` and `extra` are what field 61 says beside it."""
    name = account = ""
    if lines:
        numbered = _NUMBERED.match(lines[0])
        if numbered:
            name, account, text = _from_parts("".join(lines)[numbered.end() - 1 :].split(numbered[1]))
        elif _WORDS.search(lines[0]):
            name, account, text = _from_words("".join(lines))
        else:
            text = " ".join(lines)
    else:
        text = ""
    text = f"{text} {reference} {extra}".strip() if reference or extra else text.strip()
    return name, account, text


def _from_parts(parts: list[str]) -> tuple[str, str, str]:
    name = account = bank = text = ""
    full = False
    for part in parts:
        number, said = part[:2], part[2:]
        if number in _TEXT_PARTS:
            text = text + said if full or not text else f"{text} {said}"
            full = len(said) >= PART
        elif number in ("32", "33"):
            name += said if len(name) >= PART or not name else f" {said}"
        elif number == "31":
            account = said.strip()
        elif number == "30":
            bank = said.strip()
        elif number == "38":
            account = account or said.strip()
    if account.isdecimal() and bank.isdecimal():
        account = f"{bank}/{account}"
    return name.strip(), account, text


def _from_words(joined: str) -> tuple[str, str, str]:
    pieces = _WORDS.split(joined)
    said: dict[str, str] = {}
    for word, content in zip(pieces[1::2], pieces[2::2], strict=True):
        said.setdefault(word, content.strip("/ "))
    name, account = said.get("NAME", ""), said.get("IBAN", "")
    if "CNTP" in said:  # Account, bank and name in one, between strokes.
        parts = [*said["CNTP"].split("/"), "", "", ""]
        name, account = name or parts[2], account or parts[0]
    text = said.get("REMI", "").removeprefix("USTD//").removeprefix("STRD/")
    eref = said.get("EREF", "")
    kept = [text, "" if eref.upper() in ("NOTPROVIDED", "NONREF") else eref, pieces[0].strip("/ ")]
    return name, account, " ".join(each for each in kept if each)
