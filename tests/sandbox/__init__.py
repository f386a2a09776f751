"""The sandbox, by what it answers over real HTTP: with Stripe's own client, and as a browser sees it."""
