"""Due times of tickets.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcTime

revision = "0008"
down_revision = "0007"

ARMED = sa.text("due_at IS NOT NULL AND due_told != 'overdue'")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("due_at", UtcTime(), nullable=True))
    op.add_column("ticket", sa.Column("due_told", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_ticket_due", "ticket", ["due_at"], sqlite_where=ARMED, postgresql_where=ARMED)
