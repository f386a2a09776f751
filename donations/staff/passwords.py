"""Passwords: what one must be, and whether it is the right one. Hashed by Flask-Security with argon2id."""

from __future__ import annotations

from functools import lru_cache

from flask_security.utils import hash_password, verify_password

from donations.errors import PasswordTooLong, PasswordTooShort, PasswordTooSimple
from donations.extensions import security
from donations.models import Staff
from donations.staff.binding import LEAST_LETTERS

MOST_LETTERS = 200
LEAST_DIFFERENT = 6


def check_new(password: str, email: str) -> None:
    """Raises PasswordTooShort, PasswordTooLong or PasswordTooSimple."""
    normal = _normal(password)
    if len(normal) > MOST_LETTERS:
        raise PasswordTooLong(most=MOST_LETTERS)
    if len(normal) < LEAST_LETTERS:
        raise PasswordTooShort(least=LEAST_LETTERS)
    if len(set(normal)) < LEAST_DIFFERENT or normal.casefold() in email.casefold():
        raise PasswordTooSimple()


def hashed(password: str) -> str:
    return str(hash_password(_normal(password)))


def is_right(password: str, person: Staff | None) -> bool:
    """Whether this is the password of somebody who may sign in. It takes as long for somebody who is not here."""
    may = person is not None and person.state == "active" and person.password is not None
    kept = person.password if may and person is not None else None
    typed = _normal(password)[: MOST_LETTERS + 1]
    return bool(verify_password(typed, kept or _nobodys())) and may


def _normal(password: str) -> str:
    """The same letters however a keyboard composes them."""
    return str(security._password_util.normalize(password))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return hashed("the password of nobody at all")
