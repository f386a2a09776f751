"""Facts: reports about payments, recorded forward only."""
