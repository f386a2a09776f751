"""A local stand-in for Stripe, run as a server of its own: developers and tests pay here, and no money moves.

It imports nothing of the rest of `donations`, because it is the independent witness against which our books
are checked.
"""
