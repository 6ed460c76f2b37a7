"""The tables of people whose accounts are kept elsewhere, and of what leaves: logins, used states, grown visitors,
erasures."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, metadata, put_once
from identity.store import memberships

logins = sa.Table(
    "outside_logins",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),  # the issuer's own name for somebody
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)

used_states = sa.Table(
    "used_states",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

adopted = sa.Table(
    "adopted_visitors",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("visitor", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),  # of the user that the visitor turned out to be
    sa.Column("at", sa.BigInteger, nullable=False),
)
sa.Index(None, adopted.c.pool, adopted.c.subject)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("erasure", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("members", sa.JSON, nullable=False),  # [pool, role, subject] of whoever is erased
    sa.Column("asked_at", sa.BigInteger, nullable=False),
    sa.Column("done_at", sa.BigInteger),  # empty while work is left
)
sa.Index(None, erasures.c.done_at)


async def use_state(tx: Tx, digest: str, expires_at: int, now: int) -> bool:
    """False when it was used before. What can't come back any more is forgotten."""
    await tx.execute(sa.delete(used_states).where(used_states.c.expires_at < now))
    known = sa.select(used_states.c.digest).where(used_states.c.digest == digest)
    if (await tx.execute(known)).first():
        return False
    try:
        async with tx.begin_nested():
            await tx.execute(sa.insert(used_states).values(digest=digest, expires_at=expires_at))
    except sa.exc.IntegrityError:
        return False
    return True


async def account_of(tx: Tx, issuer: str, subject: str) -> str:
    """The account that signs in so, or ""."""
    query = sa.select(logins.c.account).where(logins.c.issuer == issuer, logins.c.subject == subject)
    return str((await tx.execute(query)).scalar() or "")


async def add_login(tx: Tx, row: Mapping[str, Any]) -> None:
    await put_once(tx, logins, [row])


async def logins_of(tx: Tx, account: str) -> list[dict[str, Any]]:
    query = sa.select(logins).where(logins.c.account == account).order_by(logins.c.at)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def forget_logins(tx: Tx, account: str) -> None:
    await tx.execute(sa.delete(logins).where(logins.c.account == account))


async def pools_of(tx: Tx, account: str) -> set[str]:
    """The pools in which an account is a member."""
    query = sa.select(memberships.c.pool).where(memberships.c.account == account)
    return set((await tx.execute(query)).scalars())


async def note_adopted(tx: Tx, row: Mapping[str, Any]) -> None:
    await put_once(tx, adopted, [row])


async def visitors_of(tx: Tx, pool: str, subject: str) -> list[str]:
    """Whom a user was before."""
    query = sa.select(adopted.c.visitor).where(adopted.c.pool == pool, adopted.c.subject == subject)
    return list((await tx.execute(query)).scalars())


async def forget_visitors(tx: Tx, pool: str, subject: str) -> None:
    await tx.execute(sa.delete(adopted).where(adopted.c.pool == pool, adopted.c.subject == subject))


async def add_erasure(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(erasures).values(row))


async def open_erasures(tx: Tx, limit: int = 20) -> list[dict[str, Any]]:
    """What is still to be erased, the oldest first."""
    query = sa.select(erasures).where(erasures.c.done_at.is_(None)).order_by(erasures.c.asked_at).limit(limit)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def close_erasure(tx: Tx, erasure: str, now: int) -> None:
    """It is done: even whose it was is forgotten."""
    done = {"done_at": now, "account": "", "members": []}
    await tx.execute(sa.update(erasures).where(erasures.c.erasure == erasure).values(done))
