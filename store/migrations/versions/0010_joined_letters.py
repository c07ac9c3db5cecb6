"""Letters that go together with another one.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

JOINED = sa.text("joined_into != ''")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("parts", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("joined_into", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_outbox_joined_into", "outbox", ["joined_into"], sqlite_where=JOINED, postgresql_where=JOINED)
