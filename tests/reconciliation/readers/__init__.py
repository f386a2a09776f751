"""Readers of bank statements: what each format says, and what is refused."""
