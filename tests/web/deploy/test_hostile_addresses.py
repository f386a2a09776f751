"""To ask first decides nothing for others: each address, however it is written, is answered through a primed
nginx as the app itself answers it."""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from donations.models import Appeal, Organisation
from donations.web import cached_copies
from tests.web.deploy.served import Served

pytestmark = pytest.mark.databases("sqlite")
SLUGS = ("hands-off-ali", "kurmanov", "fighting-fund")
SAMPLE, MARK = 250, 2000
VALUES = {
    "lang": ("ru", "en", "xx", "ru|bar", "r%75", ""),
    "size": ("bar", "full", "thermometer", "BAR", "b%61r"),
    "theme": ("dark", "light", "auto|"),
    "accent": ("a3201a", "%23a3201a", "fff", "zz"),
    "button": ("no", "NO", "0", ""),
    "least": ("0", "10", "1e3", "%31"),
    "page": ("1", "2", "99", "-1", "%39"),
    "format": ("json", "xml", ""),
    "maxwidth": ("300", "9e9", ""),
    "maxheight": ("200", "900"),
    "v": ("1", "2"),
}
Twist = Callable[[random.Random, str, str], str]


def encoded(chance: random.Random, name: str, value: str) -> str:
    at = chance.randrange(len(name))
    return f"{name[:at]}%{ord(name[at]):02x}{name[at + 1 :]}={value}"


TWISTS: tuple[Twist, ...] = (
    lambda _, name, value: f"{name}={value}",
    lambda _, name, value: f"{name.upper()}={value}",
    lambda _, name, value: f"{name.title()}={value}",
    encoded,
    lambda chance, name, value: f"{name}={value}&{name}={chance.choice(VALUES[name])}",
    lambda chance, name, value: f"{name}={value}&{name.upper()}={chance.choice(VALUES[name])}",
    lambda chance, name, value: f"{name}={value}&{encoded(chance, name, chance.choice(VALUES[name]))}",
    lambda _, name, value: f"{name}&{name}={value}",
    lambda _, name, value: f"{name}[]={value}",
    lambda _, name, value: f"{name}+={value}",
    lambda _, name, value: f"{name}%00={value}",
    lambda _, name, value: f"{name}%3d{value}",
    lambda _, name, value: f"x=1;{name}={value}",
    lambda _, name, value: f"utm_source=1&{name}={value}",
    lambda _, name, value: f"&&{name}={value}&",
    lambda _, name, value: f"?{name}={value}",
    lambda _, name, value: f"{name}={value}#{name}=",
)  # fmt: skip
PATHS: tuple[Callable[[str], str], ...] = (
    lambda path: path, lambda path: path, lambda path: path, lambda path: path, lambda path: path,
    lambda path: path.replace("/", "//", 2), lambda path: path + "/", lambda path: path.upper(),
    lambda path: "/nothing/.." + path, lambda path: path + "/../nothing", lambda path: path + "/.",
    lambda path: path[:-1] + f"%{ord(path[-1]):02x}", lambda path: "/" + path[1:].replace("/", "%2f"),
    lambda path: path + "%3flang=ru", lambda path: path + "|ru", lambda path: path + "%00", lambda path: path + ";x",
    lambda path: "/ru" + path, lambda path: "/RU" + path, lambda path: "/en" + path,
)  # fmt: skip


def hostile(chance: random.Random, forms: list[str], count: int) -> list[str]:
    found = []
    while len(found) < count:
        path = chance.choice(PATHS)(chance.choice(forms))
        names = chance.sample(sorted(VALUES), chance.choice((0, 1, 1, 2)))
        names_given = [chance.choice(TWISTS)(chance, name, chance.choice(VALUES[name])) for name in names]
        if path.startswith("/"):  # Else it is no request at all.
            found.append(path + ("?" + "&".join(names_given) if names_given else ""))
    return found


def oembeds(chance: random.Random, public: str, count: int) -> list[str]:
    """Two appeals in one question, each in the place that another reader looks into."""
    found = []
    for _ in range(count):
        one, two = (quote(f"{public}/appeals/{slug}", safe="") for slug in chance.sample(SLUGS, 2))
        first, second = chance.sample(("url", "URL", "%75rl", "u%72l", "Url", "url%20"), 2)
        found.append(f"/oembed?{first}={one}&{second}={two}")
    return found


def all_forms(served: Served) -> list[str]:
    with served.app.app_context():
        house = Organisation.get()
        paths = [path for slug in SLUGS for path in cached_copies.addresses(Appeal.any_by_slug(slug), house)]
    return sorted({path.partition("?")[0] for path in paths})


def test_a_primed_cache_answers_every_address_as_the_app_does(served: Served, proving: bool) -> None:
    # given hostile addresses, and those that everybody asks for
    seed = random.randrange(1_000_000) if proving else 4
    chance, count = random.Random(seed), MARK if proving else SAMPLE
    forms = all_forms(served)
    clean = [*forms, *(f"/oembed?url={served.address}/appeals/{slug}" for slug in SLUGS)]
    asked = [*hostile(chance, forms, count * 9 // 10), *oembeds(chance, served.address, count // 10)]
    # when each is asked for through nginx, twice, and then the clean ones, and the app itself is asked as well
    truth = {path: told(served, path, served.app_address) for path in {*asked, *clean}}
    for path in asked:
        served.get(path)
    wrong = [path for path in [*asked, *clean] if told(served, path) != truth[path]]
    # then no request gets another's answer
    assert wrong == [], f"seed {seed}"


def told(served: Served, path: str, at: str = "") -> tuple[int, str, str, str]:
    status, headers, body = served.get(path, at, Host="127.0.0.1")
    # nginx refuses what is no address at all; where the app would only say that there is nothing, that is the same.
    if status in (400, 404):
        return 404, "", "", ""
    return status, headers["Content-Type"], headers["Location"] or "", body


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        ("/embed/hands-off-ali", True),
        ("/embed/hands-off-ali?lang=ru&size=bar", True),
        ("/embed/hands-off-ali?accent=%23a3201a", True),
        ("/embed/hands-off-ali?%6cang=ru", False),
        ("/embed/hands-off-ali?LANG=ru", False),
        ("/embed/hands-off-ali?lang=ru&lang=en", False),
        ("/embed/hands-off-ali?lang", False),
        ("/embed/hands-off-ali?nocache=1", False),
        ("/?page=2", True),
        ("/?%70age=99", False),
        ("/oembed?url=http%3A%2F%2Flocalhost%2Fappeals%2Fkurmanov", True),
        ("/oembed?URL=x&%75rl=http://localhost/appeals/kurmanov", False),
        ("/embed/no-such-appeal", True),
        ("/embed/no-such-appeal?x=1", False),
        ("/appeals/hands-off-ali/total?nocache=1", True),  # It reads no query.
    ],
)
def test_only_what_every_cache_reads_alike_is_kept(client, path: str, is_kept: bool) -> None:
    answer = client.get(path)

    assert answer.headers["Cache-Control"].startswith("public, max-age=1") == is_kept, answer.headers["Cache-Control"]
    assert is_kept or answer.headers["Cache-Control"] == "no-store"
