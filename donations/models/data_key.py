"""The data keys that this database was ever sealed with: not the keys, but by what each is known."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class DataKey(Model):
    """A key of DATA_KEY. `number` counts them in the order in which they came. `check_value` is an HMAC under the key:
    it exposes another key under the same id. `retired_at`: nothing is sealed with it any more; then `lookup_sealed`
    keeps it, sealed with its successor, for the look-up hashes that cannot be made again. `lost_at`: a person has
    declared it lost for good."""

    __tablename__ = "data_key"

    number: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(Text, unique=True)
    check_value: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lookup_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
