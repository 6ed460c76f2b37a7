"""The tables of mail, the outbox and what was counted today, and the statements on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once

letters = sa.Table(
    "mail_outbox",
    metadata,
    sa.Column("mail", sa.Text, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("text", Words, nullable=False),  # empty once it is erased
    sa.Column("reply_to", sa.Text, nullable=False),
    sa.Column("reply_name", Words, nullable=False),
    sa.Column("secret", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # see mail/outbox.py
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("error", Words, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),  # of the state
    sa.Column("expires_at", sa.BigInteger, nullable=False),  # 0: never
    sa.Column("give_up_at", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    sa.Column("claim", sa.Text, nullable=False),  # who holds the lease
    sa.Column("lease_until", sa.BigInteger, nullable=False),
)
sa.Index(None, letters.c.state, letters.c.due_at)
sa.Index(None, letters.c.pool, letters.c.created_at)
sa.Index(None, letters.c.changed_at)

tally = sa.Table(
    "mail_tally",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("day", sa.BigInteger, primary_key=True),  # days since 1970, UTC
    sa.Column("count", sa.BigInteger, nullable=False),
)

_FIRST = (letters.c.secret.desc(), letters.c.due_at, letters.c.mail)  # whoever signs in sits before the screen
_HANDED = ("waiting", "handing_over")


async def waiting(tx: Tx, pool: str, most: int) -> int:
    """How many letters of `pool` wait, counted up to `most`."""
    some = sa.select(letters.c.mail).where(letters.c.state == "waiting", letters.c.pool == pool).limit(most)
    return await tx.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0


async def add(tx: Tx, row: Mapping[str, Any]) -> None:
    """Insert a letter, unless it is there."""
    await put_once(tx, letters, [row])


async def find(tx: Tx, mail: str) -> sa.RowMapping | None:
    return (await tx.execute(sa.select(letters).where(letters.c.mail == mail))).mappings().one_or_none()


async def is_due(tx: Tx, now: int) -> bool:
    """Whether `claim` or `lapse` would find anything."""
    due = sa.and_(letters.c.state == "waiting", letters.c.due_at <= now)
    lost = letters.c.state == "handing_over"
    query = sa.select(letters.c.mail).where(sa.or_(due, lost), letters.c.lease_until <= now)
    return (await tx.scalar(query.limit(1))) is not None


async def claim(tx: Tx, claim: str, now: int, until: int, most: int) -> list[dict[str, Any]]:
    """Lease letters that are due, in one statement: of several who ask, one gets a letter."""
    free = (letters.c.state == "waiting", letters.c.due_at <= now, letters.c.lease_until <= now)
    first = sa.select(letters.c.mail).where(*free).order_by(*_FIRST).limit(most)
    # Apart from the update, so that PostgreSQL looks for them (and locks them) once.
    chosen = letters.c.mail.in_(sa.select(first.with_for_update(skip_locked=True).cte("first").c.mail))
    leased = {"claim": claim, "lease_until": until, "attempts": letters.c.attempts + 1}
    rows = await tx.execute(sa.update(letters).where(chosen, *free).values(leased).returning(letters))
    return [dict(row) for row in rows.mappings()]


async def move(tx: Tx, mail: str, holder: str, was: str, changed: Mapping[str, Any]) -> bool:
    """Change a letter that `holder` has leased and that is in the state `was`; False when that is not so any more."""
    held = (letters.c.mail == mail, letters.c.claim == holder, letters.c.state == was)
    done = await tx.execute(sa.update(letters).where(*held).values(changed))
    return done.rowcount == 1


async def lapse(tx: Tx, now: int, changed: Mapping[str, Any]) -> None:
    """What happens to letters whose holder vanished while handing them over."""
    lost = (letters.c.state == "handing_over", letters.c.lease_until <= now)
    await tx.execute(sa.update(letters).where(*lost).values(changed))


async def expire(tx: Tx, now: int, changed: Mapping[str, Any]) -> None:
    """What happens to waiting letters whose time is over and that nobody is sending."""
    ended = (letters.c.expires_at > 0, letters.c.expires_at <= now, letters.c.lease_until <= now)
    await tx.execute(sa.update(letters).where(letters.c.state == "waiting", *ended).values(changed))


async def erase_secrets(tx: Tx, now: int) -> None:
    """Erase the text of secret letters that no longer open anything, whatever became of them."""
    over = (letters.c.secret, letters.c.expires_at > 0, letters.c.expires_at <= now, letters.c.text != "")
    await tx.execute(sa.update(letters).where(*over, letters.c.state.not_in(_HANDED)).values(text=""))


async def forget_old(tx: Tx, before: int, day: int) -> None:
    """Delete the letters that came to an end before `before` (ms), and what was counted before `day`."""
    await tx.execute(sa.delete(letters).where(letters.c.changed_at < before, letters.c.state.not_in(_HANDED)))
    await tx.execute(sa.delete(tally).where(tally.c.day < day))


async def forget_address(tx: Tx, pool: str, address: str) -> bool:
    """Delete the letters of `pool` ("": of all) that go to `address` or ask for answers to it, and what was counted of
    it. Whether none is left: one that is just being handed over stays."""
    theirs = [_concerns(address), *([letters.c.pool == pool] if pool else [])]
    await tx.execute(sa.delete(letters).where(*theirs, letters.c.state != "handing_over"))
    await tx.execute(sa.delete(tally).where(tally.c.name.endswith(f":{address}", autoescape=True)))
    return (await tx.execute(sa.select(letters.c.mail).where(*theirs).limit(1))).first() is None


async def of_address(tx: Tx, address: str) -> Sequence[sa.RowMapping]:
    """All letters that go to `address` or ask for answers to it, oldest first."""
    query = sa.select(letters).where(_concerns(address)).order_by(letters.c.created_at)
    return (await tx.execute(query)).mappings().all()


def _concerns(address: str) -> sa.ColumnElement[bool]:
    return sa.or_(sa.func.lower(letters.c.recipient) == address, sa.func.lower(letters.c.reply_to) == address)


async def newest(tx: Tx, pool: str, before: int, limit: int) -> Sequence[sa.RowMapping]:
    query = sa.select(letters).where(letters.c.pool == pool)
    if before:
        query = query.where(letters.c.created_at < before)
    query = query.order_by(letters.c.created_at.desc(), letters.c.mail).limit(limit)
    return (await tx.execute(query)).mappings().all()


async def send_again(tx: Tx, pool: str, mail: str, states: Sequence[str], changed: Mapping[str, Any]) -> bool:
    """Change a letter of `pool` that is in one of `states` and still has its text; False when there is none such."""
    able = (letters.c.mail == mail, letters.c.pool == pool, letters.c.state.in_(states), letters.c.text != "")
    return (await tx.execute(sa.update(letters).where(*able).values(changed))).rowcount == 1


async def count_one(tx: Tx, name: str, day: int) -> int:
    """Count one more under `name` today, and return how many there are."""
    await put_once(tx, tally, [{"name": name, "day": day, "count": 0}])
    counted = sa.update(tally).where(tally.c.name == name, tally.c.day == day).values(count=tally.c.count + 1)
    return int((await tx.execute(counted.returning(tally.c.count))).scalar_one())
