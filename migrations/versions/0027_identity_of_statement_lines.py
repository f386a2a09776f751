"""Bank lines are known by evidence: their bank's own numbers, other wordings, the collective entry whose parts they
are. An import without matches can be withdrawn, so the rule that no line is ever deleted lets that through and nothing
else."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
# A line may go only with its whole import, and only if nobody has ever matched or booked it.
LINE_STAYS = (
    "NOT EXISTS (SELECT 1 FROM statement s WHERE s.id = OLD.statement_id AND s.withdrawn_at IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM match m WHERE m.bank_line_id = OLD.id AND m.state IN ('confirmed', 'undone'))"
    " OR EXISTS (SELECT 1 FROM entry e WHERE e.source_type = 'bank_line' AND e.source_id = OLD.id)"
)
MATCH_STAYS = (
    "OLD.state IN ('confirmed', 'undone') OR NOT EXISTS (SELECT 1 FROM bank_line l JOIN statement s"
    " ON s.id = l.statement_id WHERE l.id = OLD.bank_line_id AND s.withdrawn_at IS NOT NULL)"
)
RULES = {
    "bank_line": (LINE_STAYS, "bank: lines are never changed"),
    "match": (MATCH_STAYS, "bank: a match is undone, never changed"),
}


def upgrade():
    op.add_column("bank_account", sa.Column("number_from", sa.Text(), nullable=True))
    op.add_column(
        "bank_account", sa.Column("evidence_complete", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("statement", sa.Column("names_account", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("statement", sa.Column("column_map", JSON, nullable=True))
    op.add_column("statement", sa.Column("withdrawn_at", TIME, nullable=True))
    op.add_column("statement", sa.Column("withdrawn_by", sa.Text(), nullable=True))
    op.add_column("statement", sa.Column("withdrawn_reason", sa.Text(), nullable=True))
    _evidence()
    _questions()
    for table, (stays, said) in RULES.items():
        _let_withdrawn_go(table, stays, said)


def _evidence():
    op.create_table(
        "bank_line_evidence",
        sa.Column("bank_line_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("statement_id", BIG, nullable=True),
        sa.CheckConstraint(
            "kind IN ('number', 'wording', 'entry', 'total')", name=op.f("ck_bank_line_evidence_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_line_evidence_bank_line_id_bank_line")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_bank_line_evidence_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("bank_line_id", "kind", "hash", name=op.f("pk_bank_line_evidence")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_bank_line_evidence_hash"), "bank_line_evidence", ["hash"])
    op.create_table(
        "bank_line_version",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("bank_line_id", BIG, nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("replaced_by", BIG, nullable=True),
        sa.Column("replaced_at", TIME, nullable=False),
        sa.Column("personal_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_line_version_bank_line_id_bank_line")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["statement.id"], name=op.f("fk_bank_line_version_replaced_by_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line_version")),
    )
    for column in ("bank_line_id", "personal_until"):
        op.create_index(op.f(f"ix_bank_line_version_{column}"), "bank_line_version", [column])


def _questions():
    op.create_table(
        "line_question",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("bank_line_id", BIG, nullable=False),
        sa.Column("statement_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("personal_until", sa.Date(), nullable=False),
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.CheckConstraint("state IN ('open', 'same', 'another')", name=op.f("ck_line_question_state_known")),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_line_question_amount_not_zero")),
        sa.CheckConstraint(
            "state = 'open' OR answered_by IS NOT NULL", name=op.f("ck_line_question_answered_by_a_person")
        ),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_line_question_bank_line_id_bank_line")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_line_question_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_question")),
    )
    for column in ("bank_line_id", "statement_id", "personal_until"):
        op.create_index(op.f(f"ix_line_question_{column}"), "line_question", [column])


def _let_withdrawn_go(table, stays, said):
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_never_deleted")
        op.execute(
            f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} WHEN {stays}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
        return
    op.execute(f"DROP TRIGGER {table}_never_deleted ON {table}")
    op.execute(
        f"CREATE FUNCTION {table}_stays_unless_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {stays} THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'restrict_violation'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION {table}_stays_unless_withdrawn()"
    )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
