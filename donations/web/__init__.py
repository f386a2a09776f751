"""Everything that knows HTTP. init_app binds the parts together; no view and no rule lives here."""

from __future__ import annotations

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from donations.extensions import csrf
from donations.web import (
    access,
    compression,
    error_pages,
    filters,
    headers,
    languages,
    moved,
    navigation,
    offline_unlock,
    page,
    response_cache,
    seen,
    sessions,
)
from donations.web.campaigns import bp as campaigns
from donations.web.embeds import badge, content, feed, frame, oembed, overlay, seen_sites
from donations.web.embeds import scoreboard as framed_scoreboard
from donations.web.health import bp as health
from donations.web.staff import account, audit_log, guides, kept_forms, links, passkeys, people, sign_in
from donations.web.styleguide import bp as styleguide
from donations.web.supporters import (
    about,
    appeals,
    branch_returns,
    checks,
    receipts,
    scoreboard,
    sharing,
    subscribers,
    your_data,
)
from donations.web.supporters import donations as own_donation
from donations.web.treasury import dashboard
from donations.web.webhooks import bp as webhooks

# Public: no session, no cookie, guarded by Sec-Fetch-Site and Origin instead of a CSRF cookie.
PUBLIC = (
    appeals.bp,
    checks.bp,
    own_donation.bp,
    receipts.bp,
    subscribers.bp,
    scoreboard.bp,
    branch_returns.bp,
    sharing.bp,
    about.bp,
    your_data.bp,
    styleguide,
)
MACHINES = (webhooks, health)
MOVED = (moved.bp,)
# For other sites. Their language is asked for by ?lang=, so that one address serves a site in any.
EMBEDS = (frame.bp, badge.bp, oembed.bp, feed.bp, overlay.bp, framed_scoreboard.bp)
# Behind a sign-in: a session, CSRF tokens, and the table of roles in access.py.
STAFF = (
    sign_in.bp, links.bp, kept_forms.bp, account.bp, passkeys.bp, people.bp, audit_log.bp, guides.bp, dashboard.bp,
    campaigns,
)  # fmt: skip


def init_app(app: Flask, babel: Babel) -> None:
    """Register every blueprint, header, filter, guard and error page on the app."""
    proxies = app.config["SETTINGS"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    response_cache.init_app(app)
    content.init_app(app)
    seen_sites.init_app(app)
    languages.init_app(app, babel)
    page.init_app(app)
    for bp in (*PUBLIC, *MACHINES, *EMBEDS, *MOVED):
        csrf.exempt(bp)
    access.init_app(app, PUBLIC)
    for bp in PUBLIC:
        app.register_blueprint(bp)
        languages.mirror(app, bp)
    for bp in (*MACHINES, *EMBEDS):
        app.register_blueprint(bp)
    sessions.init_app(app)
    offline_unlock.init_app(app)
    for bp in (*MOVED, *STAFF):
        app.register_blueprint(bp)
        languages.mirror(app, bp)
    access.init_staff(app, STAFF)
    navigation.init_app(app, STAFF)
    seen.init_app(app)
    # What is registered last runs first on the way out: the body is compressed after all headers are set.
    compression.init_app(app)
    headers.init_app(app)
    filters.init_app(app)
    error_pages.init_app(app)
