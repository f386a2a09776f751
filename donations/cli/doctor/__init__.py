"""`donations doctor`: everything that is wrong with an installation at once, each with the command that helps. It works
where the app itself would refuse to start, never ends in a traceback, and waits for no question longer than it says."""

from donations.cli.doctor.command import COMMANDS, doctor, examine
from donations.cli.doctor.findings import Finding, Patient

__all__ = ["COMMANDS", "Finding", "Patient", "doctor", "examine"]
