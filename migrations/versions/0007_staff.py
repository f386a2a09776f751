"""Staff, what they prove themselves with, their sessions and brakes, and the audit of what was done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")


def upgrade():
    op.create_table(
        "audit",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("previous_sha256", name=op.f("uq_audit_previous_sha256")),
    )
    op.create_index("ix_audit_about", "audit", ["about"], unique=False)
    op.create_index("ix_audit_act", "audit", ["act"], unique=False)
    op.create_index("ix_audit_actor", "audit", ["actor"], unique=False)
    op.create_table(
        "brake",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", TIME, nullable=False),
        sa.Column("wait_until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_brake")),
    )
    op.create_index(op.f("ix_brake_failed_at"), "brake", ["failed_at"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", BIG, nullable=False),
        sa.Column("fs_uniquifier", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_waiting_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_counter", BIG, nullable=True),
        sa.Column("invited_at", TIME, nullable=False),
        sa.Column("joined_at", TIME, nullable=True),
        sa.CheckConstraint("state IN ('invited', 'active', 'disabled')", name=op.f("ck_staff_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email_hash", name=op.f("uq_staff_email_hash")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_staff_fs_uniquifier")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_passkey_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_staff_id"), "passkey", ["staff_id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id_staff")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_staff_id"), "recovery_code", ["staff_id"], unique=False)
    op.create_table(
        "staff_role",
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('treasurer', 'organiser', 'auditor', 'admin')", name=op.f("ck_staff_role_role_known")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_role_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "role", name=op.f("pk_staff_role")),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("fresh_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.CheckConstraint("stage = 'first' OR fresh_at IS NOT NULL", name=op.f("ck_staff_session_full_was_fresh")),
        sa.CheckConstraint("stage IN ('first', 'full')", name=op.f("ck_staff_session_stage_known")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_staff_session_key_hash")),
    )
    op.create_index("ix_staff_session_place", "staff_session", ["staff_id", "address_hash"], unique=False)

    _guard()


def _guard():
    """The audit is written once: nobody changes or deletes what stands in it."""
    postgresql_too = op.get_bind().dialect.name == "postgresql"
    for name, when, each, said in (
        ("audit_never_changes", "BEFORE UPDATE", "ROW", "audit: what was done is never changed"),
        ("audit_never_deleted", "BEFORE DELETE", "ROW", "audit: what was done is never deleted"),
        ("audit_never_truncated", "BEFORE TRUNCATE", "STATEMENT", "audit: what was done is never deleted"),
    ):
        if postgresql_too:
            op.execute(
                f"CREATE TRIGGER {name} {when} ON audit FOR EACH {each} EXECUTE FUNCTION ledger_refuse('{said}')"
            )
        elif each == "ROW":
            op.execute(f"CREATE TRIGGER {name} {when} ON audit BEGIN SELECT RAISE(ABORT, '{said}'); END")


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
