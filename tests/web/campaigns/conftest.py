"""What the tests of organisers' pages share: people who have signed in, and the form of an appeal as a browser sends
it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from donations.database import write_unit
from donations.models import Organisation
from tests.web.staff.conftest import Browser, clock, join
from tests.web.treasury.conftest import signed_in

__all__ = ["clock", "join", "signed_in"]


@pytest.fixture
def organiser(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("organiser")


@pytest.fixture
def second(signed_in: Callable[..., Browser]) -> Browser:
    """Another organiser, where publishing needs two."""
    with write_unit():
        Organisation.get().publish_needs_second = True
    return signed_in("organiser", name="second")


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the form in which an appeal is written, as the page shows it."""
    form = page.partition('class="writing"')[2].partition("</form>")[0]
    sent = {}
    for attributes in re.findall(r"<input\b([^>]*)>", form):
        name, value = re.search(r'name="([^"]+)"', attributes), re.search(r'value="([^"]*)"', attributes)
        if name and (not re.search(r'type="(radio|checkbox)"', attributes) or " checked" in attributes):
            sent[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.S):
        sent[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        sent[name] = chosen[1] if chosen else ""
    sent.pop("csrf_token", None)
    return sent
