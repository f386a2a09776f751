"""The treasury: bank accounts, statements and their lines, matches, offline gifts, slips, disbursements, adjustments,
and what is kept of a closed period."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
# table -> columns that never change, what is said to who tries
FROZEN = {
    "bank_line": (
        ("id", "bank_account_id", "statement_id", "position", "booked_on", "amount_minor", "currency", "dedupe_key",
         "occurrence"),
        "bank: lines are never changed",
    ),
    "match": (
        ("id", "bank_line_id", "kind", "target", "fund_id", "amount_minor", "rule", "actor", "made_at"),
        "bank: a match is undone, never changed",
    ),
    "period_balance": (("period_id", "closed_at", "figures", "sha256"), "ledger: a closed balance is never changed"),
    "period_signature": (("period_id", "act", "actor", "at"), "ledger: signatures are never changed"),
}  # fmt: skip


def upgrade():
    op.create_table(
        "bank_account",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("identifier_hash", sa.LargeBinary(), nullable=True),
        sa.Column("identifier_end", sa.Text(), nullable=True),
        sa.Column("column_map", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
        sa.UniqueConstraint("identifier_hash", name=op.f("uq_bank_account_identifier_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_bank_account_name")),
    )
    op.create_table(
        "period_balance",
        sa.Column("period_id", BIG, nullable=False),
        sa.Column("closed_at", TIME, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_period_balance_period_id_period")),
        sa.PrimaryKeyConstraint("period_id", "closed_at", name=op.f("pk_period_balance")),
    )
    op.create_table(
        "period_signature",
        sa.Column("id", BIG, nullable=False),
        sa.Column("period_id", BIG, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("act IN ('close', 'reopen')", name=op.f("ck_period_signature_act_known")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_period_signature_period_id_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_signature")),
    )
    op.create_index(op.f("ix_period_signature_period_id"), "period_signature", ["period_id"], unique=False)
    op.create_table(
        "slip",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("bank_account_id", BIG, nullable=False),
        sa.Column("expected_count", sa.Integer(), nullable=False),
        sa.Column("expected_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_in_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.CheckConstraint("expected_count > 0", name=op.f("ck_slip_expected_count_positive")),
        sa.CheckConstraint("expected_minor > 0", name=op.f("ck_slip_expected_positive")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_slip_bank_account_id_bank_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip")),
    )
    op.create_table(
        "statement",
        sa.Column("id", BIG, nullable=False),
        sa.Column("bank_account_id", BIG, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("opening_minor", BIG, nullable=True),
        sa.Column("closing_minor", BIG, nullable=True),
        sa.Column("lines_new", sa.Integer(), nullable=False),
        sa.Column("lines_known", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_statement_bank_account_id_bank_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index("ix_statement_file", "statement", ["bank_account_id", "file_sha256"], unique=False)
    op.create_table(
        "adjustment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fund_id", BIG, nullable=False),
        sa.Column("other_fund_id", BIG, nullable=True),
        sa.Column("bank_account_id", BIG, nullable=True),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("clear_ref", sa.Text(), nullable=True),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.CheckConstraint(
            "kind IN ('transfer', 'opening', 'write_off', 'kept')", name=op.f("ck_adjustment_kind_known")
        ),
        sa.CheckConstraint("state IN ('requested', 'made', 'refused')", name=op.f("ck_adjustment_state_known")),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_adjustment_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_adjustment_bank_account_id_bank_account")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_adjustment_fund_id_fund")),
        sa.ForeignKeyConstraint(["other_fund_id"], ["fund.id"], name=op.f("fk_adjustment_other_fund_id_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_adjustment_form_key")),
    )
    op.create_index(op.f("ix_adjustment_fund_id"), "adjustment", ["fund_id"], unique=False)
    op.create_table(
        "bank_line",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("bank_account_id", BIG, nullable=False),
        sa.Column("statement_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("payer_hash", sa.LargeBinary(), nullable=True),
        sa.Column("personal_until", sa.Date(), nullable=False),
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_bank_line_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_bank_line_bank_account_id_bank_account")
        ),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_bank_line_statement_id_statement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint(
            "bank_account_id",
            "dedupe_key",
            "occurrence",
            name=op.f("uq_bank_line_bank_account_id_dedupe_key_occurrence"),
        ),
    )
    op.create_index("ix_bank_line_amount", "bank_line", ["currency", "amount_minor"], unique=False)
    op.create_index("ix_bank_line_booked_on", "bank_line", ["bank_account_id", "booked_on"], unique=False)
    op.create_index(op.f("ix_bank_line_payer_hash"), "bank_line", ["payer_hash"], unique=False)
    op.create_index(op.f("ix_bank_line_personal_until"), "bank_line", ["personal_until"], unique=False)
    op.create_index(op.f("ix_bank_line_statement_id"), "bank_line", ["statement_id"], unique=False)
    op.create_table(
        "disbursement",
        sa.Column("id", BIG, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("fund_id", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("payee_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("payee_masked", sa.Text(), nullable=False),
        sa.Column("payee_staff_id", BIG, nullable=True),
        sa.Column("evidence_name", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("evidence_type", sa.Text(), nullable=True),
        sa.Column("approvals_required", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'sent', 'paid', 'refused', 'cancelled')",
            name=op.f("ck_disbursement_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_disbursement_amount_positive")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_disbursement_fund_id_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursement")),
        sa.UniqueConstraint("form_key", name=op.f("uq_disbursement_form_key")),
    )
    op.create_index(op.f("ix_disbursement_fund_id"), "disbursement", ["fund_id"], unique=False)
    op.create_table(
        "match_rule",
        sa.Column("id", BIG, nullable=False),
        sa.Column("payer_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fund_id", BIG, nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("accepted_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_match_rule_fund_id_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_rule")),
        sa.UniqueConstraint("payer_hash", "fund_id", name=op.f("uq_match_rule_payer_hash_fund_id")),
    )
    op.create_table(
        "offline_gift",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("donation_id", BIG, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("slip_id", BIG, nullable=True),
        sa.Column("reference_code", sa.Text(), nullable=True),
        sa.Column("cheque_number", sa.Text(), nullable=True),
        sa.Column("payer_hash", sa.LargeBinary(), nullable=True),
        sa.Column("counted_by", JSON, nullable=False),
        sa.Column("denominations", JSON, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.Column("accepted_at", TIME, nullable=True),
        sa.Column("bounced_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "method IN ('cash', 'cheque', 'bank', 'standing_order')", name=op.f("ck_offline_gift_method_known")
        ),
        sa.CheckConstraint(
            "state IN ('expected', 'recorded', 'accepted', 'cancelled')", name=op.f("ck_offline_gift_state_known")
        ),
        sa.ForeignKeyConstraint(["donation_id"], ["donation.id"], name=op.f("fk_offline_gift_donation_id_donation")),
        sa.ForeignKeyConstraint(["slip_id"], ["slip.id"], name=op.f("fk_offline_gift_slip_id_slip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_gift")),
        sa.UniqueConstraint("donation_id", name=op.f("uq_offline_gift_donation_id")),
    )
    op.create_index("ix_offline_gift_open", "offline_gift", ["state", "method"], unique=False)
    op.create_index(op.f("ix_offline_gift_payer_hash"), "offline_gift", ["payer_hash"], unique=False)
    op.create_index(op.f("ix_offline_gift_reference_code"), "offline_gift", ["reference_code"], unique=False)
    op.create_index(op.f("ix_offline_gift_slip_id"), "offline_gift", ["slip_id"], unique=False)
    op.create_table(
        "payout_share",
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("fund_id", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_payout_share_fund_id_fund")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_share_payout_id_payout")),
        sa.PrimaryKeyConstraint("payout_id", "fund_id", name=op.f("pk_payout_share")),
    )
    op.create_table(
        "approval",
        sa.Column("id", BIG, nullable=False),
        sa.Column("disbursement_id", BIG, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('yes', 'no')", name=op.f("ck_approval_verdict_known")),
        sa.ForeignKeyConstraint(
            ["disbursement_id"], ["disbursement.id"], name=op.f("fk_approval_disbursement_id_disbursement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("disbursement_id", "actor", name=op.f("uq_approval_disbursement_id_actor")),
    )
    op.create_table(
        "match",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("bank_line_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("fund_id", BIG, nullable=True),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('payout', 'offline_gift', 'slip', 'disbursement', 'bounced', 'offline_refund', 'returned', 'charge', 'own_account', 'stripe_topup', 'unidentified')",
            name=op.f("ck_match_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'refused', 'undone')", name=op.f("ck_match_state_known")
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_match_amount_not_zero")),
        sa.ForeignKeyConstraint(["bank_line_id"], ["bank_line.id"], name=op.f("fk_match_bank_line_id_bank_line")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_match_fund_id_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
    )
    op.create_index(op.f("ix_match_bank_line_id"), "match", ["bank_line_id"], unique=False)
    op.create_index("ix_match_target", "match", ["kind", "target"], unique=False)
    # As columns of SQL, because SQLite can add a check only with the column it is about.
    op.execute(
        "ALTER TABLE organisation ADD COLUMN approvals_required INTEGER DEFAULT 1 NOT NULL"
        " CONSTRAINT ck_organisation_approvals_one_or_two CHECK (approvals_required IN (1, 2))"
    )
    op.add_column("organisation", sa.Column("write_off_limit_minor", BIG, server_default="1000", nullable=False))
    _guard()


def _guard():
    """What the bank said and what was closed stays as it was; of a line only the names may go."""
    postgresql_too = op.get_bind().dialect.name == "postgresql"
    for table, (frozen, said) in FROZEN.items():
        differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in frozen)
        if postgresql_too:
            for name, when, condition in (
                (f"{table}_stays", "BEFORE UPDATE", f"FOR EACH ROW WHEN ({differs})"),
                (f"{table}_never_deleted", "BEFORE DELETE", "FOR EACH ROW"),
                (f"{table}_never_truncated", "BEFORE TRUNCATE", "FOR EACH STATEMENT"),
            ):
                op.execute(
                    f"CREATE TRIGGER {name} {when} ON {table} {condition} EXECUTE FUNCTION ledger_refuse('{said}')"
                )
            continue
        differs = differs.replace("IS DISTINCT FROM", "IS NOT")
        for name, when, condition in (
            (f"{table}_stays", "BEFORE UPDATE", differs),
            (f"{table}_never_deleted", "BEFORE DELETE", "1"),
        ):
            op.execute(
                f"CREATE TRIGGER {name} {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
