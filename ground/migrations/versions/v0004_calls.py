"""Calls: telephone numbers, recordings; chat made whole: files, changed messages, saved replies, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _sessions()
    _phone()
    _chat()
    _files()
    _notebook()
    _recordings()


def _phone() -> None:
    """sessions/phone/store.py: numbers, the codes that confirm them, and every call that was made."""
    whose = ("pool", "side", "member")
    op.create_table(
        "phone_numbers",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in whose),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "region", "language")),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.Column("answers_on", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("missed_at", "changed_at")),
    )
    op.create_index("ix_phone_numbers_pool_number", "phone_numbers", ["pool", "number"])
    op.create_table(
        "phone_codes",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in whose),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "digest")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("tries", "expires_at")),
    )
    op.create_index("ix_phone_codes_expires_at", "phone_codes", ["expires_at"])
    texts = (*whose, "number", "digest", "prefix", "network", "purpose", "subject", "worker")
    op.create_table(
        "phone_calls",
        sa.Column("call", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("at", "ended_at")),
        sa.Column("outcome", sa.Text(), nullable=False),
    )
    op.create_index("ix_phone_calls_pool_at", "phone_calls", ["pool", "at"])
    op.create_index("ix_phone_calls_pool_side_member", "phone_calls", list(whose))


def _sessions() -> None:
    """sessions/store.py: how the media flowed, and where a session went on."""
    for name in ("path", "user_leg", "expert_leg", "went_to"):
        op.add_column("session_log", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    # One's own sessions are listed with the last that ended first.
    op.drop_index("ix_session_log_pool_user_matched_at", "session_log")
    op.create_index("ix_session_log_pool_user_ended_at", "session_log", ["pool", "user", "ended_at"])


def _chat() -> None:
    """sessions/store.py: messages that were changed, taken back, or carry a file."""
    op.add_column("chat_lines", sa.Column("edited_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("chat_lines", sa.Column("unsaid", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("chat_lines", sa.Column("file", sa.JSON(), nullable=True))


def _recordings() -> None:
    """sessions/recording/store.py"""
    names = ("pool", "session", "user", "expert")
    numbers = ("started_at", "ended_at", "length_ms", "bytes")
    op.create_table(
        "recordings",
        *[sa.Column(name, sa.Text(), nullable=False) for name in names],
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers],
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("sha256", "path", "state")],
        sa.Column("erase_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "session", name="pk_recordings"),
    )
    op.create_index("ix_recordings_state_erase_at", "recordings", ["state", "erase_at"])
    op.create_index("ix_recordings_pool_user", "recordings", ["pool", "user"])
    op.create_index("ix_recordings_pool_expert", "recordings", ["pool", "expert"])


def _files() -> None:
    """sessions/files/store.py, sessions/fetching/store.py: files of chats, and the tickets that were used."""
    op.create_table(
        "chat_files",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("pool", "file")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("session", "side")),
        sa.Column("slot", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "name", "type")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("size", "width", "height")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("path", "op")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("n", "at", "until")),
    )
    op.create_index("ix_chat_files_pool_session_slot", "chat_files", ["pool", "session", "slot"], unique=True)
    op.create_index("ix_chat_files_state_until", "chat_files", ["state", "until"])
    op.create_table(
        "used_tickets",
        sa.Column("ticket", sa.Text(), primary_key=True),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_used_tickets_until", "used_tickets", ["until"])


def _notebook() -> None:
    """sessions/notebook/store.py: what an expert keeps for oneself."""
    op.create_table(
        "saved_replies",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("pool", "expert", "reply")),
        sa.Column("place", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "text")),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "user_notes",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("pool", "expert", "user")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_user_notes_pool_user", "user_notes", ["pool", "user"])
