"""The base of every expected failure, and those that any part of the application can meet."""

from __future__ import annotations

import inspect
from typing import Any


class DonationsError(Exception):
    """Something went wrong. Please try again."""

    status = 400
    plural = ""  # The sentence for any count but one, where a count is told.
    counted = "count"  # The fact that is the count.

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        said = inspect.cleandoc(self.plural) if self.plural and facts[self.counted] != 1 else self.sentence
        super().__init__(said % facts if facts else said)

    @property
    def sentence(self) -> str:
        """The untranslated sentence, with %(name)s where a fact goes."""
        return inspect.cleandoc(type(self).__doc__ or "")


class BadSetting(DonationsError):
    """%(setting)s: %(fault)s. %(fix)s"""

    status = 500


class BadLink(DonationsError):
    """This link is incomplete or no longer valid."""

    status = 404


class BadSeal(DonationsError):
    """Encrypted data could not be opened: its key is missing, or the data was changed."""

    status = 500


class OfflineKeyLocked(BadSeal):
    """This is encrypted with the offline key, which is locked. Unlock the key on the Offline key page of the Treasury,
    or use --offline-key FILE on the command line."""

    status = 409


class OfflineKeyRefused(DonationsError):
    """The offline key was not unlocked."""

    status = 422


class NotAnOfflineKey(OfflineKeyRefused):
    """This is not an offline key file. Choose the file that was saved when the key was made."""


class OfflineKeyNotOpened(OfflineKeyRefused):
    """The passphrase does not open this file. Enter the passphrase again, or choose another file."""


class OfflineKeyOfAnother(OfflineKeyRefused):
    """Nothing in this installation is encrypted with this key (%(key_id)s). Choose the file of its own key."""


class MailServerDown(DonationsError):
    """The mail server did not accept this email: %(reason)s"""

    status = 503


class MailAddressRefused(DonationsError):
    """The mail server permanently refuses this address (%(code)s)."""

    status = 502


class DatabaseNotReady(DonationsError):
    """The database is not ready: %(fault)s. %(fix)s"""

    status = 503


class AlreadyServed(DonationsError):
    """Another `donations serve` (process %(process)s) already serves %(database)s. Stop it first, or set another
    DATABASE_URL."""

    status = 409


class AddressTaken(DonationsError):
    """The server cannot use %(address)s: %(reason)s. Stop the program that uses this address, or choose another
    (--host, --port)."""

    status = 409


class DatabaseFull(DonationsError):
    """%(database)s holds donors' data encrypted with keys that are not set here. New keys could not open the data, so
    none were written. Put the .env of that installation here, or set DATABASE_URL to a new database."""

    status = 409
