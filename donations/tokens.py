"""Signed links and form tokens (itsdangerous): for each purpose one salt, one lifetime and one pair of functions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from donations.errors import BadLink

FORM_LIFETIME_SECONDS = 6 * 3600


def for_donation(reference: str) -> str:
    """The token of /donations/<token>. It does not expire: a supporter may come back to it."""
    return _lasting("donation").dumps(reference)


def read_donation(token: str) -> str:
    """The donation's reference. Raises BadLink."""
    return _read(_lasting("donation"), token)


def for_receipt(label: str) -> str:
    """The token of /receipts/<token>, for as long as the key or its fallback is kept: years."""
    return _lasting("receipt").dumps(label)


def read_receipt(token: str) -> str:
    """The receipt's label. Raises BadLink."""
    return _read(_lasting("receipt"), token)


@dataclass(frozen=True, slots=True)
class FormToken:
    """What a form token says: which appeal's form, and the random word by which a double click is known."""

    slug: str
    nonce: str


def for_form(token: FormToken) -> str:
    """The hidden token of a public form; good for six hours, no cookie needed."""
    return _timed("form").dumps([token.slug, token.nonce])


def read_form(token: str) -> FormToken:
    """Raises BadLink if it is tampered with or older than six hours."""
    try:
        slug, nonce = _timed("form").loads(token, max_age=FORM_LIFETIME_SECONDS)
        return FormToken(slug=slug, nonce=nonce)
    except (BadData, ValueError, TypeError) as error:
        raise BadLink() from error


def _read(serializer: URLSafeSerializer, token: str) -> str:
    try:
        return str(serializer.loads(token))
    except BadData as error:
        raise BadLink() from error


def _lasting(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(_secrets(), salt=f"fighting-fund.{purpose}")


def _timed(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secrets(), salt=f"fighting-fund.{purpose}")


def _secrets() -> list[str]:
    """itsdangerous signs with the last key of its list and accepts all of them."""
    settings = current_app.config["SETTINGS"]
    return [*settings.secret_key_fallbacks, settings.secret_key]
