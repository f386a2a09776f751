"""Rules for texts, as functions from text to faults, so that each rule can be shown to find one: words that
the glossary has replaced, sentences that are too long, buttons without a noun. tests/test_words.py holds every text of
the app, the commands and the docs against them. The words themselves are in docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_WORDS = 25  # in a sentence
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|<[^>]+>|`[^`]*`")
# "Gift Aid" is a name. In a form one enters; a person writes to someone, a program writes a file.
ENTER = re.compile(r"\bwrite (?!off\b|to\b)", re.IGNORECASE)
ENGLISH = re.compile(
    r"e-mail|\b(?:whoever|somebody|nobody)\b|\bgifts?\b(?! Aid)"
    r"|\bgiven? back\b|\breckon\w*|\bmend(?:s|ed|ing)?\b|;",
    re.IGNORECASE,
)
RUSSIAN = re.compile(
    r"\bдар(?:а|у|ом|е|ы|ов|ам|ами|ах)?\b|\bследит|\bбоев|под присмотром|\bдали?\b|\bдать\b|\(а\)|\bведомост[ьи] взноса"
    r"|\bкниг|казначейств|;",
    re.IGNORECASE,
)
_ENDS_WITHOUT_A_NOUN = re.compile(r"\b(?:it|them|that|these|those)$", re.IGNORECASE)
_LITERALS = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_BUTTON = re.compile(
    r"(?:\b(?:button|link)\(\s*_\(\s*|\bact\([^{}]*?,\s*_\(\s*|<button[^>]*>\s*\{\{-?\s*_\(\s*)"
    rf"({_LITERALS}(?:\s+{_LITERALS})*)",
    re.DOTALL,
)


def english_faults(text: str, *, of_form: bool = True) -> list[str]:
    """What is wrong with an English text that a person reads. Placeholders, markup and code are not looked at.
    `of_form`: it may ask for what is typed into a field."""
    plain = _PLACEHOLDER.sub("1", text)
    found = [*ENGLISH.finditer(plain), *(ENTER.finditer(plain) if of_form else ())]
    faults = [f"{match[0].strip()!r} in {text!r}" for match in found]
    return faults + [f"{len(one.split())} words: {one!r}" for one in sentences(plain) if len(one.split()) > MAX_WORDS]


def russian_faults(text: str) -> list[str]:
    plain = _PLACEHOLDER.sub("1", text)
    return [f"{match[0].strip()!r} in {text!r}" for match in RUSSIAN.finditer(plain)]


def sentences(text: str) -> list[str]:
    """The sentences of a text. What is before and after a colon is counted apart: a colon opens a value or a list."""
    return [part for part in re.split(r"(?<=[.!?:])[”)]?\s+|\n\s*\n", text) if part.strip()]


def button_faults(template: str) -> list[str]:
    """Buttons and links that look like buttons, of which the last word is no noun: "End it" does not say what ends."""
    return [f"the button {text!r}" for text in buttons(template) if _ENDS_WITHOUT_A_NOUN.search(text)]


def buttons(template: str) -> Iterator[str]:
    for match in _BUTTON.finditer(template):
        yield "".join(ast.literal_eval(part) for part in re.findall(_LITERALS, match[1], re.DOTALL))


def of_document(text: str) -> Iterator[str]:
    """The prose of a Markdown file, line by line, without code, addresses and the cells that hold nothing but code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for line in text.split("\n"):
        yield re.sub(r"`[^`]*`|\]\([^)]*\)|<[^>]+>|https?://\S+", "]", line)


def of_program(source: str) -> Iterator[str]:
    """The texts of a command: its help and every text of more than two words. Docstrings of what is no command are for
    readers of the code."""
    tree = ast.parse(source)
    not_shown = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_command = isinstance(node, ast.FunctionDef) and any(
                "command" in ast.unparse(one) for one in node.decorator_list
            )
            first = node.body[0] if node.body else None
            if not is_command and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                not_shown.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in not_shown:
            text = " ".join(node.value.split())
            if text.count(" ") > 1 and not text.startswith(("SELECT", "UPDATE", "INSERT", "<")):
                yield text
