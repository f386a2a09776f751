"""A mailbox on this machine: takes every mail over SMTP, keeps each as a file, and shows them on a page."""

from __future__ import annotations

import html
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from aiosmtpd.controller import Controller


class Mailbox:
    """Mails arrive at `port` (SMTP) and are stored in `folder`, one file each."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        folder.mkdir(parents=True, exist_ok=True)
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        count = len(list(self.folder.glob("*.eml"))) + 1
        (self.folder / f"{count:05d}.eml").write_bytes(envelope.original_content)
        return "250 kept"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        """It may not have been started: an early interrupt cleans up too."""
        self._controller.stop(no_assert=True)

    def mails(self) -> list[EmailMessage]:
        """All mails, oldest first."""
        read = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(self.folder.glob("*.eml"))]
        return [mail for mail in read if isinstance(mail, EmailMessage)]

    def show_on(self, port: int) -> None:
        """Serve a page of the mails, newest first, in the background until the program ends."""
        server = make_server("127.0.0.1", port, self._page, handler_class=_Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def _page(self, _environ: Any, start_response: Any) -> list[bytes]:
        parts = [_HEAD]
        for mail in reversed(self.mails()):
            body = mail.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            parts.append(
                f"<article><h2>{_esc(mail['Subject'])}</h2><p>To {_esc(mail['To'])}</p><pre>{_esc(text)}</pre>"
            )
            parts.append("</article>")
        if len(parts) == 1:
            parts.append("<p>No mail yet. It takes a few seconds after a donation.</p>")
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Refresh", "10")])
        return ["".join(parts).encode()]


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def _esc(value: Any) -> str:
    return html.escape(str(value))


_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mailbox</title><style>body{font:16px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}
article{border:1px solid #ccc;border-radius:8px;padding:0 1rem;margin:1rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere}</style>
<h1>Mailbox of the demo</h1>"""
