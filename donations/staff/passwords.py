"""Passwords: what one must be, and whether it is the right one. Hashed by Flask-Security with argon2id."""

from __future__ import annotations

import re
from functools import lru_cache

from flask_security.utils import hash_password, verify_password
from zxcvbn import zxcvbn

from donations.database import in_write_unit
from donations.errors import (
    PasswordInOrder,
    PasswordNamesUs,
    PasswordRepeats,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooSimple,
)
from donations.extensions import security
from donations.models import Organisation, Staff
from donations.staff.flask_security import MIN_LENGTH

MAX_LENGTH = 200
MIN_DIFFERENT = 6
MIN_SCORE = 3  # of zxcvbn's 0 to 4: more than 10^8 guesses
# Of so many letters zxcvbn takes a second at worst, of 72 several: what is typed decides how long. A beginning that is
# hard to guess is enough; one that is not is refused, whatever follows.
LOOKED_AT = 40
_HINTS = {"repeat": PasswordRepeats, "spatial": PasswordInOrder, "sequence": PasswordInOrder, "date": PasswordInOrder}


def check_new(password: str, email: str) -> None:
    """Raises PasswordTooShort, PasswordTooLong or PasswordTooSimple."""
    normal = _normal(password)
    if len(normal) > MAX_LENGTH:
        raise PasswordTooLong(most=MAX_LENGTH)
    if len(normal) < MIN_LENGTH:
        raise PasswordTooShort(least=MIN_LENGTH)
    if len(set(normal)) < MIN_DIFFERENT or normal.casefold() in email.casefold():
        raise PasswordTooSimple()


def check_strength(password: str, email: str) -> None:
    """Raises what check_new raises, and PasswordTooSimple or one of its kinds for what is guessed easily, also by who
    knows the person's address and the organisation's name. It may take seconds: call it outside any write unit."""
    assert not in_write_unit(), "nobody waits for a password to be looked at"
    check_new(password, email)
    found = zxcvbn(_normal(password)[:LOOKED_AT], _known_words(email), max_length=LOOKED_AT)
    if found["score"] >= MIN_SCORE:
        return
    longest = max(found["sequence"], key=lambda match: len(match["token"]))
    if longest.get("dictionary_name") == "user_inputs":
        raise PasswordNamesUs()
    raise _HINTS.get(longest["pattern"], PasswordTooSimple)()


def _known_words(email: str) -> list[str]:
    """First guesses of an attacker who knows the person and the fund."""
    house = Organisation.get()
    texts = (email, house.name, house.legal_name or "", "Fighting Fund")
    words = [word for text in texts for word in re.split(r"[\W_]+", text) if len(word) > 2]
    known = [*texts, *(re.sub(r"[\W_]+", "", text) for text in texts), *words]
    return [word[:LOOKED_AT] for word in known]  # as much of each as is looked at


def hashed(password: str) -> str:
    return str(hash_password(_normal(password)))


def is_right(password: str, person: Staff | None) -> bool:
    """Whether this is the password of a person who may sign in. It takes as long for an unknown one."""
    may = person is not None and person.state == "active" and person.password is not None
    kept = person.password if may and person is not None else None
    typed = _normal(password)[: MAX_LENGTH + 1]
    return bool(verify_password(typed, kept or _nobodys())) and may


def _normal(password: str) -> str:
    """The same letters however a keyboard composes them."""
    return str(security._password_util.normalize(password))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return hashed("the password of nobody at all")
