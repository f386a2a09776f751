"""A fault in an appeal as written in a file or a form: where it is, and a sentence that says how to fix it. As text it
is one line of a report."""

from __future__ import annotations

from typing import Any


class Fault(str):
    """A line like `appeals[0].slug: this is missing. Add it.`, whose parts are known: `path`, the `sentence` with
    %(name)s where a fact goes, so that it can be translated, and the `facts`. A fact may be an error with a sentence of
    its own."""

    __slots__ = ("facts", "path", "sentence")

    path: str
    sentence: str
    facts: dict[str, Any]

    def __new__(cls, path: str, sentence: str, **facts: Any) -> Fault:
        fault = super().__new__(cls, f"{path}: {sentence % facts if facts else sentence}")
        fault.path, fault.sentence, fault.facts = path, sentence, facts
        return fault


def N_(sentence: str) -> str:
    """Marks a sentence to be translated where it is shown."""
    return sentence
