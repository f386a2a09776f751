"""Bookkeeping: the entries that the facts of a payment call for."""
