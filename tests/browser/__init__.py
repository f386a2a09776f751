"""The whole installation in a real browser, from the home page to the mail."""
