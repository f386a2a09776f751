"""The house rules as functions from source text to faults, so that each rule can be shown to find one.
tests/test_house.py holds the real files against them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Top to bottom: a part imports from those below it, and from its own row.
ROWS = (
    ("web", "cli", "worker"),
    ("inbox",),
    ("giving", "reconciliation", "restoration", "receipts", "paper", "appeals", "staff", "alarms", "outbox",
     "stripe_gateway", "mailer", "mail_kinds", "archives", "data_requests", "offline_key"),
    ("facts", "bookkeeping", "ledger", "totals", "periods", "privacy", "retention", "data_keys",
     "tokens", "audit", "references", "approvals", "installation", "card_testing", "proof_of_work",
     "counters"),
    ("models",),
    ("database", "prepared", "money", "errors", "extensions", "config", "stripe_statuses",
     "private_files", "networks", "i18n"),
)  # fmt: skip
ROW_OF = {part: row for row, parts in enumerate(ROWS) for part in parts}
TALKS_OUTSIDE = {"stripe_gateway", "mailer"}
MAY_CALL_OUT = {"web", "cli", "worker", "inbox"}
COMMITS = {"commit", "write_unit", "bare_write_unit"}
MAY_COMMIT = {"web", "cli", "worker", "inbox", "database"}
FLASK_OF_A_REQUEST = {"request", "session", "abort", "url_for"}
MODULE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 300, 40, 150
WIDTH = 120  # characters in a line; ruff holds Python to it


@dataclass(frozen=True)
class Module:
    """One source file. `name` is dotted; `part` is the part of the application it belongs to, "" for donations
    itself."""

    name: str
    source: str
    is_package: bool = False

    @property
    def part(self) -> str:
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    def imports(self, *, lazy: bool = True) -> Iterator[tuple[str, str]]:
        """(module, name) of every import; name "" for a plain `import module`. `lazy`: those inside functions too."""
        nodes = ast.walk(self.tree) if lazy else _when_imported(self.tree)
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parents = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
                    parents = parents[: len(parents) - node.level + 1]
                    base = ".".join([*parents, *([base] if base else [])])
                yield from ((base, alias.name) for alias in node.names)

    def parts_imported(self) -> Iterator[str]:
        """The parts of the application that it imports, "" for donations itself."""
        for module, name in self.imports():
            if module == "donations":
                yield name if name in ROW_OF or name == "sandbox" else ""
            elif module.startswith("donations."):
                yield module.split(".")[1]


def modules(folder: Path = ROOT / "donations") -> list[Module]:
    found = []
    for file in sorted(folder.rglob("*.py")):
        dotted = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(dotted, file.read_text(encoding="utf-8"), is_package=file.name == "__init__.py"))
    return found


def _when_imported(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        is_for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_for_types:
            yield node
            yield from _when_imported(node)


def import_faults(module: Module) -> list[str]:
    """Imports that do not point down, and those of the sandbox, which is a server and no library."""
    faults = []
    for part in module.parts_imported():
        if part == "sandbox":
            if module.part != "sandbox" and module.name != "donations.cli.sandbox":
                faults.append(f"{module.name} imports the sandbox")
        elif module.part == "sandbox":
            faults.append(f"{module.name}, of the sandbox, imports {part or 'donations'}")
        elif part == "":
            if module.part not in ("", "cli"):
                faults.append(f"{module.name} imports create_app")
        elif module.part and part not in ROW_OF:
            faults.append(f"{module.name} imports {part}, which has no row")
        elif module.part and ROW_OF[part] < ROW_OF[module.part]:
            faults.append(f"{module.name} imports {part}, which is above it")
        elif part in TALKS_OUTSIDE and module.part not in MAY_CALL_OUT | {part}:
            faults.append(f"{module.name} imports {part}")
    return faults


def naming_faults(module: Module) -> list[str]:
    """Names that only one part of the application may use: stripe, the environment, Flask's request, the commit."""
    faults = []
    names = {f"{base}.{name}" if name else base for base, name in module.imports()} | _attributes(module.tree)
    if module.part != "stripe_gateway" and any(name.split(".")[0] == "stripe" for name in names):
        faults.append(f"{module.name} says stripe")
    if module.part != "config" and names & {"os.environ", "os.getenv", "os.environb", "os.putenv"}:
        faults.append(f"{module.name} reads the environment")
    if module.part not in ("web", "sandbox") and names & {f"flask.{word}" for word in FLASK_OF_A_REQUEST}:
        faults.append(f"{module.name} knows the web request")
    if module.part not in MAY_COMMIT | {"sandbox"} and COMMITS & set(_called(module.tree)):
        faults.append(f"{module.name} commits")
    return faults


def _attributes(tree: ast.AST) -> set[str]:
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", None) or getattr(node.func, "id", "")


# Words that end as a gerund does and are nouns of the field.
NOUNS = {
    "ring", "string", "matching", "bank_matching", "bookkeeping", "card_testing", "sharing", "throttling", "wording",
    "appeal_wording", "checkout_opening", "fraud_warning", "encoding", "giving",
}  # fmt: skip


