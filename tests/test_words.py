"""Every text that a person reads keeps to the words of the glossary: pages, emails and documents by the catalogue, the
output of commands, and the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from donations.web import catalog
from tests import words

ROOT = words.ROOT
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMMANDS = [path for part in ("cli", "config", "worker") for path in sorted((ROOT / "donations" / part).rglob("*.py"))]
# The changelog and the decisions are of their day.
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES_OLD_WORDS = {"glossary.md", "promises.md"}  # The glossary names what it replaces; promises quotes.


def test_every_text_of_the_app_is_in_plain_english() -> None:
    texts = [form for message in catalog.from_sources() if message.id for form in _forms(message.id)]
    assert len(texts) > 2000
    assert [fault for text in texts for fault in words.english_faults(text)] == []


def test_every_russian_text_is_safe_and_plain() -> None:
    texts = [form for message in catalog.read("ru") if message.id for form in _forms(message.string)]
    assert [fault for text in texts for fault in words.russian_faults(text)] == []


def test_every_button_names_what_it_does() -> None:
    assert [fault for path in TEMPLATES for fault in words.button_faults(path.read_text(encoding="utf-8"))] == []


def test_buttons_are_found() -> None:
    found = [text for path in TEMPLATES for text in words.buttons(path.read_text(encoding="utf-8"))]
    assert len(found) > 100


def test_what_a_command_says_is_in_plain_english() -> None:
    texts = [text for path in COMMANDS for text in words.of_program(path.read_text(encoding="utf-8"))]
    assert [fault for text in texts for fault in words.english_faults(text, of_form=False)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_the_docs_use_the_words_of_the_glossary(path: Path) -> None:
    if path.name in NAMES_OLD_WORDS:
        return
    faults_of = words.russian_faults if path.name.endswith(".ru.md") else words.english_faults
    lines = words.of_document(path.read_text(encoding="utf-8"))
    faults = [fault for line in lines for fault in faults_of(line) if "words: " not in fault]
    assert [fault for fault in faults if not fault.startswith("';'")] == []


@pytest.mark.parametrize(
    "text",
    [
        "Write the amount.", "Whoever counted it must not accept it.", "Your e-mail", "Somebody must approve",
        "A gift of %(amount)s", "The money was given back.", "Closed; open it.", "Reckoned from it", "It was mended",
        "word " * 26,
    ],
)  # fmt: skip
def test_a_text_in_old_words_is_found(text: str) -> None:
    assert words.english_faults(text) != []


@pytest.mark.parametrize(
    "text", ["We do not claim Gift Aid.", "Write off £2", "Send an email", "Amendment", "Recommended"]
)
def test_a_text_in_plain_words_is_let_through(text: str) -> None:
    assert words.english_faults(text) == []


@pytest.mark.parametrize(
    "text", ["Спасибо за дар", "кто следит за сбором", "Боевой фонд", "Сдал(а)", "под присмотром", "кто дал"]
)
def test_a_russian_text_that_frightens_is_found(text: str) -> None:
    assert words.russian_faults(text) != []


@pytest.mark.parametrize(
    "template",
    [
        '{{ button(_("End it")) }}', "{{ link(_('Show them'), '/') }}", '{{ act(url_for("x.y", n=1), _("Keep it")) }}',
        '<button type="submit">{{ _("Publish "\n "that") }}</button>',
    ],
)  # fmt: skip
def test_a_button_without_a_noun_is_found(template: str) -> None:
    assert len(words.button_faults(template)) == 1


def _forms(text: object) -> tuple[str, ...]:
    return tuple(str(form) for form in text) if isinstance(text, tuple | list) else (str(text),)
