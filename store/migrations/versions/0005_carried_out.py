"""What rules decide is carried out: folders to file in, senders to count, turns, fields and tags of the house's own.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from store.tables import CleanJson, CleanText

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("intake", sa.Column("sender_key", CleanText(), nullable=False, server_default=""))
    op.add_column("intake", sa.Column("file_in", CleanText(), nullable=False, server_default=""))
    # Good enough for counting: only letters beyond ASCII are folded otherwise.
    op.execute("UPDATE intake SET sender_key = lower(sender) WHERE sender != ''")
    op.create_index("ix_intake_sender", "intake", ["sender_key", "listed_at"], unique=False)
    op.add_column("organization", sa.Column("agent", sa.String(), nullable=False, server_default=""))
    op.add_column("contact", sa.Column("tags", CleanJson(), nullable=True))
    op.create_index("ix_ticket_title", "ticket", ["title", "number"], unique=False)
    op.create_index("ix_external_id_value", "external_id", ["value"], unique=False)
    op.create_table(
        "ticket_field",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_ticket_field_ticket")),
        sa.PrimaryKeyConstraint("ticket", "field", name=op.f("pk_ticket_field")),
    )
    op.create_table(
        "turn",
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_turn")),
    )
