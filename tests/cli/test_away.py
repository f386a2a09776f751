"""The page for when the app is away."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from flask import Flask

from donations.cli.away import away_page
from donations.database import write_unit
from donations.models import Appeal, Organisation

pytestmark = pytest.mark.databases("sqlite")


def test_it_says_in_every_language_where_a_transfer_goes_and_names_no_appeal(
    app: Flask, appeals: dict[str, Appeal], tmp_path: Path
) -> None:
    with write_unit():
        Organisation.get().bank_details = {"account_name": "Fund & Friends", "iban": "GB33BUKB20201555555555"}
    file = tmp_path / "www" / "away.html"

    result = app.test_cli_runner().invoke(away_page, [str(file)])

    assert result.exit_code == 0, result.output
    page = file.read_text(encoding="utf-8")
    for text in ("We will be back in a moment", "Скоро мы снова будем доступны", "Fund &amp; Friends", "GB33BUKB"):
        assert text in page
    for appeal in appeals.values():
        assert appeal.slug not in page
        assert not any(title in page for title in appeal.title.values() if title not in Organisation.get().name)
    # and it loads nothing from anywhere, for nothing could serve it
    assert "src=" not in page
    assert "href=" not in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in page
    assert file.stat().st_mode & 0o777 == 0o644
