"""What goes wrong with archives and with the keys that open what is kept."""

from __future__ import annotations

from donations.errors.base import DonationsError


class ArchiveRefused(DonationsError):
    """%(archive)s is refused, and nothing was changed: %(reason)s."""

    status = 422


class BackupNotWritten(DonationsError):
    """No backup was written to %(output)s: %(reason)s."""

    status = 500


class DatabaseInUse(DonationsError):
    """Another program is using this database. Stop `donations serve` and `donations worker` on every host first."""

    status = 409


class DatabaseNotEmpty(DonationsError):
    """The database is not empty. With --replace, the archive takes the place of what is in it."""

    status = 409


class WrongDataKey(DonationsError):
    """Data key %(key_id)s is not the one that sealed this database. Put back the key from your copy of .env."""

    status = 503


class DataKeyMissing(DonationsError):
    """Data key %(key_id)s is missing from DATA_KEY and still needed. Put it back, or see `donations keys list`."""

    status = 503


class DataKeyUnknown(DonationsError):
    """Data key %(key_id)s is not known in this database yet. Start `donations serve` once more."""

    status = 503


class KeysNotRotated(DonationsError):
    """The keys were not rotated: %(reason)s."""

    status = 409
