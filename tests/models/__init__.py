"""The tables: what the database refuses, and what one row may become."""
