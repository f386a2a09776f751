"""What stands around the app."""
