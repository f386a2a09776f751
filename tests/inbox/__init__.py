"""Stripe's events: kept once, handled once, tried again with patience, parked in the end, healed by a replay."""
