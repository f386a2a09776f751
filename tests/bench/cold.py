"""The app that keeps nothing: every answer is calculated again. For measurements of what the first look costs."""

from __future__ import annotations

import os

from donations import create_app

app = create_app(dict(os.environ))
app.config["KEEP_SECONDS"] = 0
