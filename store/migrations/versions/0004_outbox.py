"""Letters about no ticket, letters on hold, copies of what was sent, bounces, withheld letters by address.

No table is copied, so that a large database is not locked for minutes.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from domain.people import address_key
from store.tables import CleanText, UtcTime

revision = "0004"
down_revision = "0003"

# SQLite only counts up a column of exactly the type INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("outbox", "withheld"):
        _make_ticket_optional(name)
    op.add_column("outbox", sa.Column("template", CleanText(), nullable=False, server_default=""))
    _copy_of_letter()
    op.create_index(op.f("ix_outbox_blob"), "outbox", ["blob"], unique=False)
    failed = sa.text("state = 'failed'")
    op.create_index("ix_outbox_failed", "outbox", ["id"], unique=False, sqlite_where=failed, postgresql_where=failed)
    sent = sa.text("sent_at IS NOT NULL")
    op.create_index("ix_outbox_sent", "outbox", ["sent_at"], unique=False, sqlite_where=sent, postgresql_where=sent)
    op.add_column("outbox", sa.Column("bounced_at", UtcTime(), nullable=True))
    op.add_column("outbox", sa.Column("bounce", CleanText(), nullable=False, server_default=""))
    op.create_table(
        "hold",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("letter", sa.String(), nullable=True),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_hold_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("letter", name=op.f("uq_hold_letter")),
        sa.UniqueConstraint("ticket", name=op.f("uq_hold_ticket")),
    )
    op.add_column("withheld", sa.Column("address_key", CleanText(), nullable=False, server_default=""))
    _keys_of_withheld()
    op.create_index("ix_withheld_address", "withheld", ["address_key", "id"], unique=False)


def _make_ticket_optional(name: str) -> None:
    """Take NOT NULL from a table's column `ticket`.

    SQLite has no statement for it; as its manual says (ALTER TABLE, "Making Other Kinds Of Table Schema Changes"),
    the words of the schema may be changed where, as here, nothing changes in how rows are kept.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(name, "ticket", existing_type=ID, nullable=True)
        return
    database = op.get_bind()
    written = database.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,))
    words = written.scalar_one()
    if words.count("ticket INTEGER NOT NULL") != 1:
        raise AssertionError(f"the table {name} is not as migration 0001 made it: {words}")
    version = database.exec_driver_sql("PRAGMA schema_version").scalar_one()
    database.exec_driver_sql("PRAGMA writable_schema = ON")
    database.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?",
        (words.replace("ticket INTEGER NOT NULL", "ticket INTEGER"), name),
    )
    database.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    database.exec_driver_sql("PRAGMA writable_schema = OFF")


def _copy_of_letter() -> None:
    """The column with its reference, which SQLite takes only while the column is added."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE outbox ADD COLUMN blob TEXT CONSTRAINT fk_outbox_blob REFERENCES blob (sha256)")
        return
    op.add_column("outbox", sa.Column("blob", sa.Text(), nullable=True))
    op.create_foreign_key("fk_outbox_blob", "outbox", "blob", ["blob"], ["sha256"])


def _keys_of_withheld() -> None:
    """Nearly all keys are the address in small letters; the few others (domains beyond ASCII) are asked for."""
    op.execute("UPDATE withheld SET address_key = lower(address)")
    database = op.get_bind()
    known = database.execute(sa.text("SELECT DISTINCT address, address_key FROM withheld")).all()
    keys = ({"address": address, "key": address_key(address), "now": key} for address, key in known)
    others = [one for one in keys if one["key"] != one.pop("now")]
    if others:
        database.execute(sa.text("UPDATE withheld SET address_key = :key WHERE address = :address"), others)
