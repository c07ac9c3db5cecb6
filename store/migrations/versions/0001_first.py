"""The first tables.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from store.tables import CleanJson, CleanText, UtcTime

revision = "0001"
down_revision = None

# SQLite only counts up a column of exactly the type INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "folder",
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("first_uid", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("first_contact", UtcTime(), nullable=False),
        sa.Column("scanned_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder", name=op.f("pk_folder")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "organization",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("address", CleanText(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email_opt_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
    )
    op.create_table(
        "rule_set",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("first_live", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rule_set")),
    )
    op.create_table(
        "contact",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("organization", ID, nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email_opt_out", sa.Boolean(), nullable=False),
        sa.Column("opted_out_at", UtcTime(), nullable=True),
        sa.Column("opted_out_how", CleanText(), nullable=False),
        sa.Column("portal_user", sa.Boolean(), nullable=False),
        sa.Column("support_start", sa.Date(), nullable=True),
        sa.Column("support_end", sa.Date(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organization.id"], name=op.f("fk_contact_organization")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_organization"), "contact", ["organization"], unique=False)
    op.create_table(
        "organization_domain",
        sa.Column("domain", CleanText(), nullable=False),
        sa.Column("organization", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_organization_domain_organization")
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_organization_domain")),
    )
    op.create_index(op.f("ix_organization_domain_organization"), "organization_domain", ["organization"], unique=False)
    op.create_table(
        "contact_address",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("address", CleanText(), nullable=False),
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("undeliverable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_contact_address_contact")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_address")),
        sa.UniqueConstraint("key", name=op.f("uq_contact_address_key")),
    )
    op.create_index(op.f("ix_contact_address_contact"), "contact_address", ["contact"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("number", ID, autoincrement=True, nullable=False),
        sa.Column("title", CleanText(), nullable=False),
        sa.Column("description", CleanText(), nullable=False),
        sa.Column("solution", CleanText(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("requester", ID, nullable=True),
        sa.Column("organization", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("linked_to", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("waiting_since", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["linked_to"], ["ticket.number"], name=op.f("fk_ticket_linked_to")),
        sa.ForeignKeyConstraint(["organization"], ["organization.id"], name=op.f("fk_ticket_organization")),
        sa.ForeignKeyConstraint(["requester"], ["contact.id"], name=op.f("fk_ticket_requester")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ticket")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_agent", "ticket", ["agent", "status"], unique=False)
    op.create_index(op.f("ix_ticket_linked_to"), "ticket", ["linked_to"], unique=False)
    op.create_index(op.f("ix_ticket_organization"), "ticket", ["organization"], unique=False)
    op.create_index(op.f("ix_ticket_requester"), "ticket", ["requester"], unique=False)
    op.create_index("ix_ticket_status", "ticket", ["status", "number"], unique=False)
    op.create_table(
        "intake",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("arrived", UtcTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reprieves", sa.Integer(), nullable=False),
        sa.Column("quiet", CleanText(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=True),
        sa.Column("content_key", sa.Text(), nullable=True),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("sender", CleanText(), nullable=False),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("duplicate_of", ID, nullable=True),
        sa.Column("because", CleanText(), nullable=False),
        sa.Column("decision", CleanJson(), nullable=True),
        sa.Column("listed_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["blob"], ["blob.sha256"], name=op.f("fk_intake_blob")),
        sa.ForeignKeyConstraint(["duplicate_of"], ["intake.id"], name=op.f("fk_intake_duplicate_of")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_intake_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
        sa.UniqueConstraint("content_key", name=op.f("uq_intake_content_key")),
        sa.UniqueConstraint("source", "position", name=op.f("uq_intake_source_position")),
    )
    op.create_index(op.f("ix_intake_blob"), "intake", ["blob"], unique=False)
    op.create_index(op.f("ix_intake_ticket"), "intake", ["ticket"], unique=False)
    op.create_index("ix_intake_uid", "intake", ["mailbox", "folder", "uidvalidity", "uid"], unique=False)
    op.create_index(
        "ix_intake_unfinished",
        "intake",
        ["state", "source", "id"],
        unique=False,
        sqlite_where=sa.text("state != 'filed'"),
        postgresql_where=sa.text("state != 'filed'"),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("tag", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_ticket_tag_ticket")),
        sa.PrimaryKeyConstraint("ticket", "tag", name=op.f("pk_ticket_tag")),
    )
    op.create_index(op.f("ix_ticket_tag_tag"), "ticket_tag", ["tag"], unique=False)
    op.create_table(
        "watcher",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("contact", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_watcher_contact")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_watcher_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watcher")),
        sa.UniqueConstraint("ticket", "agent", name=op.f("uq_watcher_ticket_agent")),
        sa.UniqueConstraint("ticket", "contact", name=op.f("uq_watcher_ticket_contact")),
    )
    op.create_index(op.f("ix_watcher_ticket"), "watcher", ["ticket"], unique=False)
    op.create_table(
        "act",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", CleanText(), nullable=False),
        sa.Column("actor_name", CleanText(), nullable=False),
        sa.Column("intake", ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["intake"], ["intake.id"], name=op.f("fk_act_intake")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    op.create_table(
        "entry",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author", CleanText(), nullable=False),
        sa.Column("contact", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("reply_text", CleanText(), nullable=True),
        sa.Column("intake", ID, nullable=True),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("unconfirmed", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("attachments", CleanJson(), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_entry_contact")),
        sa.ForeignKeyConstraint(["intake"], ["intake.id"], name=op.f("fk_entry_intake")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_entry_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
    )
    op.create_index(
        "ix_entry_fingerprint",
        "entry",
        ["fingerprint", "at"],
        unique=False,
        sqlite_where=sa.text("fingerprint != ''"),
        postgresql_where=sa.text("fingerprint != ''"),
    )
    op.create_index(op.f("ix_entry_intake"), "entry", ["intake"], unique=False)
    op.create_index(op.f("ix_entry_message_id"), "entry", ["message_id"], unique=False)
    op.create_index("ix_entry_ticket", "entry", ["ticket", "id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("act", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", CleanText(), nullable=False),
        sa.Column("actor_name", CleanText(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", CleanText(), nullable=False),
        sa.Column("after", CleanText(), nullable=False),
        sa.Column("entry", ID, nullable=True),
        sa.Column("because", CleanText(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["act"], ["act.id"], name=op.f("fk_event_act")),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name=op.f("fk_event_entry")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_event_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_act"), "event", ["act"], unique=False)
    op.create_index("ix_event_ticket", "event", ["ticket", "id"], unique=False)
    op.create_table(
        "file",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("content_type", CleanText(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["blob"], ["blob.sha256"], name=op.f("fk_file_blob")),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name=op.f("fk_file_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    op.create_index(op.f("ix_file_blob"), "file", ["blob"], unique=False)
    op.create_index(op.f("ix_file_entry"), "file", ["entry"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("letter", sa.String(), nullable=False),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("act", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient_key", CleanText(), nullable=False),
        sa.Column("address", CleanText(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("contact", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("because", CleanText(), nullable=False),
        sa.Column("facts", CleanJson(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=True),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("tried_at", UtcTime(), nullable=True),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.Column("reply", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["act"], ["act.id"], name=op.f("fk_outbox_act")),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_outbox_contact")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_outbox_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("act", "recipient_key", name=op.f("uq_outbox_act_recipient_key")),
        sa.UniqueConstraint("letter", name=op.f("uq_outbox_letter")),
    )
    op.create_index(
        "ix_outbox_claimed",
        "outbox",
        ["claimed_by"],
        unique=False,
        sqlite_where=sa.text("claimed_by != ''"),
        postgresql_where=sa.text("claimed_by != ''"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"], unique=False)
    op.create_index("ix_outbox_order", "outbox", ["ticket", "recipient_key", "id"], unique=False)
    op.create_index("ix_outbox_recent", "outbox", ["recipient_key", "queued_at"], unique=False)
    op.create_table(
        "withheld",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("act", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("letter", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("address", CleanText(), nullable=False),
        sa.Column("contact", ID, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("because", CleanText(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["act"], ["act.id"], name=op.f("fk_withheld_act")),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_withheld_contact")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_withheld_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld")),
    )
    op.create_index("ix_withheld_ticket", "withheld", ["ticket", "id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        # Mails hardly shrink and are read whole: out of line and uncompressed is several times faster.
        op.execute("ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL")
