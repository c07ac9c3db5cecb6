"""Merged tickets, vendors' ticket ids, dead addresses without a contact, suspicions, letters by domain.

Columns are added in place: a table that SQLite copied for it would keep a large database locked for minutes.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from store.tables import CleanText, UtcTime

revision = "0002"
down_revision = "0001"

# SQLite only counts up a column of exactly the type INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _merged_into()
    op.create_index("ix_ticket_merged_into", "ticket", ["merged_into"], unique=False)
    op.add_column("organization", sa.Column("undeliverable", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("entry", sa.Column("suspicion", CleanText(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("recipient_domain", CleanText(), nullable=False, server_default=""))
    _domains_of_letters()
    op.create_index("ix_outbox_domain", "outbox", ["recipient_domain", "queued_at"], unique=False)
    op.create_table(
        "dead_address",
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("address", CleanText(), nullable=False),
        sa.Column("because", CleanText(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dead_address")),
    )
    op.create_table(
        "external_id",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_external_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_id")),
        sa.UniqueConstraint("name", "value", name=op.f("uq_external_id_name_value")),
    )
    op.create_index(op.f("ix_external_id_ticket"), "external_id", ["ticket"], unique=False)


def _merged_into() -> None:
    """The column with its reference, which SQLite takes only while the column is added."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE ticket ADD COLUMN merged_into INTEGER "
            "CONSTRAINT fk_ticket_merged_into REFERENCES ticket (number)"
        )
        return
    op.add_column("ticket", sa.Column("merged_into", ID, nullable=True))
    op.create_foreign_key("fk_ticket_merged_into", "ticket", "ticket", ["merged_into"], ["number"])


def _domains_of_letters() -> None:
    """The letters of the last hour count against the budget of their domain too."""
    find = "instr(recipient_key, '@')" if op.get_bind().dialect.name == "sqlite" else "strpos(recipient_key, '@')"
    op.execute(f"UPDATE outbox SET recipient_domain = substr(recipient_key, {find} + 1)")  # noqa: S608
