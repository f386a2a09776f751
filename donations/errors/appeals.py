"""What can go wrong when an appeal is run: its updates, its changes, and who follows it."""

from __future__ import annotations

from donations.errors.base import DonationsError


class UpdateNotFound(DonationsError):
    """There is no such update, or it was taken back."""

    status = 404
