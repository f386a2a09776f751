"""The only reader of the environment. Every value is checked here, and a bad one stops the start with its name and the
mend; what an installation says about itself (name, currencies, languages) lives in the database, not here."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyrage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from donations.config.source import Source
from donations.config.source import read as read_source
from donations.errors import BadSetting

SECRETS = frozenset(
    "DATABASE_URL SECRET_KEY SECRET_KEY_FALLBACKS DATA_KEY STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRETS SMTP_URL".split()
)
HOME = Path(__file__).resolve().parents[2]
INSTANCE = HOME / "instance"
DATABASE = "fighting-fund.db"
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, read and checked. Times in seconds."""

    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(repr=False)
    data_keys: Mapping[str, bytes] = field(repr=False)  # key id -> 32 bytes; the first one seals
    public_url: str
    trusted_proxies: int
    stripe_secret_key: str = field(repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str
    smtp_url: str = field(repr=False)
    mail_from: str
    alert_email: str
    files_folder: str
    backup_recipients: tuple[str, ...]
    log_format: str

    @property
    def livemode(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.stripe_secret_key

    @property
    def in_development(self) -> bool:
        """Whether a stand-in takes Stripe's place, as in demo and tests: pages for developers are served then."""
        return bool(self.stripe_api_base) and not self.livemode

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        url = make_url(self.database_url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def database_place(self) -> str:
        """Which database it is, for a person: without its password."""
        url = make_url(self.database_url)
        shown = {name: url.query[name] for name in ("host", "port") if name in url.query}
        plain = URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database, shown)
        return plain.render_as_string(hide_password=False)


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment. Raises BadSetting at the first fault."""
    faults, settings = examine(environment() if environ is None else environ)
    if faults:
        raise faults[0]
    assert settings is not None
    return settings


_chosen: Path | None = None


def choose(file: Path) -> None:
    """Take the settings from this file alone, and from no .env: what the command line's `-e` says."""
    global _chosen
    _chosen = file


def source(*, here_only: bool = False) -> Source:
    """The process's environment, and beneath it the chosen file, or the .env file of the current folder or, if there is
    none and it is not `here_only`, of this checkout. Raises BadSetting if the file cannot be read."""
    folders = (Path.cwd(),) if here_only else (Path.cwd(), HOME)
    return read_source(_chosen, folders, (*NAMES, *(f"{name}_FILE" for name in SECRETS)))


def environment() -> dict[str, str]:
    """Everything that is set, by name."""
    return dict(source().values)


def log_format() -> str:
    """One of LOG_FORMATS, before all other settings are read. Raises BadSetting."""
    reader, default = _READERS["LOG_FORMAT"]
    return str(reader("LOG_FORMAT", _raw(environment(), "LOG_FORMAT", default)))


def is_set_elsewhere(name: str) -> bool:
    """Whether the environment, or a file that holds this secret alone, says it instead of the .env file."""
    return name in os.environ or f"{name}_FILE" in source().values


def examine(environ: Mapping[str, str]) -> tuple[list[BadSetting], Settings | None]:
    """All faults of the environment at once (for `donations doctor`), and the settings if there is none."""
    faults: list[BadSetting] = []
    values: dict[str, Any] = {}
    for name, (read_one, default) in _READERS.items():
        try:
            values[name.lower()] = read_one(name, _raw(environ, name, default))
        except BadSetting as fault:
            faults.append(fault)
    if not faults and values["stripe_api_base"] and "_live_" in values["stripe_secret_key"]:
        faults.append(_fault("STRIPE_API_BASE", "is set beside a live key", "Unset it, or use a test key"))
    if faults:
        return faults, None
    values["data_keys"] = values.pop("data_key")
    return faults, Settings(**values)


def _fault(setting: str, fault: str, mend: str) -> BadSetting:
    return BadSetting(setting=setting, fault=fault, mend=mend)


def _raw(environ: Mapping[str, str], name: str, default: str | None) -> str:
    if name in SECRETS and environ.get(f"{name}_FILE"):
        try:
            return Path(environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise _fault(f"{name}_FILE", f"cannot be read ({error.strerror})", "Name a readable file") from error
    value = environ.get(name, "").strip()
    if value or default is not None:
        return value or default or ""
    raise _fault(name, "is not set", "Set it, or run `donations init`, which writes a .env file with fresh keys")


def _text(name: str, raw: str) -> str:
    return raw


def _list(name: str, raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _database_url(name: str, raw: str) -> str:
    try:
        url = make_url(raw)
    except ArgumentError as error:
        raise _fault(name, "is no database address", "Write sqlite:///file or postgresql://user@host/name") from error
    except ValueError as error:  # The port is no number: libpq's own list of hosts, or signs of a password.
        raise _fault(name, "has a port that is no number", _SIGNS_AND_HOSTS) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise _fault(name, f"names {url.get_backend_name()}", "Use SQLite or PostgreSQL")
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise _fault(name, "names no file", "Write sqlite:////folder/file.db: several processes share it")
        return url.set(database=str(INSTANCE / url.database)).render_as_string(hide_password=False)
    if any(sign in (url.host or "") for sign in "@,"):
        raise _fault(name, "has a host that is none", _SIGNS_AND_HOSTS)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


_SIGNS_AND_HOSTS = (
    "Write @ as %40, : as %3A and / as %2F in a password, and several hosts as"
    " postgresql://user:password@/name?host=a,b&port=5432,5432&target_session_attrs=read-write"
)


def _secret_key(name: str, raw: str) -> str:
    if len(raw) < 32:
        raise _fault(name, "is shorter than 32 characters", "Make one with `openssl rand -base64 48`")
    if "," in raw:  # It could never be kept among the fallbacks, which commas part.
        raise _fault(name, "holds a comma", "Make one with `openssl rand -base64 48`")
    return raw


def _data_key(name: str, raw: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in _list(name, raw):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32 or not (1 <= len(key_id) <= 8 and key_id.isascii() and key_id.isalnum()):
            raise _fault(
                name,
                "is not a list of id:key, each key 32 bytes in base64",
                "Make one with `echo k1:$(openssl rand -base64 32)`; keep old keys behind the new one",
            )
        if key_id in keys:
            raise _fault(name, f"holds two keys with the id {key_id}", "Give each key an id of its own, like k2")
        keys[key_id] = key
    return keys


def _http_url(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise _fault(name, f"{raw!r} is no web address", "Write it like https://fund.example.org")
    return raw.rstrip("/")


def _number(name: str, raw: str) -> int:
    if not raw.isdigit() or int(raw) > 10:
        raise _fault(name, f"{raw!r} is no number from 0 to 10", "Count the proxies in front of the app that you run")
    return int(raw)


def _stripe_key(name: str, raw: str) -> str:
    if raw and not raw.startswith(("sk_test_", "rk_test_", "sk_live_", "rk_live_")):
        raise _fault(name, "does not begin with sk_ or rk_ and test_ or live_", "Copy the secret key, not the pk_ one")
    return raw


def _webhook_secrets(name: str, raw: str) -> tuple[str, ...]:
    secrets = _list(name, raw)
    if any(not secret.startswith("whsec_") for secret in secrets):
        raise _fault(name, "holds something that does not begin with whsec_", "Copy the endpoint's signing secret")
    return secrets


def _smtp_url(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        raise _fault(name, "is no mail server's address", "Write smtp://user:password@host:587 or smtps://host:465")
    if parts.query not in ("", "tls=off"):
        raise _fault(name, f"ends in ?{parts.query}, which is not known", "Only ?tls=off may stand there")
    return raw


def _email(name: str, raw: str) -> str:
    if raw and ("@" not in raw or any(c in raw for c in "\r\n")):
        raise _fault(name, f"{raw!r} is no e-mail address", "Write it like fund@example.org")
    return raw


def _folder(name: str, raw: str) -> str:
    if not Path(raw).is_absolute():  # A relative one would be another folder for each command.
        raise _fault(name, f"{raw!r} is no absolute path", "Write it like /srv/fund/files")
    return raw


def age_recipient(recipient: str) -> Any:
    """A public key of age (age1...) or SSH. Raises ValueError."""
    kind = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise ValueError(recipient) from error


def _recipients(name: str, raw: str) -> tuple[str, ...]:
    recipients = _list(name, raw)
    try:
        for recipient in recipients:
            age_recipient(recipient)
    except ValueError as error:
        raise _fault(
            name, f"{str(error)[:80]!r} is no public key of age", "Write age1..., made by age-keygen"
        ) from error
    return recipients


def _log_format(name: str, raw: str) -> str:
    if raw not in LOG_FORMATS:
        raise _fault(name, f"{raw!r} is no form of the log", f"Write {' or '.join(LOG_FORMATS)}")
    return raw


# name -> (reader, default); a default of None means it must be set.
_READERS: dict[str, tuple[Any, str | None]] = {
    "DATABASE_URL": (_database_url, f"sqlite:///{INSTANCE / DATABASE}"),
    "SECRET_KEY": (_secret_key, None),
    "SECRET_KEY_FALLBACKS": (_list, ""),
    "DATA_KEY": (_data_key, None),
    "PUBLIC_URL": (_http_url, "http://localhost:8000"),
    "TRUSTED_PROXIES": (_number, "0"),
    "STRIPE_SECRET_KEY": (_stripe_key, ""),
    "STRIPE_WEBHOOK_SECRETS": (_webhook_secrets, ""),
    "STRIPE_API_BASE": (_http_url, ""),
    "SMTP_URL": (_smtp_url, ""),
    "MAIL_FROM": (_email, ""),
    "ALERT_EMAIL": (_email, ""),
    "FILES_FOLDER": (_folder, str(INSTANCE / "files")),
    "BACKUP_RECIPIENTS": (_recipients, ""),
    "LOG_FORMAT": (_log_format, "text"),
}
NAMES = tuple(_READERS)
