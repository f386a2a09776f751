"""Statements, payouts and statement lines, and their entries."""
