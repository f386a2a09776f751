"""Whether the mail server lets us in: connection, encryption and sign-in are really tried. No mail is sent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from donations import mailer
from donations.cli.doctor.findings import Finding, Patient
from donations.errors import MailServerDown


def examine(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    if not settings.smtp_url or not settings.mail_from:
        yield Finding("warning", "mail", "SMTP_URL or MAIL_FROM is not set, so no emails are sent. Set both")
        return
    parts = urlsplit(settings.smtp_url)
    place = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    try:
        is_encrypted = mailer.try_sign_in()
    except MailServerDown as error:
        yield Finding("fault", "mail", f"{place}: {error.facts['reason']}. Check SMTP_URL and the mail server")
        return
    as_whom = "takes the user and password" if parts.username else "answers, and asks for no password"
    if not is_encrypted and parts.hostname not in mailer.LOOPBACK:
        yield Finding(
            "warning", "mail", f"{place} is used without encryption: emails can be read on the way. Use smtps://"
        )
    else:
        yield Finding("ok", "mail", f"{place} {as_whom}")
    if not settings.alert_email:
        yield Finding("warning", "ALERT_EMAIL", "is not set, so no alarms are emailed. Set the treasurers' address")
