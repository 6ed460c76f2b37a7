"""One's own sessions that are over, newest first, page by page."""

from typing import Final, NamedTuple

from msgspec import Struct

from ground.sql import Database
from queueing.facts import Mode, Side
from sessions import store
from sessions.store import LoggedSession

PAGE: Final = 20


class Earlier(Struct, kw_only=True, frozen=True):
    """A session that is over: it began at `at` and ended at `ended_at` (ms), and its two were connected for `ran_ms`
    (0: never). `name` is the user's, "" when they are forgotten. `spoken`: something was written. `went_to` is the
    colleague with whom the user went on, or ""."""

    session: str
    expert: str
    name: str
    mode: Mode
    at: int
    ended_at: int
    ran_ms: int
    went_to: str
    spoken: bool


class Page(NamedTuple):
    """`PAGE` sessions at most, and whether there are more."""

    sessions: list[Earlier]
    more: bool


async def page(db: Database, pool: str, side: Side, member: str, before: tuple[int, str] | None = None) -> Page:
    """The sessions of `member`, on that side, that are over: the newest, or those before `before` (when one ended, and
    which). Whoever asks is `member`."""
    async with db.read() as tx:
        found = await store.ended(tx, pool, side, member, before, PAGE + 1)
        spoken = await store.spoken_in(tx, pool, [one.session for one in found])
    return Page([_earlier(one, one.session in spoken) for one in found[:PAGE]], len(found) > PAGE)


def _earlier(one: LoggedSession, spoken: bool) -> Earlier:
    return Earlier(
        session=one.session, expert=one.expert, name=one.name, mode=one.mode, at=one.live_at or one.matched_at,
        ended_at=one.ended_at, ran_ms=_ran_ms(one), went_to=one.went_to, spoken=spoken,
    )  # fmt: skip


def _ran_ms(one: LoggedSession) -> int:
    """As the page told at its end: where time costs something, without the time in which the clock stood still."""
    if one.rate:
        return one.ran_ms
    return max(0, one.ended_at - one.live_at) if one.live_at else 0
