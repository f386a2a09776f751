"""How the text of each setting is read. A reader takes the setting's name and its text, and raises BadSetting, with
the fix, for a text that it cannot read."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyrage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from donations.errors import BadSetting

HOME = Path(__file__).resolve().parents[2]
INSTANCE = HOME / "instance"
DATABASE = "fighting-fund.db"
LOG_FORMATS = ("text", "json")


def fault_of(setting: str, fault: str, fix: str) -> BadSetting:
    return BadSetting(setting=setting, fault=fault, fix=fix)


def text(name: str, raw: str) -> str:
    return raw


def words(name: str, raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def database_url(name: str, raw: str) -> str:
    try:
        url = make_url(raw)
    except ArgumentError as error:
        raise fault_of(
            name, "is not a database address", "Use sqlite:///file or postgresql://user@host/name"
        ) from error
    except ValueError as error:  # The port is no number: libpq's own list of hosts, or signs of a password.
        raise fault_of(name, "has a port that is not a number", _SIGNS_AND_HOSTS) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise fault_of(name, f"names {url.get_backend_name()}", "Use SQLite or PostgreSQL")
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise fault_of(name, "names no file", "Use sqlite:////folder/file.db: several processes share the file")
        return url.set(database=str(INSTANCE / url.database)).render_as_string(hide_password=False)
    if any(sign in (url.host or "") for sign in "@,"):
        raise fault_of(name, "has an invalid host", _SIGNS_AND_HOSTS)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


_SIGNS_AND_HOSTS = (
    "In a password, replace @ by %40, : by %3A and / by %2F. For several hosts, use"
    " postgresql://user:password@/name?host=a,b&port=5432,5432&target_session_attrs=read-write"
)


def secret_key(name: str, raw: str) -> str:
    if len(raw) < 32:
        raise fault_of(name, "is shorter than 32 characters", "Make one with `openssl rand -base64 48`")
    if "," in raw:  # It could never be kept among the fallbacks, which commas part.
        raise fault_of(name, "contains a comma", "Make one with `openssl rand -base64 48`")
    return raw


def data_key(name: str, raw: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in words(name, raw):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32 or not (1 <= len(key_id) <= 8 and key_id.isascii() and key_id.isalnum()):
            raise fault_of(
                name,
                "is not a list of id:key, each key 32 bytes in base64",
                "Make one with `echo k1:$(openssl rand -base64 32)`. Old keys follow the new one",
            )
        if key_id in keys:
            raise fault_of(name, f"has two keys with the id {key_id}", "Give each key its own id, like k2")
        keys[key_id] = key
    return keys


def http_url(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise fault_of(name, f"{raw!r} is not a web address", "Use an address like https://fund.example.org")
    return raw.rstrip("/")


def number(name: str, raw: str) -> int:
    if not raw.isdigit() or int(raw) > 10:
        raise fault_of(
            name, f"{raw!r} is not a number from 0 to 10", "Count the proxies that you run in front of the app"
        )
    return int(raw)


def stripe_key(name: str, raw: str) -> str:
    if raw and not raw.startswith(("sk_test_", "rk_test_", "sk_live_", "rk_live_")):
        raise fault_of(
            name, "does not begin with sk_ or rk_ and test_ or live_", "Copy the secret key, not the pk_ one"
        )
    return raw


def webhook_secrets(name: str, raw: str) -> tuple[str, ...]:
    secrets = words(name, raw)
    if any(not secret.startswith("whsec_") for secret in secrets):
        raise fault_of(name, "has a part that does not begin with whsec_", "Copy the signing secret of the endpoint")
    return secrets


def smtp_url(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        raise fault_of(name, "is not a mail server address", "Use smtp://user:password@host:587 or smtps://host:465")
    if parts.query not in ("", "tls=off"):
        raise fault_of(name, f"ends in the unknown ?{parts.query}", "Remove that part, or use ?tls=off")
    return raw


def email(name: str, raw: str) -> str:
    if raw and ("@" not in raw or any(c in raw for c in "\r\n")):
        raise fault_of(name, f"{raw!r} is not an email address", "Use an address like fund@example.org")
    return raw


def owner_url(name: str, raw: str) -> str:
    if not raw:
        return ""
    url = database_url(name, raw)
    if make_url(url).get_backend_name() != "postgresql":
        raise fault_of(name, "is not a PostgreSQL database", "Remove this setting: an SQLite file has no roles")
    return url


def is_same_database(url: str, owners: str) -> bool:
    return not owners or make_url(url).database == make_url(owners).database


def folder(name: str, raw: str) -> str:
    if not Path(raw).is_absolute():  # A relative one would be another folder for each command.
        raise fault_of(name, f"{raw!r} is not an absolute path", "Use a path like /srv/fund/files")
    return raw


def age_recipient(recipient: str) -> Any:
    """A public key of age (age1...) or SSH. Raises ValueError."""
    kind = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise ValueError(recipient) from error


def recipients(name: str, raw: str) -> tuple[str, ...]:
    recipients = words(name, raw)
    try:
        for recipient in recipients:
            age_recipient(recipient)
    except ValueError as error:
        raise fault_of(
            name, f"{str(error)[:80]!r} is not a public age key", "Use a key like age1..., made by age-keygen"
        ) from error
    return recipients


def log_format(name: str, raw: str) -> str:
    if raw not in LOG_FORMATS:
        raise fault_of(name, f"{raw!r} is not a log format", f"Use {' or '.join(LOG_FORMATS)}")
    return raw
