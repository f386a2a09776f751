"""Measurements: each a ratio of ours against a floor measured in the same run. Never run as tests: `make bench`."""
