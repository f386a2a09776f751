"""What supporters were told, version by version: a wording on every donation, and on transfers; who wrote it in a draft.
A payment to a payee names the bank account it is paid from."""

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
FROZEN = (
    "id", "appeal_id", "number", "surplus", "funds", "sha256", "valid_from", "keeps_earlier", "written_by",
    "approved_by", "reason", "source",
)  # fmt: skip
STAYS = "wordings: what supporters were told is never changed"
NOT_ITS_OWN = "donations: each names a wording of its own appeal"
MEANT_THEN = "donations: the wording it was made under stays"

_appeal = sa.table("appeal", sa.column("id"), sa.column("slug"), sa.column("surplus", JSON))
_fund = sa.table(
    "fund", sa.column("appeal_id"), sa.column("slug"), sa.column("kind"), sa.column("name", JSON),
    sa.column("position"), sa.column("id"),
)  # fmt: skip
_donation = sa.table(
    "donation", sa.column("id", BIG), sa.column("appeal_id", BIG), sa.column("language"), sa.column("terms", JSON),
    sa.column("created_at", TIME), sa.column("wording_id", BIG),
)  # fmt: skip
_audit = sa.table(
    "audit", sa.column("id"), sa.column("at", TIME), sa.column("act"), sa.column("about"), sa.column("details", JSON)
)
_organisation = sa.table("organisation", sa.column("languages", JSON))
_wording = sa.table(
    "appeal_wording", sa.column("id", BIG), sa.column("appeal_id", BIG), sa.column("number", sa.Integer()),
    sa.column("surplus", JSON), sa.column("funds", JSON), sa.column("sha256"), sa.column("valid_from", TIME),
    sa.column("keeps_earlier", sa.Boolean()), sa.column("written_by"), sa.column("reason"), sa.column("source"),
)  # fmt: skip


def upgrade():
    op.create_table(
        "appeal_wording",
        sa.Column("id", BIG, nullable=False),
        sa.Column("appeal_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("surplus", JSON, nullable=False),
        sa.Column("funds", JSON, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("keeps_earlier", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "source IN ('page', 'file', 'migration', 'lost')", name=op.f("ck_appeal_wording_source_known")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_appeal_wording_number_from_one")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_wording_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_wording")),
        sa.UniqueConstraint("appeal_id", "number", name=op.f("uq_appeal_wording_appeal_id_number")),
    )
    _add_key("donation", "wording_id", "appeal_wording")
    op.create_index(op.f("ix_donation_wording_id"), "donation", ["wording_id"])
    _add_key("adjustment", "wording_id", "appeal_wording")
    _add_key("disbursement", "bank_account_id", "bank_account")
    op.add_column("appeal_draft", sa.Column("wording_by", sa.Text(), nullable=True))
    _recover(op.get_bind())
    _guard(op.get_bind().dialect.name)


def _add_key(table, column, target):
    """Written out: SQLite adds a key to a table only together with its column."""
    big = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    key = f"CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {big} {key}")


def _recover(conn):
    """A version of today's text for every appeal, and earlier ones as far as anything still says what they were."""
    first_language = (conn.execute(sa.select(_organisation.c.languages)).scalar() or ["en"])[0]
    funds = defaultdict(list)
    for row in conn.execute(sa.select(_fund).order_by(_fund.c.position, _fund.c.id)):
        funds[row.appeal_id].append({"slug": row.slug, "kind": row.kind, "name": row.name})
    for appeal in conn.execute(sa.select(_appeal).order_by(_appeal.c.id)).all():
        for number, version in enumerate(_versions_of(conn, appeal, first_language), 1):
            _keep(conn, appeal.id, number, funds[appeal.id], version)


def _versions_of(conn, appeal, first_language):
    """(from when, surplus by language, source, its donations; None: all that are left), the oldest first."""
    changes = _changes(conn, appeal.slug)
    mine = sa.select(_donation).where(_donation.c.appeal_id == appeal.id).order_by(_donation.c.created_at)
    kept = defaultdict(dict)  # stretch between two changes -> (language, words) -> [first made at, donations]
    silent = defaultdict(list)  # stretch before the last change -> donations that kept no words
    firsts, firsts_of_today = [], []
    for row in conn.execute(mine):
        made_at, words = _aware(row.created_at), str((row.terms or {}).get("restriction") or "")
        stretch = sum(1 for change in changes if change <= made_at)
        firsts.append(made_at)
        if words and words != _told(appeal.surplus, row.language, first_language):
            kept[stretch].setdefault((row.language, words), [made_at, []])[1].append(row.id)
        elif not words and stretch < len(changes):
            silent[stretch].append((made_at, row.id))
        else:
            firsts_of_today.append(made_at)
    versions = [version for stretch in {*kept, *silent} for version in _earlier(kept[stretch], silent[stretch])]
    versions.sort(key=lambda one: one[0])
    now = datetime.now(UTC)
    since = [*changes[-1:], *firsts_of_today, *([] if versions else firsts), now][0]
    return [*versions, (max([since, *(at for at, *_ in versions)]), appeal.surplus, "migration", None)]


