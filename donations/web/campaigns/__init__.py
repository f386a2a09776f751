"""What organisers see: the appeals as they are run, written and told of. No supporters' pages, none of the books."""

from donations.web.campaigns.appeals import bp
from donations.web.campaigns.drafts import bp as drafts
from donations.web.campaigns.embeds import bp as embeds
from donations.web.campaigns.updates import bp as updates

__all__ = ["bp"]

# One part of the house to the table of ways: the others hang on the first page's blueprint, under its name.
for part in (drafts, updates, embeds):
    bp.register_blueprint(part)
