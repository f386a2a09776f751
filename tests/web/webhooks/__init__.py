"""Where Stripe's events arrive."""
