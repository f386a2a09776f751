"""What can go wrong when an appeal is run: its updates, its changes, and who follows it."""

from __future__ import annotations

from donations.errors.base import DonationsError


class UpdateNotFound(DonationsError):
    """This update does not exist or was withdrawn."""

    status = 404


class DraftNotFound(DonationsError):
    """This draft is gone: it was published or deleted."""

    status = 404


class DraftChanged(DonationsError):
    """This text has changed since you opened it. Check the current version, then make your change again."""

    status = 409


class NeedsAnotherToPublish(DonationsError):
    """Another person must publish this, because you made the last change."""

    status = 403


class ReasonNeeded(DonationsError):
    """Enter the reason for the new goal. The reason is kept with the old and the new goal."""

    status = 422


class WordingNeedsAnother(DonationsError):
    """Another person must publish this, because money given under the current wording is still in the funds."""

    status = 403


class WordingReasonNeeded(DonationsError):
    """Enter the reason for the new wording. Money given under the current wording is still in the funds."""

    status = 422


class MailNotWanted(DonationsError):
    """This email is no longer needed: the recipient unsubscribed, or its content was withdrawn."""

    status = 410
