"""The tables of people whose accounts are kept elsewhere, and of what leaves: logins, used states, grown visitors,
erasures."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once
from identity.store import accounts, actions, links, memberships, sign_ins

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
    sa.Column("email", Words, nullable=False),
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


async def drop_account(tx: Tx, account: str) -> None:
    """Delete an account that nobody has got."""
    await tx.execute(sa.delete(accounts).where(accounts.c.account == account))


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


async def memberships_of(tx: Tx, account: str) -> list[tuple[str, str, str]]:
    """Pool, role and subject of all that an account is."""
    m = memberships.c
    rows = await tx.execute(sa.select(m.pool, m.role, m.subject).where(m.account == account).order_by(m.pool, m.role))
    return [(pool, role, subject) for pool, role, subject in rows]


async def asked_links(tx: Tx, email: str) -> list[dict[str, Any]]:
    """When links were asked for an address."""
    if not email:
        return []
    columns = (links.c.pool, links.c.role, links.c.purpose, links.c.created_at, links.c.used_at)
    query = sa.select(*columns).where(links.c.email == email).order_by(links.c.created_at)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def all_sign_ins(tx: Tx, account: str, members: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Those that are over, too."""
    columns = [sign_ins.c[name] for name in ("pool", "role", "how", "agent", "created_at", "seen_at", "ended_at")]
    query = sa.select(*columns).where(_signed_in(account, members)).order_by(sign_ins.c.created_at)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def forget_person(
    tx: Tx, account: str, email: str, members: Sequence[tuple[str, str, str]], pseudonym: str
) -> None:
    """Delete what signs somebody in and what they signed in with; in the audit they have a pseudonym from now on."""
    gone = sa.update(sign_ins).where(_signed_in(account, members))
    # The row itself tells other processes that the sign-in is over, and goes when that is no news any more.
    await tx.execute(gone.values(agent="", expires_at=sign_ins.c.ended_at))
    if account:
        await tx.execute(sa.delete(logins).where(logins.c.account == account))
        await tx.execute(sa.delete(memberships).where(memberships.c.account == account))
    if email:
        await tx.execute(sa.delete(links).where(links.c.email == email))
        named = actions.c.object.endswith(f":{email}", autoescape=True)
        await tx.execute(sa.update(actions).where(named).values(object=f"account:{pseudonym}"))
    for pool, role, subject in members:
        await _forget_member(tx, pool, role, subject, pseudonym)


async def _forget_member(tx: Tx, pool: str, role: str, subject: str, pseudonym: str) -> None:
    theirs = (links.c.pool == pool, links.c.role == role, links.c.subject == subject)
    await tx.execute(sa.delete(links).where(*theirs))
    if role == "user":
        grown = (adopted.c.pool == pool, sa.or_(adopted.c.subject == subject, adopted.c.visitor == subject))
        await tx.execute(sa.delete(adopted).where(*grown))
    if role != "expert":  # an expert's id is that of the profile, which is the pool's
        done_to = (actions.c.pool == pool, actions.c.object == f"{role}:{subject}")
        await tx.execute(sa.update(actions).where(*done_to).values(object=f"{role}:{pseudonym}"))
    if role == "operator":
        done_by = (actions.c.pool == pool, actions.c.actor == subject)
        await tx.execute(sa.update(actions).where(*done_by).values(actor=pseudonym))


def _signed_in(account: str, members: Sequence[tuple[str, str, str]]) -> sa.ColumnElement[bool]:
    s = sign_ins.c
    each = [sa.and_(s.pool == pool, s.role == role, s.subject == subject) for pool, role, subject in members]
    whose = [s.account == account] if account else []
    return sa.or_(sa.false(), *whose, *each)


async def add_erasure(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(erasures).values(row))


async def open_erasures(tx: Tx, limit: int = 20) -> list[dict[str, Any]]:
    """What is still to be erased, the oldest first."""
    query = sa.select(erasures).where(erasures.c.done_at.is_(None)).order_by(erasures.c.asked_at).limit(limit)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def close_erasure(tx: Tx, erasure: str, now: int) -> None:
    """It is done: even whose it was is forgotten."""
    done = {"done_at": now, "email": "", "members": []}
    await tx.execute(sa.update(erasures).where(erasures.c.erasure == erasure).values(done))
