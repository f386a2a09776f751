"""What organisers see: the appeals as they are run, written and told of. No supporters' pages, none of the books."""

from donations.web.campaigns.embedding import bp as embedding
from donations.web.campaigns.running import bp
from donations.web.campaigns.telling import bp as telling
from donations.web.campaigns.writing import bp as writing

__all__ = ["bp"]

# One part of the house to the table of ways: the others hang on the first page's blueprint, under its name.
for part in (writing, telling, embedding):
    bp.register_blueprint(part)
