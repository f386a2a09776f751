"""What is promised in texts, as functions from text to faults, so that each rule can be shown to find one:
tests/test_promises.py compares pages, mails and documents with docs/promises.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from tests.house import ROOT

TABLE = ROOT / "docs" / "promises.md"
# The second is a table of Stripe's fields, which tests/contract/test_fields.py holds whole; the third one of words.
OF_ITS_OWN = (TABLE, ROOT / "docs" / "stripe-objects.md", ROOT / "docs" / "glossary.md")
NOT_PROMISES = ROOT / "tests" / "not_promises.txt"
CATALOG = ROOT / "donations" / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
HEADINGS = ("promise", "where it is made", "test")
FEWEST_WORDS = 3  # a quotation of fewer would cover sentences that it does not mean
# What a sentence says that states what the system guarantees.
_WORDS = (
    # no one, nothing, never
    r"never", r"nobody", r"no one", r"always", r"for ever", r"only", r"exactly", r"cannot", r"will not",
    r"nothing (?:is|was|of|that|half|new|kept|in)", r"changes nothing", r"(?:nothing|no \w+) is lost", r"loses",
    r"twice", r"however often",
    r"no (?:other|more|money|tie|rate|subject|account|form|page|version|fund|clock|figure)", r"no gaps?",
    # when
    r"at once", r"within (?:an?|one|two|ten|half) \w+", r"within seconds", r"two hours", r"final", r"signed out",
    r"(?:for|after) (?:an?|one|two|three|half an?) (?:minutes?|hours?|days?|weeks?)", r"by itself", r"automatically",
    r"(?:within|for|after|in) \d+ (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)",
    r"counts? (?:when|once|at once|in full)", r"works? (?:once|without|everywhere|alone)",
    # what becomes of what we know of people
    r"eras\w+", r"deleted", r"deletes", r"delete it", r"encrypted", r"sealed", r"cookies?", r"trackers?", r"in public",
    r"(?:stays?|kept) secret", r"protect\w*", r"safe", r"apart from", r"kept", r"we keep", r"keeps",
    # money and accounts
    r"reach(?:es)? (?:us|the fund)", r"kept apart", r"stands? apart", r"adds? up", r"frozen", r"to the penny",
    r"whole or", r"refused whole", r"proves?", r"stays? (?:as|void|in)", r"can be (?:undone|reversed|taken back)",
    # who
    r"must (?:approve|publish|accept|do|sign|look|agree)", r"second person", r"two people", r"two must",
    r"another (?:person|treasurer)", r"we (?:will|send|count|add|e?mail|tell|erase|delete|encrypt|record)",
)  # fmt: skip
PROMISES = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[.!?])[\"”)]*\s+(?=[\"“*(%`\w])")
_BLOCKS = re.compile(r"\n\s*\n|\n(?=#|\||\s*[-*] |\s*\d+\. )")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_ISSUE = re.compile(r"issue \d+")
_OPENINGS = re.compile(r"^\s*(?:[-*>]|\d+\.|#+)\s+")


@dataclass(frozen=True)
class Row:
    """A row of the table: the sentence as a reader meets it, and the tests that prove it or the issue it waits for."""

    quotations: tuple[str, ...]
    where: str
    proof: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """(file, function) of each test that is named."""
        return _TEST.findall(self.proof)

    @property
    def is_open(self) -> bool:
        """Whether it is not promised yet: an issue is named in place of a test."""
        return _ISSUE.fullmatch(self.proof) is not None


def plain(text: str) -> str:
    """Without what marks text up, in one kind of quotation marks, on one line."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = text.replace("’", "'").replace("“", '"').replace("”", '"')
    return " ".join(re.sub(r"[*`]|&nbsp;", "", text).split())


def sentences(text: str) -> list[str]:
    return [sentence for sentence in (plain(part) for part in _ENDS.split(text)) if sentence]


def of_catalog(file: Path = CATALOG) -> Iterator[str]:
    """The sentences of every text that goes through gettext: pages, mails, PDFs, errors."""
    with file.open("rb") as source:
        for message in read_po(source):
            texts = message.id if isinstance(message.id, tuple) else (message.id,)
            for text in texts:
                yield from sentences(text)


def of_document(text: str) -> Iterator[str]:
    """The sentences of a document: its paragraphs, items and cells, without what is typed or shown as code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in _BLOCKS.split(text):
        cells = block.strip().strip("|").split(" | ") if block.startswith("|") else [_OPENINGS.sub("", block)]
        for cell in cells:
            yield from sentences(cell)


def documents() -> list[Path]:
    return [ROOT / "README.md", *(file for file in sorted((ROOT / "docs").glob("*.md")) if file not in OF_ITS_OWN)]


def told() -> list[str]:
    """What pages, mails and documents say, each sentence once."""
    found = dict.fromkeys(of_catalog())
    for file in documents():
        found.update(dict.fromkeys(of_document(file.read_text(encoding="utf-8"))))
    return list(found)


def rows(text: str) -> list[Row]:
    """The rows of every table of the text. Raises ValueError for a row that has not three cells."""
    found = []
    for line in text.splitlines():
        if not line.startswith("|") or set(line) <= {"|", "-", " "}:
            continue
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))
        if len(cells) != len(HEADINGS):
            raise ValueError(f"not three cells: {line}")
        if cells != HEADINGS:
            found.append(Row(tuple(plain(part) for part in cells[0].split("<br>")), cells[1], cells[2]))
    return found


def excuses(text: str) -> list[str]:
    """What sounds like a promise and is none, one a line; lines that begin with # say why."""
    return [plain(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def promises(sentence: str) -> bool:
    """Whether it sounds like a promise. A label of a word or two is none."""
    return len(sentence.split()) >= FEWEST_WORDS and PROMISES.search(sentence) is not None


def says(sentence: str, quotation: str) -> bool:
    return quotation.casefold() in sentence.casefold()


def uncovered(said: Iterable[str], found: Collection[Row], excused: Collection[str]) -> list[str]:
    """Sentences that promise something, without a row and without an excuse."""
    known = [part for row in found if not row.is_open for part in row.quotations] + list(excused)
    return [one for one in said if promises(one) and not any(says(one, part) for part in known)]


def unsaid(said: Collection[str], quotations: Iterable[str]) -> list[str]:
    """Quotations that are in no sentence any more."""
    return [part for part in quotations if not any(says(one, part) for one in said)]


def needless(said: Collection[str], found: Collection[Row], excused: Iterable[str]) -> list[str]:
    """Excuses of no sentence that sounds like a promise, or of one that has a row."""
    open_ones = uncovered(said, found, ())
    return [part for part in excused if not any(says(one, part) for one in open_ones)]


def claimed(said: Collection[str], found: Iterable[Row]) -> list[str]:
    """Promises that wait for an issue and are made already."""
    waiting = [part for row in found if row.is_open for part in row.quotations]
    return [part for part in waiting if any(says(one, part) for one in said)]


def vague(quotations: Iterable[str]) -> list[str]:
    """Quotations of so few words that they would cover what they do not mean."""
    return [part for part in quotations if len(part.split()) < FEWEST_WORDS]


def without_proof(found: Iterable[Row]) -> list[str]:
    """Rows that name neither an issue nor tests, and tests that do not exist."""
    faults: list[str] = []
    for row in found:
        if not row.tests and not row.is_open:
            faults.append(f"no test: {row.quotations[0]}")
        faults += [f"{file}::{name}" for file, name in row.tests if not defines(file, name)]
    return faults


def defines(file: str, name: str) -> bool:
    path = ROOT / file
    return path.is_file() and re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
