"""One-use sign-in links. The token in the link is random; the database holds only its SHA-256."""

import hashlib
import secrets
from typing import Any, get_args

from ground.errors import Refusal
from ground.sql import Database
from identity import store
from identity.tokens import Identity, Member

TTL_S = 3600
TTL_MAX_S = 7 * 86_400
TOKEN_BYTES = 32
KEPT_MS = 86_400_000
"""How long a link that is over is still known, so that its owner can be told why it does not work."""


class Links:
    """Makes and redeems links. Refusals: `link_unknown`, `link_used`, `link_expired`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(
        self, pool: str, role: Member, subject: str, name: str = "", *, now: int, ttl_s: int = TTL_S
    ) -> str:
        """The token of a new link, good once before `now` (ms) + `ttl_s` seconds. Raises ValueError."""
        if role not in get_args(Member) or not pool or not subject or not 1 <= ttl_s <= TTL_MAX_S:
            raise ValueError(f"a link needs a pool, a role that signs in, a subject and a life up to {TTL_MAX_S} s")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row = {"digest": _digest(token), "pool": pool, "role": role, "subject": subject, "name": name}
        times = {"created_at": now, "expires_at": now + ttl_s * 1000, "used_at": None}
        async with self._db.begin() as tx:
            await store.forget_links(tx, now - KEPT_MS)
            await store.add_link(tx, row | times)
        return token

    async def redeem(self, token: str, *, now: int) -> Identity:
        """Who the bearer is; `token_id` is "" and `expires_at` the link's own. Works once, however many ask at once."""
        digest = _digest(token[:256])
        async with self._db.begin() as tx:
            row = await store.take_link(tx, digest, now)
            if row is None:
                raise _refusal(await store.find_link(tx, digest))
        texts = {name: row[name] for name in ("pool", "role", "subject", "name")}
        return Identity(**texts, expires_at=row["expires_at"], token_id="")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(row: dict[str, Any] | None) -> Refusal:
    if row is None:
        return Refusal("link_unknown")
    return Refusal("link_expired" if row["used_at"] is None else "link_used")
