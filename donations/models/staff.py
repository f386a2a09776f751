"""The people who run the fund, and their roles. Names and addresses are sealed. What people did is in
audit_record.py."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Model, UtcDateTime, one_of

if TYPE_CHECKING:
    from donations.models.passkey import Passkey

ROLES = ("treasurer", "organiser", "auditor", "admin")
STAFF_STATES = ("invited", "active", "disabled")


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
