"""The mailed link to the data kept for an address. A request never reveals whether we know it: the same is done and
shown either way, and only the writing of the mail looks whether there is anything to show (mailer.py)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from sqlalchemy import Table, update
from sqlalchemy.engine import Connection

from donations import counters, networks, outbox, privacy, tokens
from donations.errors import BadLink, BadSeal, TryLater
from donations.installation.clocks import CLOCKS_DIFFER
from donations.models import Throttle
from donations.models.base import new_reference
from donations.offline_key import requests

HOUR = timedelta(hours=1)
MAX_PER_NETWORK = 10  # links asked for in an hour from one network
_SEAL = "data request:link"


def ask(conn: Connection, email: str, language: str, address: str | None, *, at: datetime) -> None:
    """Queue the mail with the link, once an hour for an address however often it is asked for. `address` is where the
    visitor comes from. Raises TryLater where too many were asked for from that network."""
    _count_network(conn, networks.prefix_of(address), at)
    if _is_first_of_hour(conn, email, at):
        outbox.queue(conn, "data_link", f"data:{new_reference()}", to=email, language=language, at=at)
        requests.note(conn, email, language, at=at)


def link_token(email: str) -> str:
    """The token of /your-data/<token>. The address in it is sealed, so that no list of links is a list of people."""
    return tokens.for_data_request(urlsafe_b64encode(privacy.seal(email, _SEAL)).decode())


def email_of(token: str) -> str:
    """The address that a link was mailed to. Raises BadLink, also a day later."""
    try:
        return privacy.unseal(urlsafe_b64decode(tokens.read_data_request(token)), _SEAL)
    except (BadSeal, ValueError) as error:
        raise BadLink() from error


def _is_first_of_hour(conn: Connection, email: str, at: datetime) -> bool:
    (row,) = counters.locked(conn, [privacy.lookup_hash(email, "data request address")], at=at)
    if at < row.wait_until <= at + HOUR + CLOCKS_DIFFER:
        return False
    _write(conn, row.key_hash, 1, at)
    return True


def _count_network(conn: Connection, network: str, at: datetime) -> None:
    (row,) = counters.locked(conn, [privacy.lookup_hash(network, "data request network")], at=at)
    is_open = at < row.wait_until <= at + HOUR + CLOCKS_DIFFER
    if is_open and row.failures >= MAX_PER_NETWORK:
        raise TryLater(seconds=-(-(row.wait_until - at) // timedelta(seconds=1)))
    if is_open:
        conn.execute(update(_throttle).where(_throttle.c.key_hash == row.key_hash).values(failures=row.failures + 1))
    else:
        _write(conn, row.key_hash, 1, at)


def _write(conn: Connection, key: bytes, count: int, at: datetime) -> None:
    values = {"failures": count, "failed_at": at, "wait_until": at + HOUR}
    conn.execute(update(_throttle).where(_throttle.c.key_hash == key).values(values))


_throttle: Table = Throttle.__table__  # type: ignore[assignment]
