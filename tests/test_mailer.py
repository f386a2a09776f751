"""Mails as they go out, through a real mail server: in the reader's language, text and HTML, with one Message-ID for
ever, and giving nothing away on their outside."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask

from donations import mailer, privacy
from donations.database import write_unit
from donations.errors import BadSeal, MailServerDown
from donations.extensions import db
from donations.models import Appeal, Mail
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import MailServer, plain_text
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url}


def a_mail(language: str = "en", email: str = "maya@example.org", name: str = "Maya Example") -> Mail:
    """The mail of a donation that was received."""
    reference = "reference-for-mail-0"
    with write_unit():
        a_donation(
            Appeal.any_by_slug("hands-off-ali"),
            reference=reference,
            language=language,
            email_sealed=privacy.seal(email, f"donation:{reference}:email"),
            name_sealed=privacy.seal(name, f"donation:{reference}:name") if name else None,
        )
    hear(a_charge(reference, gbp("20.00")))
    fresh()
    return db.session.query(Mail).one()


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def sent(mail_server: MailServer, mail: Mail) -> EmailMessage:
    mailer.send(mailer.compose(mail, NOON))
    return mail_server.mails[-1]


def test_a_receipt_arrives_as_text_and_html(app: Flask, mail_server: MailServer) -> None:
    mail = sent(mail_server, a_mail())
    assert mail_server.recipients == [["maya@example.org"]]
    assert (mail["To"], mail["From"]) == ("maya@example.org", "fund@example.org")
    assert mail["Subject"] == "Your receipt R-000001"
    assert mail["Auto-Submitted"] == "auto-generated"
    for body in (plain_text(mail), html(mail)):
        assert "Maya Example" in body
        assert "£20.00" in body
        assert "R-000001" in body
        assert re.search(r"http://localhost/receipts/\S+", body)


def test_a_receipt_is_written_in_the_supporters_language(app: Flask, mail_server: MailServer) -> None:
    mail = sent(mail_server, a_mail("ru", name="Майя"))
    assert re.search("[а-я]", mail["Subject"])
    assert "Майя" in plain_text(mail)
    assert "Thank you" not in plain_text(mail)
    assert "http://localhost/ru/receipts/" in plain_text(mail)
    assert "Thank you" not in html(mail)


def test_the_link_in_the_mail_opens_the_receipt(app: Flask, mail_server: MailServer) -> None:
    found = re.search(r"http://localhost(/receipts/\S+)", plain_text(sent(mail_server, a_mail())))
    assert found is not None
    page = app.test_client().get(found[1])
    assert page.status_code == 200
    assert "R-000001" in page.text


def test_the_same_mail_has_the_same_message_id_for_ever(app: Flask) -> None:
    mail = a_mail()
    first = mailer.compose(mail, NOON)["Message-ID"]
    assert first == mailer.compose(mail, NOON + timedelta(days=1))["Message-ID"]
    assert re.fullmatch(r"<mail-\d+@localhost>", first)


def test_nothing_on_the_outside_of_a_mail_names_whom_it_is_for(app: Flask, mail_server: MailServer) -> None:
    mail = sent(mail_server, a_mail())
    outside = " ".join(f"{name}: {value}" for name, value in mail.items())
    for word in ("Ali", "Feruz", "Sakharovo", "Hands", "Maya", "20"):
        assert not re.search(rf"\b{word}\b", outside.replace("2026", ""))


def test_a_name_cannot_add_a_header_or_markup(app: Flask, mail_server: MailServer) -> None:
    mail = sent(mail_server, a_mail(name="<b>Maya</b>\r\nBcc: all@example.org"))
    assert mail["Bcc"] is None
    assert mail_server.recipients == [["maya@example.org"]]
    assert "<b>Maya</b>" not in html(mail)


def test_an_address_of_another_script_is_written_to(app: Flask, mail_server: MailServer) -> None:
    sent(mail_server, a_mail(email="майя@пример.рф"))
    assert mail_server.recipients == [["майя@пример.рф"]]


def test_an_address_that_cannot_be_opened_is_said(app: Flask) -> None:
    mail = a_mail()
    mail.recipient_sealed = privacy.seal("maya@example.org", "mail:another:recipient")
    with pytest.raises(BadSeal):
        mailer.compose(mail, NOON)


@pytest.mark.parametrize("answer", ["451 try later", "550 no such mailbox", "421 going down"])
def test_a_mail_server_that_refuses_is_said(app: Flask, mail_server: MailServer, answer: str) -> None:
    mail_server.answer = answer
    with pytest.raises(MailServerDown):
        mailer.send(mailer.compose(a_mail(), NOON))


def test_a_mail_server_that_is_not_there_is_said(app: Flask, mail_server: MailServer) -> None:
    message = mailer.compose(a_mail(), NOON)
    mail_server.stop()
    with pytest.raises(MailServerDown) as refusal:
        mailer.send(message)
    assert "ConnectionRefusedError" in str(refusal.value)
    assert "maya" not in str(refusal.value)


def test_without_a_mail_server_nothing_is_sent_and_that_is_said(app: Flask) -> None:
    message = mailer.compose(a_mail(), NOON)
    app.config["SETTINGS"] = type(app.config["SETTINGS"])(
        **{name: getattr(app.config["SETTINGS"], name) for name in app.config["SETTINGS"].__slots__} | {"smtp_url": ""}
    )
    with pytest.raises(MailServerDown):
        mailer.send(message)
