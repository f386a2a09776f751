"""Organisers' pages in a real browser: a first appeal is written and published without JavaScript, and axe is asked of
every page, by day and by night, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import select

from donations import staff, tokens
from donations.appeals import drafts, file_writer, subscribers, updates
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Subscriber
from donations.staff import second_factor, sessions
from tests.browser.gallery import Gallery, open_gallery
from tests.browser.test_staff import AXE, asked_of
from tests.factories import a_donation

pytestmark = pytest.mark.browser
SLUG = "hands-off-ali"
WORDS = ({"en": "The court hears his appeal", "ru": "Суд рассматривает жалобу"}, {"en": "On Monday at ten.\n\nCome."})


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gallery, str, dict[str, str]]]:
    """An installation with a draft, updates and a follower; the key of an organiser's session; the pages by name."""
    with open_gallery(tmp_path_factory.mktemp("campaigns")) as gallery:
        with gallery.app.app_context():
            key, paths = _stage(gallery.app)
            db.session.remove()
        yield gallery, key, paths


def _stage(app: Flask) -> tuple[str, dict[str, str]]:
    at = datetime.now(UTC)
    with write_unit() as conn:
        person = staff.invite(conn, "olga@example.org", ["organiser"], language="en", by="cli:test", at=at)
        staff.join(conn, tokens.for_invitation(person.id, person.link_key), "Olga", "correct horse battery", at=at)
        assert second_factor.confirm_totp(
            conn, person, second_factor.codes().code(second_factor.prepare_totp(person), at), at=at
        )
        _, key = sessions.begin(person, stage="full", place=b"x", browser="Firefox", at=at)
        appeal = Appeal.any_by_slug(SLUG)
        written = {**file_writer.of(appeal), "target": "15000", "title": {"en": "Hands Off Ali Feruz"}}
        draft = drafts.keep(
            written, appeal, None, version=0, form_key="a", reason="A second lawyer", by=person.actor, at=at
        )
        posted = updates.write(appeal, *WORDS, form_key="b", by=person.actor)
        updates.post(posted, by=person.actor, at=at)
        waits = updates.write(appeal, {"en": "A new date"}, {"en": "Next week."}, form_key="c", by=person.actor)
        subscribers.ask(appeal, "maya@example.org", "en", a_donation(appeal, state="paid"), at)
        db.session.flush()
        row = db.session.scalars(select(Subscriber)).one()
        own = f"/campaigns/{SLUG}"
        paths = {
            "list": "/campaigns/", "appeal": own, "write": f"{own}/edit", "new": "/campaigns/drafts/new",
            "preview": f"/campaigns/drafts/{draft.id}/preview", "close": f"{own}/close",
            "update-new": f"{own}/updates/new", "update": f"{own}/updates/{waits.id}",
            "appeal-public": f"/appeals/{SLUG}", "update-public": f"/appeals/{SLUG}/updates/{posted.id}",
            "confirm": f"/subscribers/confirm/{tokens.for_confirming(row.reference)}",
            "end": f"/subscribers/unsubscribe/{tokens.for_ending(row.reference)}",
        }  # fmt: skip
    return key, paths


def signed_in(chromium: Browser, gallery: Gallery, key: str, width: int, **more: bool) -> BrowserContext:
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce", **more
    )
    context.add_cookies([{"name": "staff", "value": f"s.{key}", "url": gallery.url}])
    return context


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_has_nothing_to_say_of_organisers_pages(
    campaigns: tuple[Gallery, str, dict[str, str]], chromium: Browser, width: int
) -> None:
    gallery, key, paths = campaigns
    context = signed_in(chromium, gallery, key, width)
    context.add_init_script(path=AXE)
    page, faults = context.new_page(), []
    for name, path in paths.items():
        page.emulate_media(color_scheme="light")
        page.goto(gallery.url + path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            faults += [f"{name} {scheme} {fault}" for fault in asked_of(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert faults == []
    context.close()


def test_an_appeal_is_written_and_published_without_javascript(
    campaigns: tuple[Gallery, str, dict[str, str]], chromium: Browser
) -> None:
    # given an organiser whose browser runs no scripts
    gallery, key, paths = campaigns
    context = signed_in(chromium, gallery, key, 390, java_script_enabled=False)
    page = context.new_page()
    page.goto(gallery.url + paths["new"])
    # when a field is forgotten, an error says so, and the typed text is still there
    page.fill("#title-en", "Free Maya")
    page.fill("#slug", "free-maya")
    page.click("form.writing .choices .button")
    assert "An appeal needs at least one fund" in page.inner_text("#errors")
    assert page.input_value("#title-en") == "Free Maya"
    # when the fault is corrected and the draft published
    page.check("input[name=discreet][value=yes]")
    page.select_option("#funds-0-kind", "detainee")
    page.fill("#funds-0-slug", "maya")
    page.fill("#funds-0-name-en", "Maya")
    page.click("form.writing .choices .button")
    assert page.url.endswith("/preview")
    page.click("#publish .button >> nth=0")
    # then everybody sees it
    page.goto(f"{gallery.url}/appeals/free-maya")
    assert page.inner_text("h1") == "Free Maya"
    context.close()
