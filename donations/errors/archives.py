"""What goes wrong with archives and with the keys that open what is kept."""

from __future__ import annotations

from donations.errors.base import DonationsError


class ArchiveRefused(DonationsError):
    """Archive %(archive)s was refused, and nothing was changed: %(reason)s."""

    status = 422


class BackupNotWritten(DonationsError):
    """No backup was written to %(output)s: %(reason)s."""

    status = 500


class DatabaseInUse(DonationsError):
    """Another program is using this database. Stop `donations serve` and `donations worker` on every host first."""

    status = 409


class DatabaseNotEmpty(DonationsError):
    """The database is not empty. To replace its contents with the archive, use --replace."""

    status = 409


class WrongDataKey(DonationsError):
    """Data key %(key_id)s is not the key that encrypted this database. Restore the key from your copy of .env."""

    status = 503


class DataKeyMissing(DonationsError):
    """Data key %(key_id)s is still needed, but DATA_KEY does not contain it. Restore this key, or see `donations keys
    list`."""

    status = 503


class DataKeyUnknown(DonationsError):
    """This database does not know data key %(key_id)s yet. Start `donations serve` again."""

    status = 503


class KeysNotRotated(DonationsError):
    """The keys were not rotated: %(reason)s."""

    status = 409
