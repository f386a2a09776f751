"""The life of a donation."""
