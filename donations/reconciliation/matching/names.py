"""Names of people as banks write them, compared with names as people wrote them: folded, in Latin letters, as
sets of words. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CLOSE, PARTLY = 3, 1
Words = frozenset[str]
_WORD = re.compile(r"[^\W_]+")
_TITLES = frozenset("mr mrs ms miss mx dr prof sir herr frau mme mlle sr sra dott".split())
_LATIN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "ie", "ж": "zh", "з": "z",
    "и": "i", "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae",
})  # fmt: skip
# Passports, banks and their owners spell the same Cyrillic name in several ways: these come to one.
_SPELLINGS = (
    ("shch", "sch"), ("kh", "h"), ("ks", "x"), ("ts", "c"), ("tz", "c"), ("iu", "u"), ("yu", "u"), ("ju", "u"),
    ("ia", "a"), ("ya", "a"), ("ja", "a"), ("y", "i"), ("j", "i"), ("ii", "i"),
)  # fmt: skip


def words_of(text: str) -> Words:
    """The words of a name or text, each in one spelling. Titles are left out."""
    return frozenset(_spelt(word) for word in _WORD.findall(text)) - _NOTHING


def closeness(said: Words, known: Words) -> int:
    """3 where these are most likely one person's name, 1 where they share a part, else 0."""
    shared = said & known
    if not shared or max(map(len, shared)) < 3:
        return 0
    fewer, more = sorted((said, known), key=len)
    if len(shared) > 1 and (fewer <= more or 4 * len(shared) >= 3 * len(said | known)):
        return CLOSE
    left, right = said - shared, known - shared
    return CLOSE if _are_initials(left, right) or _are_initials(right, left) else PARTLY


def is_within(known: Words, text: Words) -> bool:
    """Whether a whole name, of two words at least, is in a text."""
    return len(known) > 1 and known <= text


def _are_initials(some: Words, others: Words) -> bool:
    return bool(some) and all(len(word) == 1 and any(other[0] == word for other in others) for word in some)


@lru_cache(maxsize=200_000)
def _spelt(word: str) -> str:
    plain = word.lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain).casefold().translate(_LATIN)
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(character for character in apart if not unicodedata.combining(character))
    if plain in _TITLES:
        return ""
    if len(plain) > 3:
        for ending, one in _SPELLINGS:
            plain = plain.replace(ending, one)
    return plain


_NOTHING = frozenset({""})
