"""The only sender of mail. A mail is written when it is sent, in the language of who gets it, from what it is about;
its subject names no detainee and no politics. The queue is outbox.py's."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from flask import current_app, render_template
from flask_babel import force_locale

from donations import mail_kinds, outbox, privacy
from donations.errors import MailAddressRefused, MailServerDown
from donations.models import Mail
from donations.paper import alarm_mails, receipt_mails
from donations.paper.receipt_mails import ReceiptNews

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TIMEOUT_SECONDS = 10


class _WholeLinks(EmailPolicy):
    """Mail for SMTP whose unsubscribe link stays in one piece: a long one would be folded into encoded words, which no
    mail program follows."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}\r\n" if name == "List-Unsubscribe" else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == "List-Unsubscribe":
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


def compose(mail: Mail, at: datetime, news: ReceiptNews | None = None) -> EmailMessage:
    """The message of a queued mail, text and HTML; `news` is the result of `receipt_news`. The same mail always has
    the same Message-ID, so a mail that was sent twice after a crash is recognised as one. Raises BadSeal if its address
    cannot be opened, MailNotWanted if there is nothing to tell any more."""
    settings = current_app.config["SETTINGS"]
    assert mail.recipient_sealed is not None, "a mail that was sent has no address any more"
    message = EmailMessage(policy=_WholeLinks(linesep="\r\n"))
    message["From"] = settings.mail_from
    message["To"] = privacy.unseal(mail.recipient_sealed, outbox.identity(mail.dedupe_key))
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<mail-{mail.id}@{urlsplit(settings.public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    with force_locale(alarm_mails.language() if mail.kind == "alarm" else mail.language):
        news = news or receipt_news(mail)
        subject, template, told = mail_kinds.KINDS[mail.kind](mail) if news is None else receipt_mails.written(news)
        message["Subject"] = subject
        for name, value in mail_kinds.more_headers(mail).items():
            message[name] = value
        message.set_content(render_template(f"email/{template}.txt", **told))
        message.add_alternative(render_template(f"email/{template}.html", **told), subtype="html")
    return message


def receipt_news(mail: Mail) -> ReceiptNews | None:
    """What there is to tell a donor of their receipt now; None for a mail about something else. Who sends the mail
    keeps it with the mail. Raises MailNotWanted where a later mail tells it, or the donor knows it already."""
    return receipt_mails.news(mail) if mail.kind in receipt_mails.KINDS else None


class NotEncrypted(smtplib.SMTPException):
    """The mail server, which is not on this machine, offers no encryption."""


def send(message: EmailMessage) -> None:
    """Hand a message to the mail server. Raises MailServerDown, also where none is set or it offers no encryption;
    MailAddressRefused if the server refuses the address for good (RFC 5321: a reply that begins with 5), so that asking
    again is of no use."""
    try:
        with _server() as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [int(code) for code, _ in error.recipients.values()]
        if codes and min(codes) >= 500:
            raise MailAddressRefused(code=codes[0]) from error
        raise MailServerDown(reason=type(error).__name__) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerDown(reason=type(error).__name__) from error


def try_sign_in() -> bool:
    """Connect, encrypt and sign in as for a mail, and send none. Returns whether the connection is encrypted. Raises
    MailServerDown, whose reason is for people."""
    try:
        with _server() as server:
            server.noop()
            return isinstance(server.sock, ssl.SSLSocket)
    except NotEncrypted as error:
        raise MailServerDown(reason=str(error)) from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailServerDown(reason=f"user or password refused ({error.smtp_code})") from error
    except smtplib.SMTPException as error:
        raise MailServerDown(reason=f"no sign-in ({type(error).__name__})") from error
    except OSError as error:  # Certificates, names and refused connections too.
        raise MailServerDown(reason=f"no answer ({error.strerror or type(error).__name__})") from error


@contextmanager
def _server() -> Iterator[smtplib.SMTP]:
    parts = urlsplit(current_app.config["SETTINGS"].smtp_url)
    if not parts.hostname:
        raise smtplib.SMTPException("SMTP_URL is not set")
    secure = ssl.create_default_context()
    if parts.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            parts.hostname, parts.port or 465, timeout=TIMEOUT_SECONDS, context=secure
        )
    else:
        connection = smtplib.SMTP(parts.hostname, parts.port or 587, timeout=TIMEOUT_SECONDS)
    with connection as server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=secure)
        elif parts.scheme == "smtp" and parts.hostname not in LOOPBACK and parts.query != "tls=off":
            # An attacker on the way may have removed STARTTLS: neither the password nor a mail is sent in clear.
            raise NotEncrypted("offers no encryption. Use smtps://, or end SMTP_URL with ?tls=off to send in clear")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
