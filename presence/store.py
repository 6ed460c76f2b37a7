"""The table of presence: the history of every expert's indicator."""

import sqlalchemy as sa

from ground.sql import Words, metadata

expert_states = sa.Table(
    "expert_states",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),  # one entry may hold several states
    sa.Column("indicator", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("to_ms", sa.BigInteger),  # empty while the state lasts
)
sa.Index(None, expert_states.c.pool, expert_states.c.expert, expert_states.c.from_ms)
