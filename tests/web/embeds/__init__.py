"""What other sites show of an appeal."""
