"""An expert's notes to oneself about users. The caller has seen that the two have met."""

from msgspec import Struct

from ground.sql import Database
from sessions.notebook import store


class Noted(Struct, frozen=True):
    """A note, and when it was last changed (ms); without one both are empty."""

    text: str = ""
    at: int = 0


class Notes:
    """The notes in one database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def about(self, pool: str, expert: str, user: str) -> Noted:
        """What the expert has noted about the user."""
        async with self._db.read() as tx:
            row = await store.note(tx, pool, expert, user)
        return Noted(row["text"], row["at"]) if row else Noted()

    async def keep(self, pool: str, expert: str, user: str, text: str, now: int) -> None:
        """Keep a note; an empty one takes away what there was."""
        async with self._db.begin() as tx:
            if text.strip():
                row = {"pool": pool, "expert": expert, "user": user, "text": text, "at": now}
                await store.put_note(tx, row)
            else:
                await store.drop_note(tx, pool, expert, user)
