"""The application is built as designed: imports point down, each thing has its one place, nothing grows too long. Each
rule is also held against a planted fault, so that it is known to find one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests import house
from tests.house import Module

OURS = house.modules()
NAMED = [module for module in OURS if module.part != "sandbox"]
TESTS = house.modules(house.ROOT / "tests")
TEMPLATES = sorted((house.ROOT / "templates").rglob("*.*"))


def _of(module: Module) -> list[str]:
    return house.import_faults(module) + house.naming_faults(module) + house.size_faults(module)


def test_a_module_keeps_the_rules_of_the_house() -> None:
    assert [fault for module in NAMED for fault in _of(module)] == []


def test_a_file_is_called_by_a_noun() -> None:
    assert [fault for module in NAMED for fault in house.file_name_faults(module)] == []


@pytest.mark.parametrize("name", ["donations.ledger.converging", "donations.web.keeping"])
def test_a_file_called_by_a_gerund_is_found(name: str) -> None:
    assert house.file_name_faults(Module(name, '"""What it is for."""')) != []


def test_a_file_that_a_docstring_names_is_there() -> None:
    assert [fault for module in NAMED for fault in house.named_file_faults(module)] == []


def test_a_file_that_is_named_and_gone_is_found() -> None:
    module = Module("donations.ledger.checks", '"""The rest is in reckoning.py and web/headers.py."""')
    assert house.named_file_faults(module) == ["donations.ledger.checks names reckoning.py"]


def test_docstrings_and_comments_speak_no_private_dialect() -> None:
    assert [fault for module in NAMED for fault in house.dialect_faults(module)] == []


@pytest.mark.parametrize(
    "source",
    [
        '"""Totals, reckoned again."""',
        'def f():\n    """Tell whoever asks."""',
        'class F:\n    """Ask somebody else."""',
        "x = 1  # mend it later",
        '"""A pay-in of %(gift)s, `gift` by `gift`."""',
    ],
)
def test_a_word_of_the_dialect_is_found(source: str) -> None:
    assert len(house.dialect_faults(Module("donations.money", source))) == 1


def test_a_test_module_opens_with_a_sentence_and_stays_short() -> None:
    assert [fault for module in TESTS for fault in house.size_faults(module)] == []


def test_a_template_holds_no_script_and_stays_short() -> None:
    faults = [house.template_faults(path.name, path.read_text(encoding="utf-8")) for path in TEMPLATES]
    assert [one for found in faults for one in found] == []


def test_no_line_of_a_template_a_style_or_a_script_is_too_long() -> None:
    files = list(house.written_by_hand())
    faults = [house.width_faults(str(file.relative_to(house.ROOT)), file.read_text(encoding="utf-8")) for file in files]

    assert {file.suffix for file in files} >= {".html", ".txt", ".typ", ".css", ".js", ".svg"}
    assert [one for found in faults for one in found] == []


def test_no_part_of_the_house_needs_itself_in_a_circle() -> None:
    assert house.cycle(house.part_graph(OURS)) == []


def test_no_file_needs_itself_in_a_circle_while_it_is_imported() -> None:
    assert house.cycle(house.module_graph(OURS)) == []


def test_no_file_of_the_project_holds_a_secret_or_names_a_registry() -> None:
    # given the files that are kept
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=house.ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [house.ROOT / name for name in listed.stdout.split("\0") if name]
    # when each is read, those that are not text left out
    faults = []
    for file in files:
        if file.is_file():
            faults += house.text_faults(str(file.relative_to(house.ROOT)), file.read_bytes().decode("utf-8", "replace"))
    # then none is at fault
    assert faults == []


PLANTED: list[tuple[Callable[[Module], list[str]], Module]] = [
    (house.import_faults, Module("donations.ledger", "from donations.giving import begin")),
    (house.import_faults, Module("donations.money", "def f():\n    import donations.models")),
    (house.import_faults, Module("donations.models.appeal", "from donations import totals")),
    (house.import_faults, Module("donations.giving.new_donation", "from donations import stripe_gateway")),
    (house.import_faults, Module("donations.receipts", "from donations.mailer import send")),
    (house.import_faults, Module("donations.inbox", "from donations import create_app")),
    (house.import_faults, Module("donations.worker", "from donations import sandbox")),
    (house.import_faults, Module("donations.cli.tour", "from donations.sandbox.store import Store")),
    (house.import_faults, Module("donations.sandbox.events", "from donations.money import Money")),
    (house.import_faults, Module("donations.sandbox.events", "from ..money import Money")),
    (house.import_faults, Module("donations.giving.new_donation", "from .. import inbox")),
    (house.import_faults, Module("donations.ledger", "from donations.helpers import anything")),
    (house.naming_faults, Module("donations.inbox", "import stripe")),
    (house.naming_faults, Module("donations.web.pages", "from stripe.error import StripeError")),
    (house.naming_faults, Module("donations.cli.serve", "import os\nprint(os.environ['HOME'])")),
    (house.naming_faults, Module("donations.sandbox.app", "from os import getenv")),
    (house.naming_faults, Module("donations.giving", "from flask import current_app, url_for")),
    (house.naming_faults, Module("donations.tokens", "import flask\nflask.request.args")),
    (house.naming_faults, Module("donations.giving", "db.session.commit()")),
    (house.naming_faults, Module("donations.ledger", "with write_unit():\n    pass")),
    (house.naming_faults, Module("donations.receipts", "with database.bare_write_unit():\n    pass")),
    (house.size_faults, Module("donations.money", "x = 1\n")),
    (house.size_faults, Module("donations.money", '"""Says."""\n' + "x = 1\n" * 300)),
    (house.size_faults, Module("donations.money", '"""Says."""\ndef f():\n' + "    x = 1\n" * 40)),
]


@pytest.mark.parametrize(("rule", "module"), PLANTED, ids=lambda value: getattr(value, "name", "rule"))
def test_a_planted_fault_is_found(rule: Callable[[Module], list[str]], module: Module) -> None:
    assert len(rule(module)) == 1


@pytest.mark.parametrize("text", ["{{ story | safe }}", "{{ story|safe }}", '<p hx-on:click="x()">', "\n" * 151])
def test_a_planted_fault_of_a_template_is_found(text: str) -> None:
    assert len(house.template_faults("page.html", text)) == 1


def test_a_line_that_is_too_long_is_found() -> None:
    assert house.width_faults("a.css", "\n".join(["x" * 120, "я" * 120, "x" * 121])) == ["a.css:3"]


@pytest.mark.parametrize(
    "text",
    [
        "sk_live_" + "a1b2c3d4e5f6",
        "whsec_" + "a1" * 16,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "--index-url https://" + "pypi" + ".org/simple",
    ],
)
def test_a_planted_secret_or_host_is_found(text: str) -> None:
    assert len(house.text_faults("notes.txt", text)) == 1


def test_a_planted_circle_is_found() -> None:
    # given two files of one row that import each other, one of them by a relative import
    found = [
        Module("donations.facts", "from donations.ledger import post"),
        Module("donations.ledger", "from . import facts"),
    ]
    # when they are drawn
    # then both graphs have a circle
    assert house.cycle(house.part_graph(found))
    assert house.cycle(house.module_graph(found))


def test_a_lazy_import_makes_no_circle_of_files_but_one_of_parts() -> None:
    found = [
        Module("donations.facts", "from donations import ledger"),
        Module("donations.ledger", "def f():\n    from donations import facts"),
    ]
    assert house.cycle(house.part_graph(found))
    assert house.cycle(house.module_graph(found)) == []
