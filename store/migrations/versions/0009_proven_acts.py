"""What was acted on by proof, so that it is not acted on again under another Message-ID.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "proven_act",
        sa.Column("sign", sa.Text(), nullable=False),
        sa.Column("intake", ID, nullable=False),
        sa.ForeignKeyConstraint(["intake"], ["intake.id"], name=op.f("fk_proven_act_intake")),
        sa.PrimaryKeyConstraint("sign", name=op.f("pk_proven_act")),
        sqlite_with_rowid=False,
    )
