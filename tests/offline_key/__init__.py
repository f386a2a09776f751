"""The offline key: what a seized server yields, and what waits until the key is unlocked."""
