"""The gateway to Stripe: its objects read into our types."""
