"""Stripe's own CSV reports, for a treasurer without an API key: read whole (reading, cells), then taken in as the same
facts that webhooks and listings bring (taking_in). What Stripe's API says is not read here."""

from donations.reconciliation.stripe_reports.reading import Report, read
from donations.reconciliation.stripe_reports.taking_in import Taken, take_in

__all__ = ["Report", "Taken", "read", "take_in"]
