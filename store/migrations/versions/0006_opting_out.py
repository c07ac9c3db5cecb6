"""Opting out of letters about one ticket; when and how a company opted out.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from store.tables import CleanText, UtcTime

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ticket_mute",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("how", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_ticket_mute_ticket")),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_ticket_mute_contact")),
        sa.PrimaryKeyConstraint("ticket", "contact", name=op.f("pk_ticket_mute")),
    )
    op.create_index(op.f("ix_ticket_mute_contact"), "ticket_mute", ["contact"], unique=False)
    op.add_column("organization", sa.Column("opted_out_at", UtcTime(), nullable=True))
    op.add_column("organization", sa.Column("opted_out_how", CleanText(), nullable=False, server_default=""))
