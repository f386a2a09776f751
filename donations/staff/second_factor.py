"""The second factor: codes of an authenticator app, each good once; recovery codes; passkeys. Nothing of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_security.totp import Totp
from passlib.exc import TokenError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from donations import audit, privacy
from donations.extensions import db
from donations.models import RecoveryCode, Staff
from donations.staff import sessions

STEP_SECONDS = 30
RECOVERY_CODES = 10
ASIDE_SECONDS = 30  # A clock may be off by one step either way.


class OneTimeCodes(Totp):
    """Flask-Security's codes, each of which it would take again and again, taken once here: never one of the last one's
    step or of a step before it."""

    def new_secret(self) -> str:
        return str(self._totp.new().to_json(encrypt=False))  # Sealed by us, bound to its person.

    def step_of(self, code: str, secret: str, *, after: int | None, at: datetime) -> int | None:
        """The step a code is of, if it is right now and later than `after`; else None."""
        typed = "".join(code.split())
        if not (typed.isascii() and typed.isdigit()):
            return None
        try:
            match = self._totp.verify(typed, secret, time=at, window=ASIDE_SECONDS, last_counter=after)
        except TokenError:
            return None
        return int(match.counter)

    def code(self, secret: str, at: datetime) -> str:
        """The code of a moment: for the demo and the tests."""
        return str(self._totp.from_source(secret).generate(at).token)


def codes(issuer: str = "Fighting Fund") -> OneTimeCodes:
    # The library requires a key to encrypt secrets with; ours are sealed instead, so nothing is ever encrypted with it.
    return OneTimeCodes({"1": "not used"}, issuer.replace(":", " "))


def prepare_totp(person: Staff) -> str:
    """A new secret that waits to be confirmed by a code; the same one until then."""
    if person.totp_waiting_sealed is None:
        person.totp_waiting_sealed = privacy.seal(codes().new_secret(), _identity(person))
        db.session.flush()
    return waiting_secret(person)


def waiting_secret(person: Staff) -> str:
    assert person.totp_waiting_sealed is not None, "prepare_totp comes first"
    return privacy.unseal(person.totp_waiting_sealed, _identity(person))


def confirm_totp(conn: Connection, person: Staff, code: str, *, keep: int = 0, at: datetime) -> bool:
    """Take the waiting secret, if the code proves that the app has it. Every session but the one numbered `keep`
    ends."""
    proved = prove_totp(person, code, at=at)
    if proved is not None:
        take_totp(conn, person, *proved, keep=keep, at=at)
    return proved is not None


def prove_totp(person: Staff, code: str, *, at: datetime) -> tuple[str, int] | None:
    """The waiting secret and the step of the code, if the code proves that the app has it; it waits no more then."""
    if person.totp_waiting_sealed is None:
        return None
    secret = waiting_secret(person)
    step = codes().step_of(code, secret, after=None, at=at)
    if step is None:
        return None
    person.totp_waiting_sealed = None
    return secret, step


def take_totp(conn: Connection, person: Staff, secret: str, step: int, *, keep: int = 0, at: datetime) -> None:
    """From now on the app with this secret is the person's, and no code of `step` or before. Every session but the one
    numbered `keep` ends."""
    person.totp_sealed, person.totp_counter = privacy.seal(secret, _identity(person)), step
    sessions.end_all(person, at, but=keep)
    db.session.flush()
    audit.record(conn, person.actor, "staff.totp_set_up", person.actor, at=at)


def take_code(person: Staff, code: str, *, at: datetime) -> bool:
    """Whether it is the app's code of now, not taken before. The person's row must be locked."""
    if person.totp_sealed is None:
        return False
    step = codes().step_of(code, secret_of(person), after=person.totp_counter, at=at)
    if step is not None:
        person.totp_counter = step
    return step is not None


def secret_of(person: Staff) -> str:
    """What the person's app knows."""
    assert person.totp_sealed is not None, "they have set one up"
    return privacy.unseal(person.totp_sealed, _identity(person))


def new_recovery_codes(conn: Connection, person: Staff, *, at: datetime) -> list[str]:
    """Ten new ones; the old ones are worth nothing any more. They are shown once and kept as hashes."""
    made, hashes = invent_codes(person)
    replace_codes(conn, person, hashes, at=at)
    return made


def invent_codes(person: Staff) -> tuple[list[str], list[bytes]]:
    """Ten codes to be shown once, and the hashes by which they will be known."""
    made: list[str] = codes().generate_recovery_codes(RECOVERY_CODES)
    return made, [_code_hash(person, code) for code in made]


def replace_codes(conn: Connection, person: Staff, hashes: Sequence[bytes], *, at: datetime) -> None:
    """These are the person's codes now, and no others."""
    conn.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == person.id))
    conn.execute(insert(RecoveryCode), [{"code_hash": one, "staff_id": person.id} for one in hashes])
    audit.record(conn, person.actor, "staff.recovery_codes_made", person.actor, at=at)


def recovery_codes_left(person: Staff) -> int:
    unused = (RecoveryCode.staff_id == person.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def take_recovery_code(conn: Connection, person: Staff, code: str, *, at: datetime) -> bool:
    """Whether it is one of the person's, not used before."""
    unused = (RecoveryCode.code_hash == _code_hash(person, code), RecoveryCode.used_at.is_(None))
    return conn.execute(update(RecoveryCode).where(*unused).values(used_at=at)).rowcount == 1


def secret_to_show(secret: str, account: str, issuer: str) -> Mapping[str, Any]:
    """What the person types or scans: the key in groups of four, and the address that a QR code holds."""
    made = codes(issuer)
    return {"key": made.get_totp_pretty_key(secret), "uri": made.get_totp_uri(account.replace(":", " "), secret)}


def _code_hash(person: Staff, code: str) -> bytes:
    typed = "".join(letter for letter in code.casefold() if letter.isalnum())
    return privacy.lookup_hash(typed, f"staff recovery {person.fs_uniquifier}")


def _identity(person: Staff) -> str:
    return f"staff:{person.fs_uniquifier}:totp"
