"""The catalogs of translations: reads every string for people out of the sources, the sentences of errors/ as well,
and brings the .po files up to date. Run it as `python -m donations.web.catalog`; no translating is done here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = ROOT / "donations" / "translations"
_KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "_lp": ((1, "c"), 2)}


def from_sources() -> Catalog:
    """Every string for people in the sources now."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    found = Catalog(project="fighting-fund", charset="utf-8", fuzzy=False)
    for folder in ("donations", "templates"):
        where = _relative_to(folder, methods)
        for file, line, message, comments, context in extract_from_dir(
            ROOT / folder, where, _relative_options(folder, options), keywords=_KEYWORDS
        ):
            found.add(message, None, [(f"{folder}/{file}", line)], auto_comments=comments, context=context)
    return found


def faults(catalog: Catalog, template: Catalog) -> list[str]:
    """What is wrong with a catalog: strings it lacks, has not translated, is unsure of, or no longer needs."""
    said = [
        f"not in the catalog: {message.id!r}" for message in template if message.id and _same(catalog, message) is None
    ]
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(forms):
            said.append(f"not translated: {message.id!r}")
        if message.id and message.fuzzy:
            said.append(f"fuzzy: {message.id!r}")
        if message.id and _same(template, message) is None:
            said.append(f"no longer in the sources: {message.id!r}")
        said += [f"{message.id!r}: {fault}" for fault in message.check(catalog)]
    return said


def _same(catalog: Catalog, message: Message) -> Message | None:
    """The message of the same sentence and context: one English word may have two meanings."""
    return catalog.get(message.id, message.context)


def languages() -> list[str]:
    """The languages there are catalogs for, English apart, which is the source."""
    return sorted(path.name for path in CATALOGS.iterdir() if (path / "LC_MESSAGES" / "messages.po").exists())


def read(language: str) -> Catalog:
    with _file(language).open("rb") as file:
        return read_po(file, locale=language)


def extract_errors(fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[Any, ...]]:
    """Babel's extraction method for errors/: the docstring of each class is the sentence, `plural` that for many."""
    for node in ast.parse(fileobj.read()).body:
        text = ast.get_docstring(node) if isinstance(node, ast.ClassDef) else None
        plural = _plural(node) if isinstance(node, ast.ClassDef) else ""
        if text and plural:
            yield node.lineno, "ngettext", (inspect.cleandoc(text), plural), []
        elif text:
            yield node.lineno, "gettext", inspect.cleandoc(text), []


def _plural(kind: ast.ClassDef) -> str:
    """The sentence of an error for a count of many, if it tells one."""
    for line in kind.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "plural":
            return inspect.cleandoc(str(ast.literal_eval(line.value)))
    return ""


def _update(language: str, template: Catalog) -> list[str]:
    catalog = read(language)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with _file(language).open("wb") as file:
        write_po(file, catalog, width=110, include_lineno=False, omit_header=False, sort_by_file=True)
    return faults(read(language), template)


def _file(language: str) -> Path:
    return CATALOGS / language / "LC_MESSAGES" / "messages.po"


def _relative_to(folder: str, methods: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The mapping is written from the root, but walking the root would read the virtual environment too."""
    return [(_below(folder, pattern), method) for pattern, method in methods if pattern.startswith(f"{folder}/")]


def _relative_options(folder: str, options: dict[str, Any]) -> dict[str, Any]:
    return {_below(folder, pattern): given for pattern, given in options.items() if pattern.startswith(f"{folder}/")}


def _below(folder: str, pattern: str) -> str:
    return pattern.removeprefix(f"{folder}/")


if __name__ == "__main__":
    from_now = from_sources()
    for code in languages():
        click.echo("\n  ".join([code, *(_update(code, from_now) or ["is complete"])]))
