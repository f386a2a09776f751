"""Receipts, statements, and what they say in words."""
