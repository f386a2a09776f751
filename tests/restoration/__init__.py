"""What a restored database does and does not do."""
