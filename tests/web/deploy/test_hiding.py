"""What is hidden stays hidden, through the real nginx and another cache before it: the app dies, nginx starts again,
and nobody is shown the appeal. What the hiding could not reach is gone within a minute."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import pytest

from donations import appeals
from donations.database import write_unit
from donations.models import Appeal, Organisation
from donations.web import copies
from tests.web.deploy.served import Served

pytestmark = pytest.mark.databases("sqlite")
SLUG = "hands-off-ali"
NAMES = ("Hands Off Ali", "Руки прочь от Али")
ASKED = 60
# The last as browsers say it. A cache that is none of ours may keep a copy for each way of saying it.
ENCODINGS = ("gzip", "identity", "gzip, deflate, br, zstd")
ODD = (
    f"/embed/{SLUG}?accent=a3201a&button=no",
    f"/overlay/{SLUG}?least=77",
    f"/oembed?url=http://127.0.0.1/appeals/{SLUG}",
)


def public(served: Served) -> list[str]:
    with served.app.app_context():
        return copies.addresses(Appeal.any_by_slug(SLUG), Organisation.get())


def prime(served: Served, paths: list[str]) -> None:
    """By browsers of all kinds, so that each way of packing lies in the caches."""
    for path in paths:
        for encoding in ENCODINGS:
            served.get(path, Accept_Encoding=encoding)


def hide(served: Served, how: str) -> None:
    with served.app.app_context(), write_unit():
        appeals.hide(Appeal.any_by_slug(SLUG), how, datetime.now(UTC))


def ask(served: Served) -> copies.Report:
    with served.app.app_context():
        return copies.ask_all(Appeal.any_by_slug(SLUG))


def shown(served: Served, paths: list[str]) -> list[str]:
    """Where anybody is shown the appeal, at each of the caches."""
    return [
        f"{at}{path}: {status} {headers['X-Cache']}"
        for at in served.addresses
        for path in paths
        for encoding in ENCODINGS[: 2 if at != served.addresses[-1] else None]
        for status, headers, body in [served.get(path, at, Accept_Encoding=encoding)]
        if (status not in (404, 503) and not lists(path))
        or any(name in body for name in (*NAMES, *([SLUG] if lists(path) else [])))
    ]


def lists(path: str) -> bool:
    """Whether it tells of the other appeals as well."""
    return path.partition("?")[0] in ("/", "/ru/", "/sitemap.xml")


@pytest.mark.parametrize("how", ["dark", "holding_page"])
def test_hidden_killed_and_restarted_nobody_is_shown_it(served_through: Served, how: str) -> None:
    # given caches that hold everything that the public may ask for
    served = served_through
    paths = public(served)
    paths = [*paths[: ASKED // 2], *random.Random(22).sample(paths[ASKED // 2 :], ASKED // 2)]
    prime(served, paths)
    # when the appeal is hidden, every address is asked, and at once the app dies and the caches start anew
    hide(served, how)
    report = ask(served)
    served.kill()
    served.restart_caches()
    # then nothing of it is shown at any cache
    assert (report.still, report.unknown) == ((), ())
    assert report.asked >= ASKED
    assert shown(served, paths) == []


def test_hidden_amounts_stay_hidden(served_through: Served, raise_to) -> None:
    served, total = served_through, f"/appeals/{SLUG}/total.json"
    raise_to(SLUG, 639150)
    served.until(total, lambda _, body: "639150" in body)

    hide(served, "amounts_hidden")
    report = ask(served)
    served.kill()

    assert report.is_gone
    assert "639150" not in served.get(total, Accept_Encoding="gzip")[2]


def test_a_copy_that_the_hiding_could_not_reach_is_gone_in_time(served_through: Served, proving: bool) -> None:
    # given copies under addresses that are none of ours
    served = served_through
    served.stale_seconds = "" if proving else "4"
    prime(served, list(ODD))
    # when it is hidden while the app dies
    hide(served, "dark")
    served.kill()
    killed = time.monotonic()
    # then they are gone after the time that the app allowed, at every cache, however often they are asked for
    while shown(served, list(ODD)) and time.monotonic() < killed + 90:
        time.sleep(0.2)
    assert time.monotonic() - killed <= (60 if proving else 14)
    assert shown(served, list(ODD)) == []


def test_while_the_app_is_away_a_page_says_so(served: Served) -> None:
    away = served.folder / "nginx" / "www"
    served.kill()

    plain = served.get("/appeals/hands-off-ali")
    away.mkdir()
    (away / "away.html").write_text("<p>Give by bank transfer.</p>", encoding="utf-8")
    written = served.get("/appeals/hands-off-ali")

    assert (plain[0], written[0]) == (503, 503)
    assert "back in a moment" in plain[2]
    assert written[2] == "<p>Give by bank transfer.</p>"
    assert (written[1]["Cache-Control"], written[1]["Retry-After"]) == ("no-store", "30")


def test_a_copy_given_while_the_app_is_away_goes_into_no_other_cache(served: Served) -> None:
    path = f"/embed/{SLUG}"
    served.get(path)
    served.kill()
    time.sleep(2)

    status, headers, _ = served.get(path)

    assert (status, headers["X-Cache"], headers["Cache-Control"]) == (200, "STALE", "no-store")


def test_who_asks_is_told_of_a_copy_that_takes_no_notice(served: Served) -> None:
    # given somebody who goes on giving out the frame as it was
    seen = served.get(f"/embed/{SLUG}")[2]
    real = served.app.wsgi_app

    def deaf(environ, start):
        if environ["PATH_INFO"] != f"/embed/{SLUG}":
            return real(environ, start)
        start("200 OK", [("Content-Type", "text/html"), ("Cache-Control", "no-store")])
        return [seen.encode()]

    served.app.wsgi_app = deaf
    hide(served, "dark")

    report = ask(served)

    assert f"/embed/{SLUG}" in report.still
    assert all(path.partition("?")[0] == f"/embed/{SLUG}" for path in report.still)
    assert not report.is_gone
