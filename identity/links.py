"""One-use sign-in links. The token in the link is random; the database holds only its SHA-256."""

import hashlib
import secrets
from typing import Any, Literal, get_args

from msgspec import Struct, to_builtins

from ground.errors import Refusal
from ground.sql import Database, Tx
from identity import store
from identity.tokens import Member

TTL_S = 3600
TTL_MAX_S = 7 * 86_400
TOKEN_BYTES = 32
KEPT_MS = 86_400_000
"""How long a link that is over is still known, so that its owner can be told why it does not work."""

Purpose = Literal["", "sign_in", "sign_up", "invite", "nobody"]
"""What following a link does. "": it signs in its subject, account or not. "sign_in": the account of its address.
"sign_up" and "invite": as that, and both account and membership are made if they are not there. "nobody": nothing; its
token was thrown away, and it only counts how often the address was asked for."""


class Link(Struct, kw_only=True, frozen=True):
    """What a link is about. `subject` may be "" where the account says it; `password` is a hash that holds only if the
    link is followed by the browser whose `device` (a digest) asked for it."""

    pool: str
    role: Member
    subject: str = ""
    name: str = ""
    purpose: Purpose = ""
    email: str = ""
    password: str = ""
    device: str = ""
    language: str = ""


class Links:
    """Makes links that need no account: those of the command line and the demo."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(
        self, pool: str, role: Member, subject: str, name: str = "", *, now: int, ttl_s: int = TTL_S
    ) -> str:
        """The token of a new link, good once before `now` (ms) + `ttl_s` seconds. Raises ValueError."""
        if role not in get_args(Member) or not pool or not subject or not 1 <= ttl_s <= TTL_MAX_S:
            raise ValueError(f"a link needs a pool, a role that signs in, a subject and a life up to {TTL_MAX_S} s")
        async with self._db.begin() as tx:
            return await add(tx, Link(pool=pool, role=role, subject=subject, name=name), now=now, ttl_s=ttl_s)


async def add(tx: Tx, link: Link, *, now: int, ttl_s: int = TTL_S) -> str:
    """Write `link` down; its token, good once before `now` (ms) + `ttl_s` seconds."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    times = {"created_at": now, "expires_at": now + ttl_s * 1000, "used_at": None}
    await store.forget_links(tx, now - KEPT_MS)
    await store.add_link(tx, {"digest": digest(token)} | to_builtins(link) | times)
    return token


async def take(tx: Tx, token: str, *, now: int) -> Link:
    """The link of `token`, which is used up by this, once, however many ask at once.

    Raises Refusal (`link_unknown`, `link_used`, `link_expired`).
    """
    asked = digest(token[:256])
    row = await store.take_link(tx, asked, now)
    if row is None:
        raise _refusal(await store.find_link(tx, asked))
    return Link(**{field: row[field] for field in Link.__struct_fields__})


def digest(secret: str) -> str:
    """What is stored of a secret that has 128 bits or more: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(row: dict[str, Any] | None) -> Refusal:
    if row is None:
        return Refusal("link_unknown")
    return Refusal("link_expired" if row["used_at"] is None else "link_used")
