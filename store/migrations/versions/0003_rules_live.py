"""Which rules matched which mails, and the daemons with what they think of their settings.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from store.tables import CleanText, UtcTime

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What the decision records of earlier mails say.
_BACKFILL = {
    "sqlite": """
        INSERT OR IGNORE INTO matched_rule (rule_set, rule, intake)
        SELECT json_extract(decision, '$.rule_set'), coalesce(one.value, ''), intake.id
        FROM intake LEFT JOIN json_each(intake.decision, '$.rules') AS one ON true
        WHERE json_extract(decision, '$.rule_set') IS NOT NULL
    """,
    "postgresql": """
        INSERT INTO matched_rule (rule_set, rule, intake)
        SELECT decision ->> 'rule_set', coalesce(one.value, ''), intake.id
        FROM intake LEFT JOIN LATERAL jsonb_array_elements_text(decision -> 'rules') AS one(value) ON true
        WHERE decision ->> 'rule_set' IS NOT NULL
        ON CONFLICT DO NOTHING
    """,
}


def upgrade() -> None:
    op.create_table(
        "matched_rule",
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("rule", CleanText(), nullable=False),
        sa.Column("intake", ID, nullable=False),
        sa.ForeignKeyConstraint(["intake"], ["intake.id"], name=op.f("fk_matched_rule_intake")),
        sa.PrimaryKeyConstraint("rule_set", "rule", "intake", name=op.f("pk_matched_rule")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daemon",
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("rule_set", sa.String(), nullable=False),
        sa.Column("loaded_at", UtcTime(), nullable=False),
        sa.Column("refused", CleanText(), nullable=False),
        sa.Column("refused_at", UtcTime(), nullable=True),
        sa.Column("restart", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_daemon")),
    )
    op.execute(_BACKFILL[op.get_bind().dialect.name])
