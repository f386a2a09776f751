"""The servers around the app."""
