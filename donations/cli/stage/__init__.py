"""A whole installation on this machine, for the demo and the tour: database, sandbox, web, worker and a mailbox, each
as it would run for real. Nothing here is part of the app."""

from donations.cli.stage.mailbox import Mailbox
from donations.cli.stage.processes import Stage, free_port

__all__ = ["Mailbox", "Stage", "free_port"]
