"""Requests to Stripe and Stripe's answers, compared with Stripe's own description of its API."""
