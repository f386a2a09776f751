"""Receipts, statements, and amounts in words."""
