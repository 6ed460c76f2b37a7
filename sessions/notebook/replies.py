"""An expert's saved replies."""

import hashlib
from typing import Final

from msgspec import Struct

from ground.errors import Refusal
from ground.sql import Database
from sessions.notebook import store

REPLIES_MAX: Final = 100


class Kept(Struct, frozen=True):
    """A reply that an expert keeps."""

    reply: str
    title: str
    text: str


class Replies:
    """The replies in one database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, pool: str, expert: str) -> list[Kept]:
        """In the order in which they were made."""
        async with self._db.read() as tx:
            rows = await store.replies(tx, pool, expert)
        return [Kept(row["reply"], row["title"], row["text"]) for row in rows]

    async def keep(self, pool: str, expert: str, reply: str, title: str, text: str, *, op: str, now: int) -> None:
        """Change the reply of that id, or make a new one (""), once for each `op`.

        Refuses empty_text, no_such_reply, too_many_replies.
        """
        if not text.strip():
            raise Refusal("empty_text")
        name = reply or "r-" + hashlib.blake2b(f"{pool}/{expert}/{op}".encode(), digest_size=12).hexdigest()
        async with self._db.begin() as tx:
            known = {row["reply"]: row["place"] for row in await store.replies(tx, pool, expert)}
            if reply and reply not in known:
                raise Refusal("no_such_reply", reply)
            if name not in known and len(known) >= REPLIES_MAX:
                raise Refusal("too_many_replies", str(REPLIES_MAX))
            place = known.get(name) or max(known.values(), default=0) + 1
            row = {"pool": pool, "expert": expert, "reply": name, "place": place, "title": title.strip(), "text": text}
            await store.put_reply(tx, row | {"at": now})

    async def drop(self, pool: str, expert: str, reply: str) -> None:
        """Refuses no_such_reply."""
        async with self._db.begin() as tx:
            if not await store.drop_reply(tx, pool, expert, reply):
                raise Refusal("no_such_reply", reply)
