"""What can go wrong with the people who run the fund."""

from __future__ import annotations

from donations.errors.base import DonationsError


class ChangedMeanwhile(DonationsError):
    """This has changed since you looked at it. Nothing was done. Check what is shown now, then decide again."""

    status = 409


class ShownAgain(DonationsError):
    """Nothing was done yet. What you typed is below. Check it and send it again."""

    status = 409


class KeptFormGone(DonationsError):
    """This form is not kept any more, or was typed by another person."""

    status = 404


class StaffKnown(DonationsError):
    """Somebody with this e-mail address is here already."""

    status = 409


class WrongRole(DonationsError):
    """Your role does not open this. Whoever is an admin here can change that."""

    status = 403


class NoSuchStaff(DonationsError):
    """There is nobody here with this address or number."""

    status = 404


class NoSuchChange(DonationsError):
    """There is no such change of the team."""

    status = 404


class NotInThisState(DonationsError):
    """This cannot be done to somebody who is %(state)s."""

    status = 409


class LastAdmin(DonationsError):
    """This is the last admin. Make somebody else an admin first."""

    status = 409


class BadPassword(DonationsError):
    """Choose another password."""

    status = 422


class PasswordTooShort(BadPassword):
    """A password has at least %(least)s characters. A sentence of a few words is good."""


class PasswordTooLong(BadPassword):
    """A password has at most %(most)s characters."""


class PasswordTooSimple(BadPassword):
    """This password is easy to guess. Add a few uncommon words."""


class PasswordRepeats(PasswordTooSimple):
    """This password repeats itself, so it is easy to guess. Use a few different words."""


class PasswordInOrder(PasswordTooSimple):
    """Rows of keys, sequences and dates are easy to guess. Use a few uncommon words."""


class PasswordNamesUs(PasswordTooSimple):
    """This password is easy to guess for somebody who knows your address or our name. Use other words."""


class TryLater(DonationsError):
    """Too many attempts have failed. Please wait %(seconds)s seconds and try again."""

    status = 429
