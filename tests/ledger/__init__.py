"""The ledger: its convergence, and its invariants."""
