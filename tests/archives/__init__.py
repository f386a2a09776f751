"""Archives: what they hold, and everything that must be refused."""
