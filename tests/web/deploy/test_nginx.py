"""The shipped nginx file, tried with the real nginx: one asks for all, what is hidden is gone, a dead app's last total
stays for a moment, and nothing of a person is kept."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from donations.cli.stage import free_port
from tests.needs import program
from tests.web.deploy.processes import SHIPPED, encrypted, running
from tests.web.deploy.served import Served

pytestmark = pytest.mark.databases("sqlite")
TOTAL, FRAME = "/appeals/hands-off-ali/total", "/embed/hands-off-ali"
FORMS = (TOTAL, f"{TOTAL}.json", f"{TOTAL}.svg", FRAME, f"{FRAME}/total", "/overlay/hands-off-ali")
SECONDS = 2.0
OLD = ssl.TLSVersion.TLSv1_1
NOON, DAY = datetime.now(UTC), timedelta(days=1)


def test_however_many_ask_one_asks_the_app(served: Served) -> None:
    served.get(TOTAL)
    served.reached.clear()
    began = time.monotonic()

    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda number: served.get(f"{TOTAL}?nocache={number}"), range(600)))

    assert {status for status, _, _ in answers} == {200}
    assert served.reached[TOTAL] <= time.monotonic() - began + 2


def test_a_gift_is_seen_through_nginx_in_two_seconds(served: Served, raise_to) -> None:
    for minor in (639100, 1000000):
        shown = f"£{minor // 100:,}.{minor % 100:02}"
        for path in FORMS:
            served.get(path)
        raise_to("hands-off-ali", minor)
        began = time.monotonic()
        for path in (TOTAL, FRAME):
            served.until(path, lambda _, body, shown=shown: shown in body)
        assert time.monotonic() - began <= SECONDS + 0.5  # Half a second for asking itself, on a busy machine.


def test_what_is_hidden_is_gone_from_every_form(served: Served, change) -> None:
    for path in FORMS:
        assert served.get(path)[0] == 200, path
    change("hands-off-ali", visibility="dark")

    for path in FORMS:
        served.until(path, lambda status, _: status == 404)


def test_the_last_total_stays_when_the_app_is_killed(served: Served, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    before = {path: served.get(path)[2] for path in FORMS}

    served.kill()

    time_is_said = before[TOTAL].split('datetime="')[1][:20]
    for path in FORMS:
        status, headers, body = served.get(path)
        assert (status, body) == (200, before[path]), path
        assert headers["X-Cache"] in ("STALE", "HIT", "UPDATING")
    assert time_is_said in served.get(TOTAL)[2]


@pytest.mark.parametrize("path", ["/appeals/hands-off-ali", "/staff/sign-in", "/receipts/invented", "/healthz"])
def test_nothing_with_a_form_or_of_a_person_is_kept(served: Served, path: str) -> None:
    for _ in range(3):
        _status, headers, _body = served.get(path)
        assert headers["X-Cache"] in ("MISS", "BYPASS", "EXPIRED", None)
    assert served.reached[path] >= 3


def test_no_cookie_comes_with_a_kept_form(served: Served) -> None:
    for path in FORMS:
        for _ in range(2):
            headers = served.get(path)[1]
            assert headers["Set-Cookie"] is None
            assert "cookie" not in (headers["Vary"] or "").lower()
            assert headers["X-Accel-Expires"] is None


def test_languages_and_looks_are_not_mixed_up(served: Served) -> None:
    said = {query: served.get(f"{FRAME}{query}")[2] for query in ("", "?lang=ru", "?size=bar", "?theme=dark")}

    assert len(set(said.values())) == 4
    assert {query: served.get(f"{FRAME}{query}")[2] for query in said} == said


def test_a_log_line_has_no_query_and_no_token(served: Served, tmp_path: Path) -> None:
    served.get("/donations/a-secret-token?x=1")
    for path in with_tokens(served.app):
        served.get(path, Referer=f"{served.address}/receipts/a-secret-token")
    served.get(f"{TOTAL}?who=somebody")

    log = ""
    deadline = time.monotonic() + 10
    while TOTAL not in log and time.monotonic() < deadline:  # nginx writes it down after the answer is out.
        log = (tmp_path / "nginx" / "fund.log").read_text(encoding="utf-8")

    assert "/donations/-" in log
    assert "/staff/reset/-" in log
    assert TOTAL in log
    assert "secret" not in log
    assert "somebody" not in log
    # and while the app is away nothing is written of what was asked
    served.kill()
    for path in (*with_tokens(served.app), "/static/css/base.css"):
        served.get(path, Referer=f"{served.address}/receipts/a-secret-token")
    time.sleep(0.5)
    for file in (tmp_path / "nginx").glob("*.log"):
        assert "secret" not in file.read_text(encoding="utf-8"), file


def with_tokens(app: Flask) -> list[str]:
    """An address of each route with a personal link, in each language."""
    values = {"token": "a-secret-token", "check_code": "a-secret-code", "code": "a-secret-code", "label": "secret-1"}
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in ("treasury", "bank", "campaigns") or not rule.arguments & set(values):
            continue
        if "GET" in (rule.methods or ()) and "/treasury" not in str(rule.rule):
            of = {**values, "language": "ru", "number": "1"}
            found.append(re.sub(r"<(?:[^:<>]*:)?(\w+)>", lambda part, of=of: of.get(part[1], "1"), str(rule.rule)))
    assert len(found) > 10
    return found


class Encrypted:
    """The whole shipped file, with a certificate of our own, before no app."""

    def __init__(self, folder: Path) -> None:
        self.http, self.https = free_port(), free_port()
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        built = x509.CertificateBuilder(name, name, key.public_key(), 1, *(NOON + days * DAY for days in (-1, 9)))
        files = folder / "certificate.pem", folder / "key.pem"
        files[0].write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        self.text = encrypted(free_port(), (self.http, self.https), folder, *files)

    def shake_hands(
        self,
        name: str,
        most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        asked: bytes = b"/",
        host: bytes = b"evil.example",
    ) -> tuple[str | None, bytes]:
        """(version of TLS, what is answered to a request by that name for what is asked of the host)."""
        asking = ssl.create_default_context()
        asking.set_ciphers("DEFAULT@SECLEVEL=0")  # The asker would talk in the old ways, too.
        asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
        asking.minimum_version, asking.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, most
        with (
            socket.create_connection(("127.0.0.1", self.https), 10) as plain,
            asking.wrap_socket(plain, server_hostname=name) as line,
        ):
            line.sendall(b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (asked, host))
            return line.version(), line.recv(1000)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_our_name_is_served_and_only_with_a_new_tls(tmp_path: Path) -> None:
    program("nginx", "/usr/sbin/nginx")
    one = Encrypted(tmp_path)
    with running(one.text, tmp_path, f"http://127.0.0.1:{one.http}/.well-known/acme-challenge/x"):
        # Another name within a good connection is not served, and without one there is no connection.
        assert one.shake_hands("localhost") == ("TLSv1.3", b"")
        assert one.shake_hands("localhost", ssl.TLSVersion.TLSv1_2)[0] == "TLSv1.2"
        for name, most in (("evil.example", ssl.TLSVersion.TLSv1_3), ("localhost", OLD)):
            with pytest.raises((ssl.SSLError, OSError)):
                one.shake_hands(name, most)
        line = http.client.HTTPConnection(f"127.0.0.1:{one.http}", timeout=10)
        line.request("GET", "/appeals/x?y=1", headers={"Host": "evil.example"})
        answer = line.getresponse()
        assert (answer.status, answer.headers["Location"]) == (308, "https://localhost/appeals/x?y=1")
        assert answer.headers["Server"] == "nginx"
        line.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_what_nginx_answers_by_itself_asks_for_https_too(tmp_path: Path) -> None:
    one = Encrypted(tmp_path)
    with running(one.text, tmp_path, f"http://127.0.0.1:{one.http}/.well-known/acme-challenge/x"):
        for asked, status in ((b"/", b"503"), (b"/livez", b"503"), (b"/" + b"x" * 9000, b"414")):
            answer = one.shake_hands("localhost", asked=asked, host=b"localhost")[1]
            assert answer.startswith(b"HTTP/1.1 " + status), answer
            assert answer.count(b"Strict-Transport-Security: max-age=31536000; includeSubDomains") == 1, asked
    # and what the app answers has it once
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert "proxy_hide_header Strict-Transport-Security;" in shipped


def test_the_file_starts_beside_what_a_distribution_puts_there(tmp_path: Path) -> None:
    # given the file as it is shipped but for the certificate, read by the nginx of a fresh Debian
    main, binary = Path("/etc/nginx/nginx.conf"), program("nginx", "/usr/sbin/nginx")
    if not main.exists():
        pytest.skip("this nginx has no configuration of its own")
    one = Encrypted(tmp_path)
    shipped = SHIPPED.read_text(encoding="utf-8")
    for name, file in re.findall(r"(ssl_certificate\w*) (\S+/\w+\.pem)", one.text):
        shipped = re.sub(rf"{name} /etc[^;]*", f"{name} {file}", shipped)
    place = re.search(r"proxy_cache_path (\S+)", shipped)
    assert place is not None
    shipped = shipped.replace(place[1], str(tmp_path / "cache")).replace("/var/log/nginx/", f"{tmp_path}/")
    ours = tmp_path / "fund.conf"
    ours.write_text(shipped, encoding="utf-8")
    whole = re.sub(r"include /etc/nginx/conf\.d/\*\.conf;", f"include {ours};", main.read_text(encoding="utf-8"))
    whole = re.sub(r"(?m)^pid [^;]*;", f"pid {tmp_path}/nginx.pid;", whole)
    (tmp_path / "main.conf").write_text(whole, encoding="utf-8")
    assert str(ours) in whole
    # when it is tried
    tried = subprocess.run([str(binary), "-t", "-c", str(tmp_path / "main.conf")], capture_output=True, text=True)
    # then it has nothing to complain of, and its folder for copies lies in one that every system has
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr or os.geteuid() != 0
    assert Path(place[1]).parent == Path("/var/cache")
