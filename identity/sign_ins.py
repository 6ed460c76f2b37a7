"""Sign-ins of browsers, kept by the server: a cookie holds as long as its row here does.

The id of a sign-in is the `jti` of its cookie. Whoever ends one commits first and tells the server processes
afterwards (`identity/sign_outs.py`), so that no socket can slip in between.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct, structs

from ground.errors import Refusal
from ground.sql import Database, Tx
from identity import store
from identity.cookies import TTL_S, USER_TTL_S
from identity.tokens import Identity

AGENT_MAX: Final = 200
SEEN_MS: Final = 600_000
"""When a sign-in was last seen is written down this often, and no oftener: reading stays reading."""
KEPT_MS: Final = 86_400_000

How = Literal["link", "mail", "password", "visitor", "host"]
"""What somebody signed in with: a link of the command line, one that came by mail, ..."""


class SignIn(Struct, kw_only=True, frozen=True):
    """A sign-in that holds. Times in ms; `agent` is what the browser calls itself."""

    id: str
    pool: str
    role: str
    subject: str
    how: str
    agent: str
    created_at: int
    seen_at: int


Ended = Sequence[SignIn]
"""Sign-ins that have just ended, for the processes to hear of."""


class SignIns:
    """Looks sign-ins up and ends them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def check(self, who: Identity, now: int) -> Identity | None:
        """`who` of a good cookie, with account and present name, if the sign-in still holds; one indexed read. Raises
        Refusal (`blocked`)."""
        async with self._db.read() as tx:
            row = await store.standing(tx, who.token_id)
        if row is None or (row["pool"], row["role"], row["subject"]) != (who.pool, who.role, who.subject):
            return None
        if row["blocked"]:
            raise Refusal("blocked")
        if row["ended_at"] is not None or row["expires_at"] <= now:
            return None
        if now - row["seen_at"] > SEEN_MS:
            async with self._db.begin() as tx:
                await store.see(tx, who.token_id, now)
        return structs.replace(who, account=row["account"], name=row["name"] or who.name)

    async def blocked(self) -> frozenset[tuple[str, str, str]]:
        """Pool, role and subject of everybody who is blocked."""
        async with self._db.read() as tx:
            return frozenset(await store.all_blocks(tx))

    async def how(self, sign_in: str) -> tuple[str, int]:
        """What a sign-in was made with and when (ms); ("", 0) when there is no such."""
        async with self._db.read() as tx:
            row = await store.standing(tx, sign_in)
        return (row["how"], row["created_at"]) if row else ("", 0)

    async def of(self, who: Identity, now: int) -> list[SignIn]:
        """The sign-ins of the account of `who`, or of the member who has none; the newest first."""
        async with self._db.read() as tx:
            return _made(await store.open_sign_ins(tx, who.account, _member(who), now))

    async def ended_since(self, since: int) -> list[tuple[str, str, str, str, str]]:
        """Pool, role, subject, why and id of each sign-in that ended after the time `since` (ms); "" as id is a block,
        which ends all of the member."""
        async with self._db.read() as tx:
            return await store.ended_since(tx, since)

    async def end(self, who: Identity, sign_in: str, now: int, why: str = "signed_out") -> Ended:
        """End one sign-in of the same account or member; nothing when there is no such."""
        async with self._db.begin() as tx:
            return _made(await store.end_sign_ins(tx, who.account, _member(who), now, why, only=sign_in))

    async def end_others(self, who: Identity, now: int, why: str = "signed_out") -> Ended:
        """End all sign-ins of the same account or member but the one of `who`."""
        async with self._db.begin() as tx:
            return await end_others(tx, who, now, why)


async def begin(tx: Tx, who: Identity, how: How, agent: str, now: int) -> Identity:
    """Write a new sign-in of `who` down: `who` with its id and its end, for the cookie. Raises Refusal (`blocked`)."""
    if await store.is_blocked(tx, who.pool, who.role, who.subject):
        raise Refusal("blocked")
    ttl_s = USER_TTL_S if who.role == "user" else TTL_S
    signed = structs.replace(who, token_id=secrets.token_urlsafe(16), expires_at=now + ttl_s * 1000)
    await store.forget_sign_ins(tx, now - KEPT_MS)
    await store.add_sign_in(tx, _row(signed, how, agent, now))
    return signed


async def is_visitor(tx: Tx, pool: str, subject: str) -> bool:
    """Whether nothing but a browser's cookie knows this user: they came as a visitor and have no account. (The users of
    a host site, and those of a link of the command line, have none either, but come back under the same name.)"""
    if await store.membership(tx, pool, "user", subject) is not None:
        return False
    return await store.came_as_visitor(tx, pool, subject)


async def end_others(tx: Tx, who: Identity, now: int, why: str) -> Ended:
    """As `SignIns.end_others`, in a transaction of the caller's."""
    return _made(await store.end_sign_ins(tx, who.account, _member(who), now, why, but=who.token_id))


async def end_member(tx: Tx, pool: str, role: str, subject: str, now: int, why: str) -> Ended:
    """End all sign-ins of a member in one pool and role."""
    return _made(await store.end_sign_ins(tx, "", (pool, role, subject), now, why))


async def end_account(tx: Tx, account: str, now: int, why: str) -> Ended:
    """End all sign-ins of an account. Raises ValueError for ""."""
    if not account:
        raise ValueError("which account?")
    return _made(await store.end_sign_ins(tx, account, ("", "", ""), now, why))


def _row(who: Identity, how: How, agent: str, now: int) -> dict[str, Any]:
    texts = {"id": who.token_id, "pool": who.pool, "role": who.role, "subject": who.subject, "account": who.account}
    times = {"created_at": now, "seen_at": now, "expires_at": who.expires_at, "ended_at": None, "ended_why": ""}
    return texts | times | {"how": how, "agent": agent[:AGENT_MAX]}


def _member(who: Identity) -> tuple[str, str, str]:
    return who.pool, who.role, who.subject


def _made(rows: Sequence[dict[str, Any]]) -> list[SignIn]:
    return [SignIn(**{field: row[field] for field in SignIn.__struct_fields__}) for row in rows]
