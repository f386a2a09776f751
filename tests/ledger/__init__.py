"""The books: how they converge, and the questions that must always have the same answer."""
