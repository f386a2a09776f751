"""The only reader of the environment. Every value is checked here, and a bad one stops the start with its name and the
fix; what an installation says about itself (name, currencies, languages) lives in the database, not here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

from donations.config import readers
from donations.config.readers import DATABASE, HOME, INSTANCE, age_recipient
from donations.config.source import Source
from donations.config.source import read as read_source
from donations.errors import BadSetting

__all__ = [
    "DATABASE",
    "HOME",
    "INSTANCE",
    "NAMES",
    "SECRETS",
    "Settings",
    "age_recipient",
    "choose",
    "environment",
    "examine",
    "is_set_elsewhere",
    "log_format",
    "read",
    "source",
]
SECRETS = frozenset(
    (
        "DATABASE_URL MIGRATION_DATABASE_URL SECRET_KEY SECRET_KEY_FALLBACKS DATA_KEY STRIPE_SECRET_KEY"
        " STRIPE_WEBHOOK_SECRETS SMTP_URL"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, read and checked. Times in seconds."""

    database_url: str = field(repr=False)
    migration_database_url: str = field(repr=False)  # of the role that owns the tables; empty if that is the app's
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
        """The file of an SQLite database, None for PostgreSQL."""
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
    """The process's environment, and beneath it the chosen file or the .env file of the current folder. If that folder
    has none, it is the file of this checkout, unless `here_only`. Raises BadSetting if the file cannot be read."""
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
    if not faults and not readers.is_same_database(values["database_url"], values["migration_database_url"]):
        faults.append(
            readers.fault_of(
                "MIGRATION_DATABASE_URL", "is another database than DATABASE_URL", "Name the same one with another role"
            )
        )
    if not faults and values["stripe_api_base"] and "_live_" in values["stripe_secret_key"]:
        faults.append(readers.fault_of("STRIPE_API_BASE", "is set beside a live key", "Unset it, or use a test key"))
    if faults:
        return faults, None
    values["data_keys"] = values.pop("data_key")
    return faults, Settings(**values)


def _raw(environ: Mapping[str, str], name: str, default: str | None) -> str:
    if name in SECRETS and environ.get(f"{name}_FILE"):
        try:
            return Path(environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise readers.fault_of(
                f"{name}_FILE", f"cannot be read ({error.strerror})", "Name a readable file"
            ) from error
    value = environ.get(name, "").strip()
    if value or default is not None:
        return value or default or ""
    raise readers.fault_of(
        name, "is not set", "Set a value, or run `donations init` to create a .env file with fresh keys"
    )


# name -> (reader, default); a default of None means it must be set.
_READERS: dict[str, tuple[Any, str | None]] = {
    "DATABASE_URL": (readers.database_url, f"sqlite:///{INSTANCE / DATABASE}"),
    "MIGRATION_DATABASE_URL": (readers.owner_url, ""),
    "SECRET_KEY": (readers.secret_key, None),
    "SECRET_KEY_FALLBACKS": (readers.words, ""),
    "DATA_KEY": (readers.data_key, None),
    "PUBLIC_URL": (readers.http_url, "http://localhost:8000"),
    "TRUSTED_PROXIES": (readers.number, "0"),
    "STRIPE_SECRET_KEY": (readers.stripe_key, ""),
    "STRIPE_WEBHOOK_SECRETS": (readers.webhook_secrets, ""),
    "STRIPE_API_BASE": (readers.http_url, ""),
    "SMTP_URL": (readers.smtp_url, ""),
    "MAIL_FROM": (readers.email, ""),
    "ALERT_EMAIL": (readers.email, ""),
    "FILES_FOLDER": (readers.folder, str(INSTANCE / "files")),
    "BACKUP_RECIPIENTS": (readers.recipients, ""),
    "LOG_FORMAT": (readers.log_format, "text"),
}
NAMES = tuple(_READERS)
