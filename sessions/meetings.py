"""What two had to do with each other, for these two only."""

from typing import Final

from msgspec import Struct

from ground.sql import Database
from queueing.facts import Mode
from sessions import store
from sessions.feedback import store as given

NEWEST: Final = 20


class Meeting(Struct, kw_only=True, frozen=True):
    """A session of the two that was live: from `at` (ms), for `seconds`. `stars` that the user gave, or 0."""

    session: str
    mode: Mode
    at: int
    seconds: int
    stars: int


class Meetings(Struct, kw_only=True, frozen=True):
    """How often the two met, when last (ms, 0: never), and the newest `NEWEST`, newest first."""

    count: int
    last: int
    newest: list[Meeting]


async def between(db: Database, pool: str, user: str, expert: str) -> Meetings:
    """The sessions of `user` and `expert` that were live and are over.

    The caller is one of the two. An unknown user, or one who never met this expert, gives none: the same answer.
    """
    async with db.read() as tx:
        count, last, rows = await store.met(tx, pool, user, expert, NEWEST)
        stars = await given.stars_given(tx, pool, [row["session"] for row in rows])
    newest = [
        Meeting(
            session=row["session"],
            mode=row["mode"],
            at=row["live_at"],
            seconds=(row["ended_at"] - row["live_at"]) // 1000,
            stars=stars.get(row["session"], 0),
        )
        for row in rows
    ]
    return Meetings(count=count, last=last, newest=newest)
