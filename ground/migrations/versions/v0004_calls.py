"""Calls: telephone numbers, recordings; chat made whole: files, changed messages, saved replies, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _sessions()


def _sessions() -> None:
    """sessions/store.py: how the media flowed, and where a session went on."""
    for name in ("path", "user_leg", "expert_leg", "went_to"):
        op.add_column("session_log", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
