"""The treasury's pages."""
