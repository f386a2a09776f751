"""Statements, payouts and bank lines, and what they book."""
