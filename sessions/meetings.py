"""What two had to do with each other, for these two only."""

from typing import Final, NamedTuple

from msgspec import Struct

from ground.sql import Database
from queueing.facts import Mode
from sessions import store
from sessions.feedback import store as given

NEWEST: Final = 20
ACQUAINTANCES: Final = 50


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


class Acquaintance(NamedTuple):
    """An expert whom a user has met: when the last session of the two began (ms), and how many there were."""

    expert: str
    at: int
    sessions: int


async def last_met(db: Database, pool: str, user: str) -> list[Acquaintance]:
    """The experts whom a user has met, the last one first, `ACQUAINTANCES` at most."""
    async with db.read() as tx:
        return [Acquaintance(*row) for row in await store.last_met(tx, pool, user, ACQUAINTANCES)]


async def last_first(db: Database, pool: str, user: str, experts: list[str]) -> list[str]:
    """`experts` in their order, but for the one whom the user met last: that one comes first."""
    if len(experts) < 2:
        return experts
    known = [one.expert for one in await last_met(db, pool, user) if one.expert in experts]
    return experts if not known else [known[0], *(expert for expert in experts if expert != known[0])]


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
