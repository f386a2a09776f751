"""Append-only books: the database itself refuses to edit, delete, unbalance or add to what is written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# trigger -> (when, table, condition that refuses, what is said)
SQLITE = {
    "posting_before_entry": (
        "BEFORE INSERT", "posting",
        "EXISTS (SELECT 1 FROM entry WHERE id = NEW.entry_id)",
        "ledger: the entry of this posting is sealed already",
    ),
    "posting_never_changes": ("BEFORE UPDATE", "posting", "1", "ledger: postings are never changed"),
    "posting_never_deleted": ("BEFORE DELETE", "posting", "1", "ledger: postings are never deleted"),
    "entry_has_postings": (
        "BEFORE INSERT", "entry",
        "(SELECT count(*) FROM posting WHERE entry_id = NEW.id) < 2",
        "ledger: an entry needs two postings or more, written before it",
    ),
    "entry_balances": (
        "BEFORE INSERT", "entry",
        "EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id GROUP BY fund_id, currency HAVING sum(amount_minor) <> 0)",
        "ledger: the postings of an entry sum to zero per fund and currency",
    ),
    "entry_in_open_period": (
        "BEFORE INSERT", "entry",
        "EXISTS (SELECT 1 FROM period WHERE state = 'closed' AND NEW.entry_date BETWEEN starts_on AND ends_on)",
        "ledger: the period of this entry is closed",
    ),
    "entry_never_changes": ("BEFORE UPDATE", "entry", "1", "ledger: entries are never changed"),
    "entry_never_deleted": ("BEFORE DELETE", "entry", "1", "ledger: entries are never deleted"),
    "receipt_stays_frozen": (
        "BEFORE UPDATE", "receipt",
        "NEW.id IS NOT OLD.id OR NEW.series_id IS NOT OLD.series_id OR NEW.number IS NOT OLD.number"
        " OR NEW.label IS NOT OLD.label OR NEW.donation_id IS NOT OLD.donation_id"
        " OR NEW.amount_minor IS NOT OLD.amount_minor OR NEW.currency IS NOT OLD.currency"
        " OR NEW.payload IS NOT OLD.payload OR NEW.payload_sha256 IS NOT OLD.payload_sha256"
        " OR NEW.issued_at IS NOT OLD.issued_at",
        "receipts: what was issued is frozen",
    ),
    "receipt_never_deleted": ("BEFORE DELETE", "receipt", "1", "receipts: a number is never given up"),
}  # fmt: skip

POSTGRESQL = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION posting_before_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM entry WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'ledger: the entry of this posting is sealed already' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.xid := pg_current_xact_id();  -- whatever the statement claims
    RETURN NEW;
END $$;

CREATE FUNCTION entry_seals_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    postings bigint;
    unbalanced boolean;
BEGIN
    SELECT coalesce(sum(part.n), 0), coalesce(bool_or(part.total <> 0), false) INTO postings, unbalanced
    FROM (SELECT count(*) AS n, sum(amount_minor) AS total FROM posting
          WHERE entry_id = NEW.id GROUP BY fund_id, currency) AS part;
    IF postings < 2 THEN
        RAISE EXCEPTION 'ledger: an entry needs two postings or more, written before it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF unbalanced THEN
        RAISE EXCEPTION 'ledger: the postings of an entry sum to zero per fund and currency'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM period WHERE state = 'closed' AND NEW.entry_date BETWEEN starts_on AND ends_on) THEN
        RAISE EXCEPTION 'ledger: the period of this entry is closed' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE FUNCTION receipt_stays_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.id, NEW.series_id, NEW.number, NEW.label, NEW.donation_id, NEW.amount_minor, NEW.currency,
           NEW.payload, NEW.payload_sha256, NEW.issued_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.series_id, OLD.number, OLD.label, OLD.donation_id, OLD.amount_minor, OLD.currency,
           OLD.payload, OLD.payload_sha256, OLD.issued_at) THEN
        RAISE EXCEPTION 'receipts: what was issued is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER posting_before_entry BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION posting_before_entry();
CREATE TRIGGER posting_never_changes BEFORE UPDATE ON posting FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('ledger: postings are never changed');
CREATE TRIGGER posting_never_deleted BEFORE DELETE ON posting FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('ledger: postings are never deleted');
CREATE TRIGGER posting_never_truncated BEFORE TRUNCATE ON posting FOR EACH STATEMENT
    EXECUTE FUNCTION ledger_refuse('ledger: postings are never deleted');
CREATE TRIGGER entry_seals_postings BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_seals_postings();
CREATE TRIGGER entry_never_changes BEFORE UPDATE ON entry FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('ledger: entries are never changed');
CREATE TRIGGER entry_never_deleted BEFORE DELETE ON entry FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('ledger: entries are never deleted');
CREATE TRIGGER entry_never_truncated BEFORE TRUNCATE ON entry FOR EACH STATEMENT
    EXECUTE FUNCTION ledger_refuse('ledger: entries are never deleted');
CREATE TRIGGER receipt_stays_frozen BEFORE UPDATE ON receipt FOR EACH ROW EXECUTE FUNCTION receipt_stays_frozen();
CREATE TRIGGER receipt_never_deleted BEFORE DELETE ON receipt FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('receipts: a number is never given up');
CREATE TRIGGER receipt_never_truncated BEFORE TRUNCATE ON receipt FOR EACH STATEMENT
    EXECUTE FUNCTION ledger_refuse('receipts: a number is never given up');

-- Without this a second session, which cannot see an uncommitted entry, could attach a posting to it: an entry and
-- its postings must be the work of one transaction.
ALTER TABLE entry ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE posting ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE entry ADD CONSTRAINT uq_entry_id_xid UNIQUE (id, xid);
ALTER TABLE posting DROP CONSTRAINT fk_posting_entry_id_entry;
ALTER TABLE posting ADD CONSTRAINT fk_posting_entry_id_xid_entry FOREIGN KEY (entry_id, xid)
    REFERENCES entry (id, xid) DEFERRABLE INITIALLY DEFERRED;
"""


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(POSTGRESQL.replace(":", r"\:")))
        return
    for name, (when, table, condition, said) in SQLITE.items():
        op.execute(
            sa.text(
                f"CREATE TRIGGER {name} {when} ON {table} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END".replace(":", r"\:")
            )
        )


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
