"""The tables of identity and the statements on them: accounts, memberships, sign-ins, blocks, links, the audit."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put, put_once

links = sa.Table(
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
    # "", or what following the link does beside signing in: see identity/links.py
    sa.Column("purpose", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("email", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("password", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("device", sa.Text, nullable=False, server_default=sa.text("''")),  # a digest
    sa.Column("language", sa.Text, nullable=False, server_default=sa.text("''")),
)
sa.Index(None, links.c.email, links.c.created_at)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("email", Words),  # normalised; empty once the account is erased
    sa.Column("name", Words, nullable=False),
    sa.Column("password", sa.Text, nullable=False),  # an argon2 hash, or "" where only links sign in
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("erased_at", sa.BigInteger),
)
sa.Index(None, accounts.c.email, unique=True)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("joined_at", sa.BigInteger, nullable=False),
)
sa.Index(None, memberships.c.account, memberships.c.pool, memberships.c.role, unique=True)
sa.Index(None, memberships.c.pool, memberships.c.role, memberships.c.joined_at)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # the `jti` of the cookie
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),  # "" for one without: a visitor, a link of the command line
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("agent", Words, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("ended_at", sa.BigInteger, index=True),
    sa.Column("ended_why", sa.Text, nullable=False),
)
sa.Index(None, sign_ins.c.pool, sign_ins.c.role, sign_ins.c.subject)
sa.Index(None, sign_ins.c.account)

blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
)

actions = sa.Table(
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
sa.Index(None, actions.c.pool, actions.c.at)


async def add_link(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(links).values(row))


async def forget_links(tx: Tx, before: int) -> None:
    """Delete the links that ended before `before` (ms)."""
    await tx.execute(sa.delete(links).where(links.c.expires_at < before))


async def take_link(tx: Tx, digest: str, now: int) -> dict[str, Any] | None:
    """Use up a link in one statement: of several who ask at once, one gets the row."""
    usable = (links.c.digest == digest, links.c.used_at.is_(None), links.c.expires_at > now)
    taken = sa.update(links).where(*usable).values(used_at=now).returning(links)
    return plain((await tx.execute(taken)).mappings().one_or_none())


async def find_link(tx: Tx, digest: str) -> dict[str, Any] | None:
    return await one(tx, sa.select(links).where(links.c.digest == digest))


async def links_since(tx: Tx, email: str, since: int) -> int:
    """How many links were asked for `email` after the time `since` (ms)."""
    asked = sa.select(sa.func.count()).where(links.c.email == email, links.c.created_at > since)
    return int((await tx.execute(asked)).scalar_one())


# ---------------------------------------------------------------- accounts


async def add_account(tx: Tx, row: Mapping[str, Any]) -> bool:
    """False, and nothing is changed, when another has the address."""
    try:
        async with tx.begin_nested():
            await tx.execute(sa.insert(accounts).values(row))
    except sa.exc.IntegrityError:
        return False
    return True


async def account_of(tx: Tx, email: str, *, lock: bool = False) -> dict[str, Any] | None:
    """The account of an address; with `lock` nobody else changes it until the transaction ends."""
    query = sa.select(accounts).where(accounts.c.email == email)
    return await one(tx, query.with_for_update() if lock else query)


async def account(tx: Tx, account: str) -> dict[str, Any] | None:
    return await one(tx, sa.select(accounts).where(accounts.c.account == account))


async def set_account(tx: Tx, account: str, **changed: Any) -> None:
    await tx.execute(sa.update(accounts).where(accounts.c.account == account).values(changed))


async def join(tx: Tx, row: Mapping[str, Any]) -> None:
    """Add a membership, unless its subject is a member. The account has none there yet, and is locked."""
    await put_once(tx, memberships, [row])


async def membership(tx: Tx, pool: str, role: str, subject: str) -> dict[str, Any] | None:
    return await one(tx, sa.select(memberships).where(*_who(memberships, pool, role, subject)))


async def membership_of(tx: Tx, account: str, pool: str, role: str) -> dict[str, Any] | None:
    theirs = (memberships.c.account == account, memberships.c.pool == pool, memberships.c.role == role)
    return await one(tx, sa.select(memberships).where(*theirs))


async def members(tx: Tx, pool: str, role: str, before: int, limit: int) -> list[dict[str, Any]]:
    """The newest `limit` members who joined before `before` (ms), and whoever joined with the last of them."""
    m = memberships.c
    asked = [m.pool == pool, m.role == role, *([m.joined_at < before] if before else [])]
    last = sa.select(m.joined_at).where(*asked).order_by(m.joined_at.desc()).offset(limit - 1).limit(1)
    query = (
        sa.select(*m, accounts.c.name, accounts.c.email, blocks.c.at.label("blocked_at"), blocks.c.reason)
        .join_from(memberships, accounts, accounts.c.account == m.account)
        .outerjoin(blocks, sa.and_(*(blocks.c[key] == m[key] for key in ("pool", "role", "subject"))))
        .where(*asked, m.joined_at >= sa.func.coalesce(last.scalar_subquery(), 0))
        .order_by(m.joined_at.desc(), m.subject)
    )
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def blocked_strangers(tx: Tx, pool: str, role: str) -> list[dict[str, Any]]:
    """Who is blocked and has no account here: a visitor, somebody of the host's."""
    known = sa.and_(*(blocks.c[key] == memberships.c[key] for key in ("pool", "role", "subject")))
    query = (
        sa.select(blocks)
        .outerjoin(memberships, known)
        .where(blocks.c.pool == pool, blocks.c.role == role, memberships.c.subject.is_(None))
        .order_by(blocks.c.at.desc())
        .limit(200)
    )
    return [dict(row) for row in (await tx.execute(query)).mappings()]


