"""The sandbox for Stripe, a real mail server, and people who sign in."""

from __future__ import annotations

from tests.web.staff.conftest import browser, clock, join, treasurer
from tests.worker.conftest import environ, now

__all__ = ["browser", "clock", "environ", "join", "now", "treasurer"]