def file_name_faults(module: Module) -> list[str]:
    """A file that is called by what it does ("handling", "reckoning") and not by what it is about."""
    name = module.name.rsplit(".", 1)[-1]
    return [f"{module.name} is called by a gerund"] if name.endswith("ing") and name not in NOUNS else []


# Words that only this project used, or used in its own sense. Write: calculate, correct, anyone who, a person,
# donation, branch return, statement line.
DIALECT = re.compile(
    r"\b(?:reckon\w*|mend(?:s|ed|ing)?|whoever|somebody|gifts?(?! Aid)|pay-ins?|bank lines?)\b", re.IGNORECASE
)


def dialect_faults(module: Module) -> list[str]:
    """Docstrings and comments with a word of the private dialect. Code in them and placeholders are not looked at."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = [ast.get_docstring(node) or "" for node in ast.walk(module.tree) if isinstance(node, kinds)]
    tokens = tokenize.generate_tokens(io.StringIO(module.source).readline)
    prose += [token.string for token in tokens if token.type == tokenize.COMMENT]
    plain = re.sub(r"`[^`]*`|%\(\w+\)s", "", "\n".join(prose))
    return [f"{module.name} says {match[0]!r}" for match in DIALECT.finditer(plain)]


def size_faults(module: Module) -> list[str]:
    """A missing opening sentence, a module or a function that is too long."""
    faults = [] if ast.get_docstring(module.tree) else [f"{module.name} does not say what it is for"]
    lines = module.source.count("\n")
    if lines > MODULE_LINES:
        faults.append(f"{module.name} has {lines} lines")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                faults.append(f"{module.name}.{node.name} has {length} lines")
    return faults


def template_faults(name: str, text: str) -> list[str]:
    faults = []
    if re.search(r"\|\s*safe\b", text):
        faults.append(f"{name} says |safe")
    if re.search(r"\bhx-on\b", text):
        faults.append(f"{name} has hx-on, which is script inside a page")
    if text.count("\n") > TEMPLATE_LINES:
        faults.append(f"{name} has {text.count(chr(10))} lines")
    return faults


def width_faults(name: str, text: str) -> list[str]:
    """Each line that is too long, by its number from 1."""
    return [f"{name}:{number}" for number, line in enumerate(text.split("\n"), 1) if len(line) > WIDTH]


def written_by_hand(root: Path = ROOT) -> Iterator[Path]:
    """Templates, styles and scripts, without vendored files."""
    for folder in ("templates", "static", "donations"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".html", ".txt", ".xml", ".svg", ".typ", ".css", ".js") and "vendor" not in file.parts:
                yield file


_SECRET = re.compile(
    r"\b(?:sk|rk)_live_\w{10,}|\b(?:sk|rk)_test_[A-Za-z0-9]{24,}|\bwhsec_[A-Za-z0-9+/]{32,}|BEGIN [A-Z ]*PRIVATE KEY"
)
# Written in pieces, so that this file does not name them either.
_HOSTS = re.compile("|".join(re.escape(".".join(host)) for host in (
    ("pypi", "org"), ("files", "pythonhosted"), ("registry", "npmjs"), ("npmjs", "com"), ("deb", "debian"),
    ("proxy", "golang"),
)))  # fmt: skip


def text_faults(name: str, text: str) -> list[str]:
    """What no file of the project may hold: anything that looks like a real secret, a registry's host."""
    faults = [f"{name} holds what looks like a secret: {match[0][:12]}..." for match in _SECRET.finditer(text)]
    return faults + [f"{name} names the registry host {match[0]}" for match in _HOSTS.finditer(text)]


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """The members of a cycle of the graph, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def part_graph(found: list[Module]) -> dict[str, set[str]]:
    """Which part imports which, by any import. donations itself, which binds them all, is left out."""
    graph: dict[str, set[str]] = {}
    for module in found:
        if module.part:
            graph.setdefault(module.part, set()).update(set(module.parts_imported()) - {"", module.part})
    return graph


def module_graph(found: list[Module]) -> dict[str, set[str]]:
    """Which file imports which while it is being imported."""
    known = {module.name for module in found}
    graph: dict[str, set[str]] = {}
    for module in found:
        named = {f"{base}.{name}" if f"{base}.{name}" in known else base for base, name in module.imports(lazy=False)}
        graph[module.name] = {name for name in named if name in known and name != module.name}
    return graph


_NAMED_FILE = re.compile(r"(?<![\w/.*-])((?:[a-z_]+/)*[a-z_]+\.py)\b")


def named_file_faults(module: Module, root: Path = ROOT) -> list[str]:
    """Files that a docstring or a comment names, and that are not below its folder or one around it: a reader is led
    astray by them as by a wrong name."""
    text = "\n".join([*_docstrings(module.tree), *re.findall(r"#.*", module.source)])
    folder = root.joinpath(*module.name.split("."))
    folders = (*([folder] if module.is_package else []), *folder.parents[: len(module.name.split("."))])
    missing = {name for name in _NAMED_FILE.findall(text) if not any((one / name).exists() for one in folders)}
    return [f"{module.name} names {name}" for name in sorted(missing)]


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
