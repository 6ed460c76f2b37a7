"""Calls: telephone numbers, recordings; chat made whole: files, changed messages, saved replies, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _sessions()
    _chat()


def _sessions() -> None:
    """sessions/store.py: how the media flowed, and where a session went on."""
    for name in ("path", "user_leg", "expert_leg", "went_to"):
        op.add_column("session_log", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def _chat() -> None:
    """sessions/store.py: messages that were changed, taken back, or carry a file."""
    op.add_column("chat_lines", sa.Column("edited_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("chat_lines", sa.Column("unsaid", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("chat_lines", sa.Column("file", sa.JSON(), nullable=True))
