"""Amounts, currencies and their limits."""
