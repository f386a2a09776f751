"""static/vendor holds what its MANIFEST lists, and nothing else; the pages keep to htmx 4 without eval."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"


def manifest() -> dict[str, str]:
    lines = [line.split() for line in (VENDOR / "MANIFEST").read_text().splitlines() if line and line[0] != "#"]
    return {line[0]: line[-1] for line in lines}


def test_every_file_from_others_is_the_one_that_was_taken() -> None:
    for name, wanted in manifest().items():
        digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
        assert f"sha384-{base64.b64encode(digest).decode()}" == wanted


def test_nothing_from_others_is_without_its_line_and_licence() -> None:
    files = {path.name for path in VENDOR.iterdir()} - {"MANIFEST"}
    licences = {name for name in files if name.endswith("-LICENSE.txt")}

    assert files - licences == set(manifest())
    assert licences == set(re.findall(r"\((\S+-LICENSE\.txt)\)", (VENDOR / "MANIFEST").read_text()))
    lines = [line for line in (VENDOR / "MANIFEST").read_text().splitlines() if line and line[0] != "#"]
    assert all("-LICENSE.txt)" in line for line in lines)


def test_no_template_uses_what_our_policy_or_htmx_4_does_not_know() -> None:
    banned = (
        r"hx-on|\bjs:|javascript:|\|\s*safe\b|hx-ext|hx-vars|hx-params|hx-trigger=\"[^\"]*(\[|every \d*\.\d)|"
        r"\sstyle=|<style|\son(click|load|submit)="
    )
    for path in (ROOT / "templates").rglob("*.html"):
        # Emails, and the page that nginx shows while the app is away, come without our policy and load no file.
        if "email" not in path.parts and path.name != "away.html":
            assert not re.search(banned, path.read_text(encoding="utf-8")), path


def test_a_partial_is_one_element_named_like_its_file() -> None:
    for path in (ROOT / "templates" / "supporters").glob("_*.html"):
        text = re.sub(r"{#.*?#}|{%.*?%}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert f'id="{path.stem.removeprefix("_")}"' in text, path


def test_a_template_opens_with_what_it_is_for_and_stays_short() -> None:
    for path in set((ROOT / "templates").rglob("*.html")) - set((ROOT / "templates" / "email").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("{#"), path
        assert len(text.splitlines()) <= 150, path
