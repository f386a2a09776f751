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
    broken["Donate"].string = ""
    broken["Amount"].flags.add("fuzzy")
    broken.delete("Currency")
    broken.delete("Card", "size")
    broken.add("Long gone", "Давно нет")

    assert sorted(catalog.faults(broken, template)) == [
        "fuzzy: 'Amount'",
        "no longer in the sources: 'Long gone'",
        "not in the catalog: 'Card'",
        "not in the catalog: 'Currency'",
        "not translated: 'Donate'",
    ]


def test_one_english_word_with_two_meanings_has_a_translation_for_each(template) -> None:
    russian = catalog.read("ru")

    said = {context: russian.get("Card", context).string for context in ("payment", "size")}

    assert said == {"payment": "Банковская карта", "size": "Карточка"}
    assert template.get("Card", "payment") is not None, "the catalog reads contexts out of Python"
    assert template.get("Card", "size") is not None, "the catalog reads contexts out of templates"
