"""Receipts: numbered, frozen, replaced and void."""
