"""Tags on several lines are sent on one, and nothing else is changed."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from donations.web.tags import OneLineTags

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('<div id="a"\n  hx-get="{{ x }}"\n  hidden>\n  b</div>', '<div id="a" hx-get="1" hidden>\n  b</div>'),
        ('<p title="a\n  b"\n  lang="en">c\n  d</p>', '<p title="a\n  b" lang="en">c\n  d</p>'),
        ("<p{% if x %} id='a'{% endif %}\n  class=b>\n", "<p id='a' class=b>\n"),
        ('it\'s 1 < 2\n  and "so"\n  on', 'it\'s 1 < 2\n  and "so"\n  on'),
    ],
)
def test_a_tag_is_one_line(written: str, sent: str) -> None:
    environment = Environment(autoescape=True, keep_trailing_newline=True, extensions=[OneLineTags])

    assert environment.from_string(written).render(x=1) == sent
