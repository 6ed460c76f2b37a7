"""The tables of the directory: pools and their experts."""

import sqlalchemy as sa

from ground.sql import Words, metadata

pools = sa.Table(
    "pools",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
)

experts = sa.Table(
    "experts",
    metadata,
    sa.Column("pool", sa.Text, sa.ForeignKey("pools.pool"), primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("headline", Words, nullable=False),
    sa.Column("biography", Words, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("modes", sa.JSON, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("hours", sa.Text, nullable=False),
    sa.Column("started_on", sa.Text, nullable=False),
    sa.Column("photo", sa.Text, nullable=False),
)
