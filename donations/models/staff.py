"""The people who run the fund: their roles, credentials, sessions, and failed sign-ins. Names and addresses are sealed.
What people did is in models/audit.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

ROLES = ("treasurer", "organiser", "auditor", "admin")
STAFF_STATES = ("invited", "active", "disabled")
STAGES = ("first", "full")


class Staff(Model):
    """A person who signs in. `invited` has no password yet. `link_key` is part of every link mailed to them and changes
    when one is used, so that each works once. `fs_uniquifier` is what Flask-Security asks every user to have."""

    __tablename__ = "staff"
    __table_args__ = (one_of("state", STAFF_STATES, "state_known"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text, default="invited")
    email_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    password: Mapped[str | None] = mapped_column(Text)
    link_key: Mapped[str] = mapped_column(Text)
    # The secret of the authenticator app, sealed; the other is one that is not confirmed by a code yet.
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_waiting_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_counter: Mapped[int | None] = mapped_column(BigInt)  # the step of the last code that was taken
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    grants: Mapped[list[StaffRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    passkeys: Mapped[list[Passkey]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def has_second_factor(self) -> bool:
        return self.totp_sealed is not None or bool(self.passkeys)

    @property
    def needs_second_factor(self) -> bool:
        """Whether it is still to be set up. Every role needs one: also who only looks sees payees and addresses, and
        who publishes speaks to everybody."""
        return not self.has_second_factor

    @property
    def actor(self) -> str:
        """The name of this person in decisions and the audit log: a number, so that no name stays there for ever."""
        return f"staff:{self.id}"


class StaffRole(Model):
    """One of the roles that a person has."""

    __tablename__ = "staff_role"
    __table_args__ = (one_of("role", ROLES, "role_known"),)

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)


class RecoveryCode(Model):
    """A code for a person who lost their authenticator: stored as a keyed hash, valid once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Model):
    """A WebAuthn credential: its public key, and how often it was used if it says so."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInt)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Model):
    """A signed-in browser, known by the hash of a random key that only its cookie holds. Stage `first`: the password
    was right and the second factor is still asked for. `fresh_at`: when both were last proved. An ended one stays for a
    while, because it tells from where a person usually comes."""

    __tablename__ = "staff_session"
    __table_args__ = (
        one_of("stage", STAGES, "stage_known"),
        CheckConstraint("stage = 'first' OR fresh_at IS NOT NULL", name="full_was_fresh"),
        Index("ix_staff_session_place", "staff_id", "address_hash"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    stage: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fresh_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)  # keyed, of the network the browser is in
    browser: Mapped[str] = mapped_column(Text)  # its family, like "Firefox on Linux"
    data: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    staff: Mapped[Staff] = relationship()


class KeptForm(Model):
    """A form that a team member sent after their session had ended, sealed. They are shown it again once
    they have signed in."""

    __tablename__ = "kept_form"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, unique=True)  # its address
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    sent_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Throttle(Model):
    """How often signing in failed lately, for an account, a network, or both: a keyed hash says which."""

    __tablename__ = "throttle"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    wait_until: Mapped[datetime] = mapped_column(UtcDateTime)
