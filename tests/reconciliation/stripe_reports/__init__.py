"""Stripe's own CSV reports, read and taken in."""
