"""What can go wrong when an appeal is run: its updates, its changes, and who follows it."""

from __future__ import annotations

from donations.errors.base import DonationsError


class UpdateNotFound(DonationsError):
    """There is no such update, or it was taken back."""

    status = 404


class DraftNotFound(DonationsError):
    """There is no such draft any more: it was published or thrown away."""

    status = 404


class DraftChanged(DonationsError):
    """Somebody else has changed this meanwhile. Look at it as it is now, then do it again."""

    status = 409


class NeedsAnotherToPublish(DonationsError):
    """Somebody else must publish this: here, nobody publishes what they have written last themselves."""

    status = 403


class ReasonNeeded(DonationsError):
    """Write why the goal changes. It is kept with the old goal and the new one."""

    status = 422


class WordingNeedsAnother(DonationsError):
    """Another person must publish this, because money given under the present wording is still in the funds."""

    status = 403


class WordingReasonNeeded(DonationsError):
    """Enter the reason for the new wording. Money given under the present wording is still in the funds."""

    status = 422


class MailNotWanted(DonationsError):
    """This mail is not wanted any more: who it was for has ended it, or what it tells of was taken back."""

    status = 410
