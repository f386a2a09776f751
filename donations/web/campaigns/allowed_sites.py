"""Which sites may show an appeal in a frame: one origin a line, none means any. headers.py sends them to browsers."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _

from donations.errors import ShownAgain
from donations.models import Appeal
from donations.web.audited_action import act
from donations.web.campaigns.embed_code import bp, settings_page
from donations.web.filters import sentence
from donations.web.origin import origin_of
from donations.web.text_fields import lines

__all__ = ["bp"]
MAX_SITES = 50


@bp.post("/<slug:slug>/embeds")
def allow(slug: str) -> Any:
    """The sites that may frame it, one a line; none means any."""
    typed = lines(request.form.get("sites"))
    sites = [origin_of(line) for line in typed.splitlines() if line.strip()]
    if "" in sites or len(sites) > MAX_SITES:
        fault = _("Enter one address per line, like https://example.org, %(most)s at most.", most=MAX_SITES)
        return settings_page(Appeal.any_by_slug(slug), 422, typed=typed, fault=fault)
    try:
        with act("appeal.sites", f"appeal:{slug}") as done:
            appeal = Appeal.any_by_slug(slug)
            wanted = list(dict.fromkeys(sites))
            done.again = appeal.embed_sites == wanted
            appeal.embed_sites, done.details["sites"] = wanted, wanted
    except ShownAgain as error:
        return settings_page(Appeal.any_by_slug(slug), error.status, typed=typed, fault=sentence(error))
    return settings_page(Appeal.any_by_slug(slug), saved=True)
