"""A tag that a template writes on several lines is sent on one: bytes count, a poll sends them every ten seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_MARKS = re.compile(r"""<[a-zA-Z/]|[>"']|\s*\n\s*""")


class OneLineTags(Extension):
    """Joins the lines of a tag, but for those within the quotes of an attribute."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        joined = _Joined()
        for token in stream:
            yield Token(token.lineno, "data", _MARKS.sub(joined, token.value)) if token.type == "data" else token


class _Joined:
    """Reads a template from mark to mark, and says what is written for each."""

    def __init__(self) -> None:
        self.in_tag, self.quote = False, ""

    def __call__(self, found: re.Match[str]) -> str:
        mark = found[0]
        if self.quote:
            self.quote = "" if mark == self.quote else self.quote
        elif not self.in_tag:
            self.in_tag = mark[0] == "<"
        elif mark == ">":
            self.in_tag = False
        elif mark in "\"'":
            self.quote = mark
        else:
            return " " if "\n" in mark else mark
        return mark
