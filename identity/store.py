"""The tables of identity: one-use sign-in links and what operators did."""

import sqlalchemy as sa

from ground.sql import Words, metadata

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the token, which is stored nowhere
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("used_at", sa.BigInteger),  # empty until it is used
)

operator_actions = sa.Table(
    "operator_actions",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # what makes an action the same one: see identity/audit.py
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
sa.Index(None, operator_actions.c.pool, operator_actions.c.at)
