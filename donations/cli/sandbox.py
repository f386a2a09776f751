"""`donations sandbox`: the local stand-in for Stripe, on the command line. Its options live with it."""

from donations.sandbox.command import sandbox

COMMANDS = (sandbox,)