# ---------------------------------------------------------------- sign-ins and blocks


async def add_sign_in(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(sign_ins).values(row))


async def forget_sign_ins(tx: Tx, before: int) -> None:
    """Delete the sign-ins that expired before `before` (ms)."""
    await tx.execute(sa.delete(sign_ins).where(sign_ins.c.expires_at < before))


async def standing(tx: Tx, sign_in: str) -> dict[str, Any] | None:
    """A sign-in with its account's `name` (None without one) and whether its member is `blocked`: one indexed read."""
    blocked = sa.and_(*(blocks.c[key] == sign_ins.c[key] for key in ("pool", "role", "subject")))
    query = (
        sa.select(sign_ins, accounts.c.name, blocks.c.at.is_not(None).label("blocked"))
        .join_from(sign_ins, accounts, accounts.c.account == sign_ins.c.account, isouter=True)
        .outerjoin(blocks, blocked)
        .where(sign_ins.c.id == sign_in)
    )
    return await one(tx, query)


async def came_as_visitor(tx: Tx, pool: str, subject: str) -> bool:
    """Whether a user of this name has signed in as a visitor."""
    theirs = (sign_ins.c.pool == pool, sign_ins.c.role == "user", sign_ins.c.subject == subject)
    query = sa.select(sign_ins.c.id).where(*theirs, sign_ins.c.how == "visitor").limit(1)
    return (await tx.scalar(query)) is not None


async def see(tx: Tx, sign_in: str, now: int) -> None:
    await tx.execute(sa.update(sign_ins).where(sign_ins.c.id == sign_in).values(seen_at=now))


async def open_sign_ins(tx: Tx, account: str, who: tuple[str, str, str], now: int) -> list[dict[str, Any]]:
    """The sign-ins that hold, of an account, or without one ("") of the member `who`; the newest first."""
    query = sa.select(sign_ins).where(*_theirs(account, who), sign_ins.c.expires_at > now)
    return [dict(row) for row in (await tx.execute(query.order_by(sign_ins.c.created_at.desc()))).mappings()]


async def end_sign_ins(
    tx: Tx, account: str, who: tuple[str, str, str], now: int, why: str, *, only: str = "", but: str = ""
) -> list[dict[str, Any]]:
    """End the sign-ins of an account, or without one of the member `who`: `only` that one, all `but` that one. Those
    that ended now."""
    ended = sa.update(sign_ins).where(*_theirs(account, who)).values(ended_at=now, ended_why=why)
    if only:
        ended = ended.where(sign_ins.c.id == only)
    if but:
        ended = ended.where(sign_ins.c.id != but)
    return [dict(row) for row in (await tx.execute(ended.returning(*sign_ins.c))).mappings()]


def _theirs(account: str, who: tuple[str, str, str]) -> list[sa.ColumnElement[bool]]:
    whose = [sign_ins.c.account == account] if account else _who(sign_ins, *who)
    return [*whose, sign_ins.c.ended_at.is_(None)]


async def ended_since(tx: Tx, since: int) -> list[tuple[str, str, str, str, str]]:
    """Pool, role, subject, why and id of the sign-ins that ended after `since` (ms); an id of "" is a block."""
    ended = sa.select(*(sign_ins.c[name] for name in ("pool", "role", "subject", "ended_why", "id")))
    rows = [*await tx.execute(ended.where(sign_ins.c.ended_at > since))]
    blocked = sa.select(blocks.c.pool, blocks.c.role, blocks.c.subject).where(blocks.c.at > since)
    rows += [(*who, "blocked", "") for who in await tx.execute(blocked)]
    return [(pool, role, subject, why, sign_in) for pool, role, subject, why, sign_in in rows]


async def all_blocks(tx: Tx) -> list[tuple[str, str, str]]:
    rows = await tx.execute(sa.select(blocks.c.pool, blocks.c.role, blocks.c.subject))
    return [(pool, role, subject) for pool, role, subject in rows]


async def block(tx: Tx, row: Mapping[str, Any]) -> None:
    await put(tx, blocks, [row])


async def unblock(tx: Tx, pool: str, role: str, subject: str) -> None:
    await tx.execute(sa.delete(blocks).where(*_who(blocks, pool, role, subject)))


async def is_blocked(tx: Tx, pool: str, role: str, subject: str) -> bool:
    return await one(tx, sa.select(blocks.c.at).where(*_who(blocks, pool, role, subject))) is not None


def _who(table: sa.Table, pool: str, role: str, subject: str) -> list[sa.ColumnElement[bool]]:
    return [table.c.pool == pool, table.c.role == role, table.c.subject == subject]


# ---------------------------------------------------------------- the audit


async def one(tx: Tx, query: sa.Select[Any]) -> dict[str, Any] | None:
    return plain((await tx.execute(query)).mappings().one_or_none())


def plain(row: sa.RowMapping | None) -> dict[str, Any] | None:
    return None if row is None else dict(row)


async def add_action(tx: Tx, row: Mapping[str, Any]) -> None:
    """Append an action, unless it is there."""
    await put_once(tx, actions, [row])


async def newest_actions(tx: Tx, pool: str, before: int, limit: int) -> Sequence[sa.RowMapping]:
    query = sa.select(actions).where(actions.c.pool == pool).order_by(actions.c.at.desc(), actions.c.seq.desc())
    if before:
        query = query.where(actions.c.at < before)
    return (await tx.execute(query.limit(limit))).mappings().all()
