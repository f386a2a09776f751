"""Stripe's own CSV reports, read and imported."""
