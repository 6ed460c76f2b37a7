"""People: accounts, sign-ins, options, photos, feedback, the index, mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _directory()
    _accounts()
    _outside()
    _mail()
    _photos()
    _index()
    _feedback()
    _waits()
    _wishes()


def _directory() -> None:
    op.add_column("pools", sa.Column("options", sa.JSON()))
    for name in ("exceptions", "holidays", "email"):
        op.add_column("experts", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    for name in ("rate", "revision"):
        op.add_column("experts", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def _accounts() -> None:
    """identity/store.py"""
    for name in ("purpose", "email", "password", "device", "language"):
        empty = sa.text("''")
        op.add_column("sign_in_links", sa.Column(name, sa.Text(), nullable=False, server_default=empty))
    op.create_index("ix_sign_in_links_email_created_at", "sign_in_links", ["email", "created_at"])
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "password", "language")),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("account", name="pk_accounts"),
    )
    op.create_index("ix_accounts_email", "accounts", ["email"], unique=True)
    op.create_table(
        "memberships",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "role", "subject", "account")),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "role", "subject", name="pk_memberships"),
    )
    op.create_index("ix_memberships_account_pool_role", "memberships", ["account", "pool", "role"], unique=True)
    op.create_index("ix_memberships_pool_role_joined_at", "memberships", ["pool", "role", "joined_at"])
    _sign_ins()


def _sign_ins() -> None:
    texts = ("id", "pool", "role", "subject", "account", "how", "agent")
    op.create_table(
        "sign_ins",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "seen_at", "expires_at")),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_pool_role_subject", "sign_ins", ["pool", "role", "subject"])
    op.create_index("ix_sign_ins_account", "sign_ins", ["account"])
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_index("ix_sign_ins_ended_at", "sign_ins", ["ended_at"])
    op.create_table(
        "blocks",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "role", "subject", "by", "reason")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "role", "subject", name="pk_blocks"),
    )
    op.create_index("ix_blocks_at", "blocks", ["at"])


def _outside() -> None:
    """identity/outside/store.py"""
    op.create_table(
        "outside_logins",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("issuer", "subject", "account")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_outside_logins"),
    )
    op.create_index("ix_outside_logins_account", "outside_logins", ["account"])
    op.create_table(
        "used_states",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_states"),
    )
    op.create_index("ix_used_states_expires_at", "used_states", ["expires_at"])
    op.create_table(
        "adopted_visitors",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "visitor", "subject")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "visitor", name="pk_adopted_visitors"),
    )
    op.create_index("ix_adopted_visitors_pool_subject", "adopted_visitors", ["pool", "subject"])
    op.create_table(
        "erasures",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("erasure", "email")),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("erasure", name="pk_erasures"),
    )
    op.create_index("ix_erasures_done_at", "erasures", ["done_at"])


def _mail() -> None:
    op.create_table(
        "mail_outbox",
        sa.Column("mail", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "kind", "recipient", "subject", "text")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reply_to", "reply_name")),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "changed_at", "expires_at")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("give_up_at", "due_at")),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mail", name="pk_mail_outbox"),
    )
    op.create_index("ix_mail_outbox_state_due_at", "mail_outbox", ["state", "due_at"])
    op.create_index("ix_mail_outbox_pool_created_at", "mail_outbox", ["pool", "created_at"])
    op.create_index("ix_mail_outbox_changed_at", "mail_outbox", ["changed_at"])
    op.create_table(
        "mail_tally",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name="pk_mail_tally"),
    )


def _photos() -> None:
    """directory/store.py: photos, testimonials"""
    op.create_table(
        "photos",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("expert", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "expert", "size", name="pk_photos"),
    )
    op.create_index("ix_photos_pool_digest", "photos", ["pool", "digest"])
    op.create_table(
        "testimonials",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("testimonial", sa.Text(), nullable=False),
        sa.Column("expert", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "testimonial", name="pk_testimonials"),
    )
    op.create_index("ix_testimonials_pool_expert", "testimonials", ["pool", "expert"])


def _index() -> None:
    """directory/index/store.py"""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    term = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    texts = ("digest", "languages", "name", "headline", "expertise", "biography", "chats")
    op.create_table(
        "index_entries",
        sa.Column("entry", number, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "expert", *texts)),
        sa.PrimaryKeyConstraint("entry", name="pk_index_entries"),
    )
    op.create_index("ix_index_entries_pool_expert", "index_entries", ["pool", "expert"], unique=True)
    op.create_table(
        "index_pools",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("experts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("terms", "languages")),
        sa.PrimaryKeyConstraint("pool", name="pk_index_pools"),
    )
    op.create_table(
        "index_words",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("term", term, nullable=False),
        sa.Column("experts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "term", name="pk_index_words"),
    )
    op.create_table(
        "index_chats",
        sa.Column("chat", number, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "session", "expert", "user", "terms")),
        sa.PrimaryKeyConstraint("chat", name="pk_index_chats"),
    )
    for columns in (["pool", "session"], ["pool", "expert"], ["pool", "user"]):
        unique = "session" in columns
        op.create_index(f"ix_index_chats_{'_'.join(columns)}", "index_chats", columns, unique=unique)
    op.create_table(
        "index_stale",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "expert")),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "expert", name="pk_index_stale"),
    )
    _full_text()
    _stale()


def _full_text() -> None:
    """directory/index/sqlite/store.py, directory/index/postgres/store.py"""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE index_fts USING fts5"
            "(pool, name, headline, expertise, biography, chats, content='', tokenize='ascii')"
        )
        return
    # Ranking reads the whole vector of whatever matches: kept in the row and unpacked it takes a tenth of the time.
    op.execute(
        "CREATE TABLE index_fts (entry bigint PRIMARY KEY, pool text NOT NULL, vector tsvector NOT NULL)"
        " WITH (toast_tuple_target = 8160)"
    )
    op.execute("ALTER TABLE index_fts ALTER COLUMN vector SET STORAGE EXTERNAL")
    # Without fastupdate: what it puts off, every question would have to go through.
    op.execute("CREATE INDEX ix_index_fts_vector ON index_fts USING gin (vector) WITH (fastupdate = off)")
    op.execute("CREATE INDEX ix_index_fts_pool ON index_fts (pool)")


def _stale() -> None:
    """Whoever writes an expert marks them: what was there before is marked here."""
    op.execute("INSERT INTO index_stale SELECT pool, expert, 0 FROM experts")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    # Another mark with every change: who indexes takes off only the one that was there when they read.
    other = "random()" if is_sqlite else "(random() * 1e15)::bigint"
    mark = (
        "INSERT INTO index_stale VALUES ({row}.pool, {row}.expert, {other})"
        " ON CONFLICT (pool, expert) DO UPDATE SET mark = excluded.mark;"
    )
    if is_sqlite:
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
            body = mark.format(row=row, other=other)
            op.execute(f"CREATE TRIGGER index_stale_{event.lower()} AFTER {event} ON experts BEGIN {body} END")
        return
    op.execute(
        "CREATE FUNCTION index_stale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'DELETE' THEN {mark.format(row='OLD', other=other)}"
        f" ELSE {mark.format(row='NEW', other=other)} END IF;"
        " RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER index_stale AFTER INSERT OR UPDATE OR DELETE ON experts"
        " FOR EACH ROW EXECUTE FUNCTION index_stale()"
    )


def _feedback() -> None:
    """sessions/store.py, sessions/feedback/store.py"""
    text = ("pool", "session", "feedback", "expert", "user", "op", "text", "answer", "answer_op", "hidden_reason")
    op.create_table(
        "feedback",
        *(sa.Column(name, sa.Text(), nullable=False) for name in text),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("stars", "at", "answered_at", "pinned")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("may_teach", "hidden")),
        sa.PrimaryKeyConstraint("pool", "session", name="pk_feedback"),
    )
    op.create_index("ix_feedback_pool_feedback", "feedback", ["pool", "feedback"], unique=True)
    op.create_index("ix_feedback_pool_expert_at", "feedback", ["pool", "expert", "at"])
    op.create_index("ix_feedback_pool_hidden_expert_stars", "feedback", ["pool", "hidden", "expert", "stars"])
    op.create_index("ix_feedback_pool_user", "feedback", ["pool", "user"])
    # What counts as a session is read from the index alone.
    op.drop_index("ix_session_log_pool_expert_ended_at", "session_log")
    op.create_index(
        "ix_session_log_pool_expert_ended_at_live_at", "session_log", ["pool", "expert", "ended_at", "live_at"]
    )


def _waits() -> None:
    """queueing/store.py: who stood in whose line; the ticket log never knew, for its entry comes when they are left"""
    op.drop_column("ticket_log", "experts")
    op.create_table(
        "line_stays",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "ticket", "expert")),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("user", "name", "outcome", "reason", "epoch")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "ticket", "expert", "from_ms", name="pk_line_stays"),
    )
    op.create_index("ix_line_stays_pool_expert_from_ms", "line_stays", ["pool", "expert", "from_ms"])
    op.create_index("ix_line_stays_pool_user", "line_stays", ["pool", "user"])


def _wishes() -> None:
    """directory/store.py: who wants to be told when somebody is free"""
    op.create_table(
        "wishes",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("pool", "expert", "address", "subject", "language")),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "expert", "address", name="pk_wishes"),
    )
    op.create_index("ix_wishes_expires_at", "wishes", ["expires_at"])
    op.create_index("ix_wishes_pool_address", "wishes", ["pool", "address"])
