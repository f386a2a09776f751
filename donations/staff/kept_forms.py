"""Forms that were sent after their session had ended: what was typed is kept sealed for its own person, who is shown it
again after signing in. Nothing is done with it here, and no other person can read it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from donations import privacy
from donations.errors import KeptFormGone
from donations.extensions import db
from donations.models import KeptForm
from donations.models.base import new_id

LIFETIME = timedelta(hours=8)
MOST = 20  # of one person: older ones make room
_RANDOM_BYTES = 24  # 192 bits


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was sent: to which address, with which fields in order, and the names of its files, whose contents
    are not kept."""

    path: str
    fields: Sequence[Sequence[str]]
    files: Sequence[str] = ()
    came_from: str | None = None


def keep(staff_id: int, sent: Sent, at: datetime) -> str:
    """Gives the code by which its person finds it again."""
    code = secrets.token_urlsafe(_RANDOM_BYTES)
    sealed = privacy.seal(json.dumps(asdict(sent)), _identity(code))
    db.session.add(KeptForm(id=new_id(), code=code, staff_id=staff_id, sent_sealed=sealed, expires_at=at + LIFETIME))
    db.session.flush()
    newest = select(KeptForm.id).where(KeptForm.staff_id == staff_id).order_by(KeptForm.expires_at.desc()).limit(MOST)
    db.session.execute(delete(KeptForm).where(KeptForm.staff_id == staff_id, KeptForm.id.not_in(newest)))
    return code


def find(code: str, staff_id: int, at: datetime) -> Sent:
    """Raises KeptFormGone, also for what another person typed."""
    of_person = (KeptForm.code == code, KeptForm.staff_id == staff_id, KeptForm.expires_at > at)
    row = db.session.scalar(select(KeptForm).where(*of_person))
    if row is None:
        raise KeptFormGone()
    return Sent(**json.loads(privacy.unseal(row.sent_sealed, _identity(code))))


def _identity(code: str) -> str:
    return f"kept_form:{code}:sent"
