"""The pages of organisers: running appeals, drafts and updates. No supporters' pages, none of the ledger."""

from donations.web.campaigns.allowed_sites import bp as embeds
from donations.web.campaigns.appeals import bp
from donations.web.campaigns.drafts import bp as drafts
from donations.web.campaigns.updates import bp as updates

__all__ = ["bp"]

# One entry in the navigation: the other pages are on the first page's blueprint, under its name.
for part in (drafts, updates, embeds):
    bp.register_blueprint(part)