def _earlier(kept, silent):
    """The versions of one stretch. One text in each language is one version, and then those that kept no words were
    made under it too; else of theirs we know only that it was another than today's."""
    together = len({language for language, _ in kept}) == len(kept)
    if kept and together:
        surplus = {language: words for language, words in kept}  # noqa: C416 - the keys of it are the pairs
        ids = [number for _, numbers in kept.values() for number in numbers] + [number for _, number in silent]
        first = min([*(at for at, _ in kept.values()), *(at for at, _ in silent)])
        return [(first, surplus, "migration", ids)]
    found = [(at, {language: words}, "migration", ids) for (language, words), (at, ids) in kept.items()]
    if silent:
        found.append((silent[0][0], {}, "lost", [number for _, number in silent]))
    return found


def _keep(conn, appeal_id, number, funds, version):
    at, surplus, source, ids = version
    content = {"surplus": surplus, "funds": sorted(funds, key=lambda one: one["slug"])}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    row = {
        "appeal_id": appeal_id, "number": number, "surplus": surplus, "funds": funds,
        "sha256": hashlib.sha256(written.encode()).hexdigest(), "valid_from": _as_kept(conn, at),
        "keeps_earlier": number > 1, "written_by": "migration", "reason": "", "source": source,
    }  # fmt: skip
    conn.execute(sa.insert(_wording).values(row))
    mine = (_wording.c.appeal_id == appeal_id, _wording.c.number == number)
    wording_id = conn.execute(sa.select(_wording.c.id).where(*mine)).scalar_one()
    if ids is None:
        rest = (_donation.c.appeal_id == appeal_id, _donation.c.wording_id.is_(None))
        conn.execute(sa.update(_donation).where(*rest).values(wording_id=wording_id))
    elif ids:
        one = sa.update(_donation).where(_donation.c.id == sa.bindparam("of_donation")).values(wording_id=wording_id)
        conn.execute(one, [{"of_donation": number} for number in ids])


def _changes(conn, slug):
    """When the text about a surplus was changed on a page, by the audit. It says that it changed, not from what."""
    acts = sa.select(_audit.c.at, _audit.c.details).where(
        _audit.c.act == "appeal.published", _audit.c.about == f"appeal:{slug}"
    )
    rows = conn.execute(acts.order_by(_audit.c.id))
    return [_aware(row.at) for row in rows if "surplus" in (row.details or {}).get("fields", [])]


def _told(texts, language, first_language):
    return (texts or {}).get(language) or (texts or {}).get(first_language) or next(iter((texts or {}).values()), "")


def _aware(moment):
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _as_kept(conn, moment):
    moment = moment.astimezone(UTC)
    return moment if conn.dialect.name == "postgresql" else moment.replace(tzinfo=None)


def _guard(dialect):
    differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FROZEN)
    moved = "NEW.wording_id IS DISTINCT FROM OLD.wording_id OR NEW.appeal_id IS DISTINCT FROM OLD.appeal_id"
    own = "EXISTS (SELECT 1 FROM appeal_wording w WHERE w.id = NEW.wording_id AND w.appeal_id = NEW.appeal_id)"
    if dialect == "postgresql":
        for name, when, condition in (
            ("appeal_wording_stays", "BEFORE UPDATE", f"FOR EACH ROW WHEN ({differs})"),
            ("appeal_wording_never_deleted", "BEFORE DELETE", "FOR EACH ROW"),
            ("appeal_wording_never_truncated", "BEFORE TRUNCATE", "FOR EACH STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {name} {when} ON appeal_wording {condition} EXECUTE FUNCTION ledger_refuse('{STAYS}')"
            )
        op.execute(_CHECK_WORDING.format(own=own, not_its_own=NOT_ITS_OWN, meant_then=MEANT_THEN))
        for name, when in (
            ("donation_has_wording", "BEFORE INSERT ON donation FOR EACH ROW"),
            ("donation_wording_stays", f"BEFORE UPDATE ON donation FOR EACH ROW WHEN ({moved})"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION donation_wording()")
        return
    differs, moved = (condition.replace("IS DISTINCT FROM", "IS NOT") for condition in (differs, moved))
    only_wording = "NEW.wording_id IS NOT OLD.wording_id AND NEW.appeal_id IS OLD.appeal_id"
    for name, when, condition, said in (
        ("appeal_wording_stays", "UPDATE ON appeal_wording", differs, f"'{STAYS}'"),
        ("appeal_wording_never_deleted", "DELETE ON appeal_wording", "1", f"'{STAYS}'"),
        ("donation_has_wording", "INSERT ON donation", f"NOT {own}", f"'{NOT_ITS_OWN}'"),
        ("donation_wording_stays", "UPDATE ON donation", f"({moved}) AND (({only_wording}) OR NOT {own})",
         f"'{MEANT_THEN}'"),
    ):  # fmt: skip
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, {said}); END")


_CHECK_WORDING = """
CREATE FUNCTION donation_wording() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.appeal_id IS NOT DISTINCT FROM OLD.appeal_id THEN
        RAISE EXCEPTION '{meant_then}' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT {own} THEN
        RAISE EXCEPTION '{not_its_own}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
