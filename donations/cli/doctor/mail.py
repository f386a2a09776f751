"""Whether the mail server lets us in. No mail is sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from donations.cli.doctor.findings import Finding, Patient

TIMEOUT_SECONDS = 5


def examine(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    if not settings.smtp_url or not settings.mail_from:
        yield Finding("warning", "mail", "SMTP_URL or MAIL_FROM is not set: receipts are shown, but not mailed")
        return
    parts = urlsplit(settings.smtp_url)
    address = (parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 587))
    try:
        socket.create_connection(address, timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        yield Finding("fault", "mail", f"{address[0]}:{address[1]} does not answer ({error}). Check SMTP_URL")
    else:
        yield Finding("ok", "mail", f"{address[0]}:{address[1]} answers")
