"""Runs the migrations on the engine that may change tables, inside one transaction a migration, or on the connection
given."""

from alembic import context
from flask import current_app

from donations.installation.roles import grant, owner_engine

database = current_app.extensions["migrate"].db


def skip_what_models_do_not_know(_obj, name, kind, reflected, compare_to):
    """The ledger's xid columns and their constraints exist on PostgreSQL only, made by the migration itself, in place
    of the models' plain key."""
    if context.get_context().dialect.name != "postgresql" or compare_to is not None or not name:
        return True
    return "xid" not in name and name != "fk_posting_entry_id_entry"


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        include_object=skip_what_models_do_not_know,
        transaction_per_migration=True,
        compare_type=True,
        render_as_batch=False,
    )
    with context.begin_transaction():
        context.run_migrations()


# A restore runs them on a connection of its own, whose transaction it commits or rolls back itself.
given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with owner_engine() as engine, engine.connect() as opened:
        run(opened)
        grant(opened)
        opened.commit()
