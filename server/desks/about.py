"""What the pop-up says of an expert beside the light: hours, standing, and what the asker had to do with them."""

from collections.abc import Awaitable, Callable, Sequence

from directory import hours
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database
from presence.facts import ExpertFacts
from server.connection import Connection
from server.desks.desk import Handlers
from server.pages import View
from sessions import meetings
from sessions.standing import NONE
from wire import messages

DAYS = 7
Windows = list[tuple[int, int]]
Wants = Callable[[str, str, str], Awaitable[bool]]
"""Whether, in a pool, somebody asked to be told of an expert: pool, expert, user."""


async def nobody_wants(_pool: str, _expert: str, _user: str) -> bool:
    """Where nobody can ask to be told."""
    return False


class AboutDesk:
    """Answers `about` and `about_user`."""

    def __init__(self, db: Database, clock: Clock, wants: Wants = nobody_wants) -> None:
        self._db = db
        self._clock = clock
        self._wants = wants

    def handlers(self) -> Handlers:
        return {messages.About: self._about, messages.AboutUser: self._about_user}

    async def _about(self, conn: Connection, ask: messages.About) -> messages.AboutExpert:
        view: View = conn.view
        expert = view.page.experts.get(ask.expert)
        if expert is None:
            raise Refusal("unknown_expert", ask.expert)
        standing = view.page.standings.get(ask.expert, NONE)
        met, met_at, told = 0, 0, False
        if conn.role == "user":
            found = await meetings.between(self._db, conn.pool, conn.member, ask.expert)
            met, met_at = found.count, found.last
            told = await self._wants(conn.pool, ask.expert, conn.member)
        now = self._clock.now_ms()
        weekly = hours.windows(expert, now, days=DAYS)
        return messages.AboutExpert(
            id=ask.id,
            expert=ask.expert,
            timezone=expert.timezone,
            always=weekly is None,
            windows=with_override(weekly or [], view.live.mirror.experts.get(ask.expert), now),
            stars=standing.stars,
            ratings=standing.ratings,
            distribution=list(standing.distribution),
            met=met,
            met_at=met_at,
            told_when_free=told,
            page=f"/p/{conn.pool}/x/{ask.expert}",
        )

    async def _about_user(self, conn: Connection, ask: messages.AboutUser) -> messages.UserHistory:
        """An unknown user, and one of others, is one whom this expert never met."""
        found = await meetings.between(self._db, conn.pool, ask.user, conn.member)
        newest = [
            messages.Meeting(session=one.session, mode=one.mode, at=one.at, seconds=one.seconds, stars=one.stars)
            for one in found.newest
        ]
        return messages.UserHistory(id=ask.id, user=ask.user, met=found.count, met_at=found.last, meetings=newest)


def with_override(windows: Sequence[tuple[int, int]], live: ExpertFacts | None, now: int) -> Windows:
    """The windows, with "available now for the next ..." joined to them while it holds."""
    if live is None or live.open_until <= now:
        return list(windows)
    joined: Windows = []
    for start, end in sorted([*windows, (now, live.open_until)]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
