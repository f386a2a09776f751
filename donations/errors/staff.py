"""What can go wrong with the people who run the fund."""

from __future__ import annotations

from donations.errors.base import DonationsError


class ChangedMeanwhile(DonationsError):
    """This has changed since you opened it. Nothing was done. Check what is shown now, then decide again."""

    status = 409


class ShownAgain(DonationsError):
    """Nothing has been done yet. What you typed is below. Check it and send it again."""

    status = 409


class KeptFormGone(DonationsError):
    """This form is no longer kept, or another person filled it in."""

    status = 404


class StaffKnown(DonationsError):
    """A team member with this email address already exists."""

    status = 409


class WrongRole(DonationsError):
    """Your role does not allow this. Ask an administrator."""

    status = 403


class NoSuchStaff(DonationsError):
    """No team member has this email address or number."""

    status = 404


class NoSuchChange(DonationsError):
    """This team change does not exist."""

    status = 404


class NotInThisState(DonationsError):
    """This is not possible. The current status of this person is: %(state)s."""

    status = 409


class LastAdmin(DonationsError):
    """This is the last administrator. Make another person an administrator first."""

    status = 409


class BadPassword(DonationsError):
    """Choose another password."""

    status = 422


class PasswordTooShort(BadPassword):
    """Enter a password of at least %(least)s characters. A sentence of a few words is good."""


class PasswordTooLong(BadPassword):
    """Enter a password of at most %(most)s characters."""


class PasswordTooSimple(BadPassword):
    """This password is easy to guess. Add a few uncommon words."""


class PasswordRepeats(PasswordTooSimple):
    """This password repeats itself, so it is easy to guess. Use a few different words."""


class PasswordInOrder(PasswordTooSimple):
    """Keyboard rows, sequences and dates are easy to guess. Use a few uncommon words."""


class PasswordNamesUs(PasswordTooSimple):
    """Anyone who knows your address or our name can guess this password. Use other words."""


class TryLater(DonationsError):
    """There were too many failed attempts. Please wait %(seconds)s second and try again."""

    status = 429
    plural = "There were too many failed attempts. Please wait %(seconds)s seconds and try again."
    counted = "seconds"
