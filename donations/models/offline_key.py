"""The public half of the organisation's offline key, who has unlocked it for the moment, and what waits for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class OfflineKey(Model):
    """A public key that personal data is sealed to; the private half is a file that a treasurer keeps. The newest one
    seals, and the ones before open what they have sealed."""

    __tablename__ = "offline_key"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # X25519, 32 bytes
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)


class OfflineUnlock(Model):
    """The private half, for one browser session and some minutes, encrypted under a key that only the cookie of that
    session holds: nothing on the server opens it."""

    __tablename__ = "offline_unlock"

    session_id: Mapped[int] = mapped_column(ForeignKey("staff_session.id"), primary_key=True, autoincrement=False)
    key_wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class OfflineRequest(Model):
    """A request for the data of an address, made while the key was locked. The address is sealed with the
    offline key; the row goes when they were answered."""

    __tablename__ = "offline_request"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    email_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
