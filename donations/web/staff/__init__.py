"""What staff see of themselves: signing in, their own account, the people, the audit. No money."""
