"""Stripe's own CSV reports, for a treasurer without an API key: read whole (parser, cells), then imported as the same
facts that webhooks and listings bring (importer). Stripe's API is not read here."""

from donations.reconciliation.stripe_reports.importer import Taken, import_report
from donations.reconciliation.stripe_reports.parser import Report, read

__all__ = ["Report", "Taken", "import_report", "read"]
