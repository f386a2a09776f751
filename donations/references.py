"""Reference codes: what a supporter types into a bank transfer so that the money is known when it comes. A code names
an appeal or one expected donation. reconciliation/matching looks for codes in statement lines.

A code is FF, then three characters for an appeal or six for a donation, then two check characters. Characters are
figures and capital letters without I, L, O and U. As with an IBAN the checks make the whole come out: read as a number
in base 32 it leaves 1 when divided by 1021. A prime that large finds every wrong character, and any two exchanged."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from donations.models import Appeal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "FF"
LENGTHS = {3: "appeal", 6: "gift"}  # characters between the prefix and the checks
_MODULUS, _BASE = 1021, 32
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
# An odd number has an inverse for powers of two: neighbouring appeals get codes that do not look alike.
_SCATTER, _APPEALS = 20_011, _BASE**3
_GATHER = pow(_SCATTER, -1, _APPEALS)
LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


class Found(NamedTuple):
    """A code in a text. `number` is the appeal's id, or what `offline_donation_number` makes of a donation's id; `how`
    is exact or repaired."""

    code: str
    kind: str
    number: int
    how: str


def code_of_appeal(appeal: Appeal) -> str:
    return code_of_appeal_id(appeal.id)


@lru_cache(maxsize=1024)
def code_of_appeal_id(appeal_id: int) -> str:
    """The same for ever: it may be on leaflets and in standing orders."""
    assert 0 < appeal_id < _APPEALS, "there is no code for so many appeals"
    return _checked(_written(appeal_id * _SCATTER % _APPEALS, 3))


def code_of_offline_donation(offline_donation_id: int) -> str:
    """A code for one expected donation. A donation's id is too long to be typed, so this is 30 bits of its hash: two
    donations may share a code, and then it proves nothing."""
    return _checked(_written(offline_donation_number(offline_donation_id), 6))


def offline_donation_number(offline_donation_id: int) -> int:
    return int.from_bytes(hashlib.sha256(str(offline_donation_id).encode()).digest()[:4]) >> 2


def find(text: str, known: Collection[str] = ()) -> list[Found]:
    """The codes in a text, in order. Exact: written as we write it, as a word of its own. Repaired: divided by spaces
    or dashes, glued to other words, O for 0 and the like; and, where it comes to one of the codes `known`, with one
    character wrong, missing, added or exchanged with its neighbour."""
    plain = unicodedata.normalize("NFKC", text).upper()
    if "F" not in plain:
        return []
    words = _WORD.findall(plain)
    found: dict[str, Found] = {}
    for word in words:
        if word.startswith(PREFIX) and _is_code(word):
            found[word] = _told(word, "exact")
    for code in _repaired(words, known):
        found.setdefault(code, _told(code, "repaired"))
    return list(found.values())


def is_code(text: str) -> bool:
    """Whether this is a code as we write it."""
    return text.startswith(PREFIX) and _is_code(text)


def normalised(text: str) -> str:
    """A code as typed, in our own spelling; unchanged if it is none."""
    codes = find(text)
    return codes[0].code if len(codes) == 1 else text.strip()


def _repaired(words: list[str], known: Collection[str]) -> Iterator[str]:
    """Codes among words that are not exactly one."""
    rest = [word for word in words if not (word.startswith(PREFIX) and _is_code(word))]
    near: set[str] = set()
    for piece in _pieces(rest):
        plain = piece.translate(LOOKS_LIKE)
        whole = [plain[at : at + size] for at in _starts(plain) for size in (7, 10)]
        codes = [code for code in whole if _is_code(code)]
        yield from codes
        if known and not codes and len(plain) in _ONE_OFF:
            near.update(code for code in _one_edit_from(plain) if code in known)
    if len(near) == 1:  # One edit from two codes is a guess.
        yield near.pop()


def _pieces(words: list[str]) -> Iterator[str]:
    """Each word, and neighbours put together where they could be a code that was written apart."""
    for at, word in enumerate(words):
        if "F" not in word:
            continue
        if len(word) > 4:
            yield word
        together = word
        for following in words[at + 1 : at + 4]:
            together += following
            if len(together) > 10 or not word.startswith("F"):
                break
            if len(together) in _WRITTEN_APART:
                yield together


def _starts(text: str) -> Iterator[int]:
    at = text.find(PREFIX)
    while at >= 0:
        yield at
        at = text.find(PREFIX, at + 1)


def _one_edit_from(word: str) -> Iterator[str]:
    """What the word would be with one character changed: in the prefix, or behind it."""
    if "F" in word[:2]:
        # The second F or the first wrong, missing, or with something before, between or behind them.
        yield from (PREFIX + word[2:], PREFIX + word[1:], PREFIX + word[3:])
        if word[2] == "F":
            yield PREFIX + word[1] + word[3:]
    if not word.startswith(PREFIX):
        return
    for at in range(2, len(word)):
        head, tail = word[:at], word[at + 1 :]
        yield head + tail
        for character in ALPHABET:
            yield head + character + tail
            yield head + character + word[at:]
        if tail:
            yield head + tail[0] + word[at] + tail[1:]
    yield from (word + character for character in ALPHABET)


def _is_code(word: str) -> bool:
    if len(word) - 4 not in LENGTHS:
        return False
    number = 0
    for character in word:
        value = _VALUES.get(character)
        if value is None:
            return False
        number = number * _BASE + value
    return number % _MODULUS == 1


def _told(code: str, how: str) -> Found:
    body = code[2:-2]
    number, kind = _read(body), LENGTHS[len(body)]
    return Found(code, kind, number * _GATHER % _APPEALS if kind == "appeal" else number, how)


def _checked(body: str) -> str:
    """The body with its prefix and check characters."""
    start = PREFIX + body
    return start + _written((1 - _read(start) * _BASE**2) % _MODULUS, 2)


def _written(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, value = divmod(number, _BASE)
        characters.append(ALPHABET[value])
    return "".join(reversed(characters))


def _read(characters: str) -> int:
    number = 0
    for character in characters:
        number = number * _BASE + _VALUES[character]
    return number


_WORD = re.compile(r"[^\W_]+")
_WRITTEN_APART = (7, 10)
_ONE_OFF = {6, 7, 8, 9, 10, 11}
