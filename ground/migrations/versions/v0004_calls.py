"""Calls: telephone numbers, recordings; chat made whole: files, changed messages, saved replies, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _sessions()
    _phone()
    _chat()


def _phone() -> None:
    """sessions/phone/store.py: numbers, the codes that confirm them, and every call that was made."""
    whose = ("pool", "side", "member")
    op.create_table(
        "phone_numbers",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in whose),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "region")),
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


def _chat() -> None:
    """sessions/store.py: messages that were changed, taken back, or carry a file."""
    op.add_column("chat_lines", sa.Column("edited_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("chat_lines", sa.Column("unsaid", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("chat_lines", sa.Column("file", sa.JSON(), nullable=True))
