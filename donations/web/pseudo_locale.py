"""An invented language for developers of the pages: every text of ours with accents, longer by two
fifths and written from right to left. Made from the catalog while the app runs, in development only; nothing of it is
kept."""

from __future__ import annotations

import io
import re

from babel import Locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations
from flask_babel import get_domain

from donations.web import catalog

CODE = "ar-XB"
LOCALE = Locale("ar", "AE")  # Numbers and dates as in a land that writes from right to left.
_ACCENTS = str.maketrans("AEIOUYaceinouy", "ÅÉÎÖÛÝåçéîñöûý")
_LEFT_ALONE = re.compile(r"(%\(\w+\)[sd]|%%|%[sd])")
_MIRRORED, _AS_BEFORE = "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{POP DIRECTIONAL FORMATTING}"
LONGER = 0.4


def prepare() -> None:
    """Give the running app the texts, if it has none yet."""
    domain = get_domain()
    known, key = domain.get_translations_cache(None), (str(LOCALE), domain.domain[0])
    if key not in known:
        known[key] = _translations()


def said(text: str) -> str:
    """A text as the language has it. What is filled in later stays as it is."""
    parts = _LEFT_ALONE.split(text)
    return "".join(part if _LEFT_ALONE.fullmatch(part) else _mirrored(part) for part in parts)


def _mirrored(text: str) -> str:
    if not text.strip():
        return text
    longer = text.rstrip()
    longer += "ö" * round(len(longer) * LONGER) + text[len(longer) :]
    return f"{_MIRRORED}{longer.translate(_ACCENTS)}{_AS_BEFORE}"


def _translations() -> Translations:
    source = catalog.read(catalog.languages()[0])  # Any will do: what is translated is the same in all of them.
    made = Catalog(locale=LOCALE)
    for message in source:
        if isinstance(message.id, str) and message.id:
            made.add(message.id, said(message.id), context=message.context)
        elif message.id:
            made.add(message.id, (said(message.id[-1]),) * made.num_plurals, context=message.context)
    file = io.BytesIO()
    write_mo(file, made)
    file.seek(0)
    return Translations(file)
