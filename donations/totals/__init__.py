"""What an appeal has raised: one public definition, one version, the published snapshot. Every number the public sees
comes from `public`, and is kept in step with the ledger in the transaction that posts."""

from donations.totals.areas import calculate as calculate_areas
from donations.totals.milestones import note as note_milestones
from donations.totals.milestones import reached as milestones_reached
from donations.totals.public_totals import PublicTotal, public, public_of
from donations.totals.publication import DISCREET_STEP, TICK_SECONDS, publish, published_areas, touch
from donations.totals.repair import recalculate
from donations.totals.stored_totals import apply

__all__ = [
    "DISCREET_STEP",
    "TICK_SECONDS",
    "PublicTotal",
    "apply",
    "calculate_areas",
    "milestones_reached",
    "note_milestones",
    "public",
    "public_of",
    "publish",
    "published_areas",
    "recalculate",
    "touch",
]  # fmt: skip
