"""The translations are whole: nothing untranslated, unsure or forgotten, nothing in the sources they do not know."""

from __future__ import annotations

import inspect

import pytest

from donations import errors
from donations.web import catalog


@pytest.fixture(scope="module")
def template():
    return catalog.from_sources()


@pytest.mark.parametrize("language", catalog.languages())
def test_a_catalog_is_complete(language: str, template) -> None:
    assert catalog.faults(catalog.read(language), template) == []


def test_russian_is_there_with_its_three_plural_forms() -> None:
    assert catalog.languages() == ["ru"]
    assert catalog.read("ru").num_plurals == 3


def test_every_sentence_of_an_error_is_read_from_the_sources(template) -> None:
    kinds = [
        kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.DonationsError)
    ]

    assert kinds
    for kind in kinds:
        assert inspect.cleandoc(kind.__doc__ or "") in template


def test_a_fault_in_a_catalog_is_found(template) -> None:
    broken = catalog.read("ru")
    broken["Give"].string = ""
    broken["Amount"].flags.add("fuzzy")
    broken.delete("Currency")
    broken.add("Long gone", "Давно нет")

    assert sorted(catalog.faults(broken, template)) == [
        "fuzzy: 'Amount'",
        "no longer in the sources: 'Long gone'",
        "not in the catalog: 'Currency'",
        "not translated: 'Give'",
    ]
