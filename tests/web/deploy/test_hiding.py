"""What is hidden stays hidden, through the real nginx and another cache before it: the app dies, nginx restarts, and
the appeal is never shown. What the hiding could not reach is gone within a minute."""

from __future__ import annotations

import random
import re
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

import pytest

from donations import appeals
from donations.database import write_unit
from donations.models import Appeal, Organisation
from donations.web import cached_copies, headers
from tests.web.deploy.processes import SHIPPED
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
        return cached_copies.addresses(Appeal.any_by_slug(SLUG), Organisation.get())


def prime(served: Served, paths: list[str]) -> None:
    """By browsers of all kinds, so that each way of packing lies in the caches."""
    for path in paths:
        for encoding in ENCODINGS:
            served.get(path, Accept_Encoding=encoding)


def hide(served: Served, how: str) -> None:
    with served.app.app_context(), write_unit():
        appeals.hide(Appeal.any_by_slug(SLUG), how, datetime.now(UTC))


def ask(served: Served) -> cached_copies.Report:
    with served.app.app_context():
        return cached_copies.ask_all(Appeal.any_by_slug(SLUG))


def shown(served: Served, paths: list[str]) -> list[str]:
    """Where anybody is shown the appeal, at each of the caches."""
    return [
        f"{at}{path}: {status} {told['X-Cache']}"
        for at in served.addresses
        for path in paths
        for encoding in ENCODINGS[: 2 if at != served.addresses[-1] else None]
        for status, told, body in [served.get(path, at, Accept_Encoding=encoding)]
        if (status not in (404, 503) and not lists(path))
        or any(name in body for name in (*NAMES, *([SLUG] if lists(path) else [])))
    ]


def away(served: Served, outage: str) -> AbstractContextManager[None]:
    """The app is killed, or it keeps running without its database."""
    if outage == "database":
        return served.without_database()
    served.kill()
    return nullcontext()


def lists(path: str) -> bool:
    """Whether it tells of the other appeals as well."""
    return path.partition("?")[0] in ("/", "/ru/", "/sitemap.xml")


@pytest.mark.parametrize(("how", "outage"), [("dark", "app"), ("holding_page", "app"), ("dark", "database")])
def test_hidden_killed_and_restarted_nobody_is_shown_it(served_through: Served, how: str, outage: str) -> None:
    # given caches that hold everything that the public may ask for
    served = served_through
    paths = public(served)
    paths = [*paths[: ASKED // 2], *random.Random(22).sample(paths[ASKED // 2 :], ASKED // 2)]
    prime(served, paths)
    # when the appeal is hidden, every address is asked, and at once the app or its database goes away
    hide(served, how)
    report = ask(served)
    with away(served, outage):
        # then nothing of it is shown at any cache, nor when the caches start again
        assert shown(served, paths[:ASKED]) == []
        served.restart_caches()
        assert shown(served, paths) == []
    assert (report.still, report.unknown) == ((), ())
    assert report.asked >= ASKED


def test_hidden_amounts_stay_hidden(served_through: Served, raise_to) -> None:
    served, total = served_through, f"/appeals/{SLUG}/total.json"
    raise_to(SLUG, 639150)
    served.until(total, lambda _, body: "639150" in body)

    hide(served, "amounts_hidden")
    report = ask(served)
    served.kill()

    assert report.is_gone
    assert "639150" not in served.get(total, Accept_Encoding="gzip")[2]


@pytest.mark.parametrize("outage", ["app", "database"])
def test_a_copy_that_the_hiding_could_not_reach_is_gone_in_time(
    served_through: Served, outage: str, proving: bool
) -> None:
    # given copies under addresses that are none of ours
    served = served_through
    served.stale_seconds = "" if proving else "4"
    prime(served, list(ODD))
    # when it is hidden while the app dies
    hide(served, "dark")
    with away(served, outage):
        since = time.monotonic()
        # then they are gone after the time that the app allowed, at every cache, however often they are asked for
        while shown(served, list(ODD)) and time.monotonic() < since + 90:
            time.sleep(0.2)
        assert time.monotonic() - since <= (60 if proving else 14)
        assert shown(served, list(ODD)) == []


def test_while_the_database_is_away_copies_bridge_it_and_then_a_page_says_so(served: Served) -> None:
    # given copies of what names an appeal, and a form that is never kept
    named, form = f"/embed/{SLUG}", f"/appeals/{SLUG}"
    served.stale_seconds = "4"
    (served.folder / "nginx" / "www").mkdir()
    (served.folder / "nginx" / "www" / "away.html").write_text("Give by bank transfer.", encoding="utf-8")
    for path in (named, "/", form):
        assert served.get(path)[0] == 200
    with served.without_database():
        time.sleep(2)
        # when the database is away, then the copies go on for a moment
        for path in (named, "/"):
            status, headers, _ = served.get(path)
            assert (status, headers["X-Cache"], headers["Cache-Control"]) == (200, "STALE", "no-store"), path
        # and in time only the bank details for a transfer are left, at once for what was never cached
        for path in (form, named, "/"):
            served.until(path, lambda status, body: (status, body) == (503, "Give by bank transfer."))
        # while the app itself answers a form that was sent, and programs that watch over it
        assert served.get("/healthz")[2].startswith('{"faults":["database')
        assert served.post(f"{form}/donations")[0] == 503
        assert "No money has been taken" in served.post(f"{form}/donations")[1]
    # and when it is back, so is everything
    for path in (named, "/", form):
        served.until(path, lambda status, _: status == 200)


def test_an_app_that_does_not_come_to_an_answer_is_bridged_as_well(served: Served) -> None:
    served.patience = "1s"
    served.restart_caches()
    served.get(f"/embed/{SLUG}")
    real, ends = served.app.wsgi_app, threading.Event()

    def hanging(environ, start):
        ends.wait(20)
        return real(environ, start)

    served.app.wsgi_app = hanging
    time.sleep(2)
    try:
        assert served.get(f"/embed/{SLUG}")[1]["X-Cache"] == "STALE"
        assert served.get(f"/overlay/{SLUG}")[0] == 503
    finally:
        ends.set()


def test_with_the_time_that_nginx_waits_a_copy_is_never_a_minute_old() -> None:
    part = SHIPPED.read_text(encoding="utf-8").partition("    location / {\n        #")[2].partition("}")[0]
    whole = SHIPPED.read_text(encoding="utf-8")
    kept = sum(int(number) for number in re.findall(r"(?:max-age|stale-if-error)=(\d+)", headers.LIVE))
    waited = [re.search(r"proxy_connect_timeout (\d+)s", whole), re.search(r"proxy_read_timeout (\d+)s", part)]

    # nginx counts whole seconds, so that each of ours may be one more.
    assert kept + 1 + sum(int(found[1]) for found in waited if found) < 60
    assert all(waited)


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
    # given a cache that keeps serving the frame as it was
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
