"""People: accounts, sign-ins, options, photos, feedback, the index, mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _directory()
    _accounts()
    _mail()
    _photos()
    _index()
    _feedback()
    _wishes()


def _directory() -> None:
    op.add_column("pools", sa.Column("options", sa.JSON()))
    for name in ("exceptions", "holidays", "email"):
        op.add_column("experts", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("experts", sa.Column("rate", sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def _accounts() -> None:
    """identity/store.py"""


def _mail() -> None:
    """mail/store.py"""


def _photos() -> None:
    """directory/store.py: photos, testimonials"""


def _index() -> None:
    """directory/index/store.py"""


def _feedback() -> None:
    """sessions/store.py"""


def _wishes() -> None:
    """directory/store.py: who wants to be told when somebody is free"""
