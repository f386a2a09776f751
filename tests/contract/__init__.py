"""What is said to Stripe and what Stripe would say, held against Stripe's own description of its API."""
