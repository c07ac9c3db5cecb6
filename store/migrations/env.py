"""Alembic's entry: run the migrations on the engine that the program handed over."""

from alembic import context
from sqlalchemy import Connection

from store.tables import metadata

# Any number; it keeps two daemons that start at once from migrating at once.
LOCK = 4711_1042


def run(connection: Connection) -> None:
    # SQLite can roll back a CREATE TABLE, now that BEGIN is ours: a migration that is killed leaves nothing behind.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        context.run_migrations()


with context.config.attributes["engine"].connect() as opened:
    run(opened.execution_options(helpdesk_mode="ACT"))
