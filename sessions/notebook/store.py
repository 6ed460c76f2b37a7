"""The tables of an expert's notebook."""

from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put

saved_replies = sa.Table(
    "saved_replies",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("reply", sa.Text, primary_key=True),
    sa.Column("place", sa.BigInteger, nullable=False),  # grows: the order in which they were made
    sa.Column("title", Words, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)

user_notes = sa.Table(
    "user_notes",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("text", Words, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
sa.Index(None, user_notes.c.pool, user_notes.c.user)

Row = sa.RowMapping


async def replies(tx: Tx, pool: str, expert: str) -> list[Row]:
    """In the order in which they were made."""
    query = sa.select(saved_replies).where(_of(saved_replies, pool, expert))
    return list((await tx.execute(query.order_by(saved_replies.c.place))).mappings())


async def put_reply(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a reply, or change the one of its id."""
    await put(tx, saved_replies, [row])


async def drop_reply(tx: Tx, pool: str, expert: str, reply: str) -> bool:
    """False when there is none."""
    own = sa.and_(_of(saved_replies, pool, expert), saved_replies.c.reply == reply)
    return (await tx.execute(sa.delete(saved_replies).where(own))).rowcount == 1


async def note(tx: Tx, pool: str, expert: str, user: str) -> Row | None:
    query = sa.select(user_notes).where(_of(user_notes, pool, expert), user_notes.c.user == user)
    return (await tx.execute(query)).mappings().first()


async def put_note(tx: Tx, row: dict[str, Any]) -> None:
    await put(tx, user_notes, [row])


async def drop_note(tx: Tx, pool: str, expert: str, user: str) -> None:
    own = sa.and_(_of(user_notes, pool, expert), user_notes.c.user == user)
    await tx.execute(sa.delete(user_notes).where(own))


async def notes_about(tx: Tx, pool: str, user: str) -> list[Row]:
    """What every expert has noted about a user."""
    about = sa.and_(user_notes.c.pool == pool, user_notes.c.user == user)
    return list((await tx.execute(sa.select(user_notes).where(about).order_by(user_notes.c.at))).mappings())


async def notes_by(tx: Tx, pool: str, expert: str) -> list[Row]:
    """What an expert has noted about all users."""
    query = sa.select(user_notes).where(_of(user_notes, pool, expert))
    return list((await tx.execute(query.order_by(user_notes.c.at))).mappings())


async def forget_user(tx: Tx, pool: str, user: str) -> None:
    await tx.execute(sa.delete(user_notes).where(user_notes.c.pool == pool, user_notes.c.user == user))


async def forget_expert(tx: Tx, pool: str, expert: str) -> None:
    for table in (saved_replies, user_notes):
        await tx.execute(sa.delete(table).where(_of(table, pool, expert)))


def _of(table: sa.Table, pool: str, expert: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.pool == pool, table.c.expert == expert)
