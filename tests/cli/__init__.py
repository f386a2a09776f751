"""The operator's commands, run as an operator runs them."""
