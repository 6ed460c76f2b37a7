"""One session that a media worker carries: a bridge, the browsers and telephones on it, and its end.

It knows no store. What the store says of the session comes as `SessionFacts`.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from ground.errors import Refusal
from queueing.facts import SessionFacts
from sessions.media.announcing import Announcer
from sessions.media.bridge import OTHER, SIDES, Bridge, Side
from sessions.media.description import BadOffer
from sessions.media.hearing import Ear
from sessions.media.leg import Leg, Packet, Sink
from sessions.media.peer import Peer, State, Why
from sessions.media.taping import Taping
from sessions.media.transport import NoPort, Site
from sessions.recording.tap import Tapes
from sessions.speech.voice import Voice

CONNECTED_S: Final = 1.0
"""How long who only tries the way is kept once they are connected: until their browser has noticed, too."""
LATE_S: Final = 0.5
"""How long after its money or its time is used up a session is muted that the store has not ended: it may be away."""


class Nobody:
    """The leg of a side that has not come yet."""

    heard_at = 0.0

    def listen(self, sink: Sink) -> None:
        """Nothing is ever heard."""

    def send(self, packet: Packet) -> None:
        """Nobody hears it."""

    async def close(self) -> None:
        """Nothing to do."""


def _unheard(_why: str) -> None:
    """Where nobody is told."""


class _Coming(NamedTuple):
    """A browser that has our answer."""

    name: str
    offer: str
    answer: str
    peer: Peer


class Carried:
    """A session. `facts` is what was last told of it, None before that; `untaped` hears why it is recorded no more."""

    def __init__(
        self, pool: str, session: str, site: Site, tapes: Tapes | None = None,
        untaped: Callable[[str], None] = _unheard, voice: Voice | None = None,
    ) -> None:  # fmt: skip
        self.pool, self.session = pool, session
        self.facts: SessionFacts | None = None
        self.bridge = Bridge(Nobody(), Nobody())
        self.announcer = Announcer(self.bridge, voice)
        self.taping = Taping(tapes, pool, session, self.bridge, self.announcer, untaped)
        self.ears: dict[Side, Ear] = {side: Ear() for side in SIDES}
        self.is_over = False
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._coming: dict[Side, _Coming] = {}
        self._answering = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._muting: asyncio.TimerHandle | None = None
        self._muted = False

    # ------------------------------------------------------------ who is on it

    async def offer(self, side: Side, name: str, sdp: str) -> str:
        """Our answer to a browser, which takes the side's place once it is connected; the same offer gets the same one.

        Refuses bad_sdp, no_media (no port), session_over.
        """
        async with self._answering:
            before = self._coming.get(side)
            if before is not None and (before.name, before.offer) == (name, sdp):
                return before.answer
            peer = Peer(self._site, secrets.randbits(32), lambda state, why: self._told(side, peer, state, why))
            try:
                answer = await answered(peer, sdp)
            except BaseException:
                self._close(peer)
                raise
            if self.is_over:
                self._close(peer)
                raise Refusal("session_over", self.session)
            self._coming[side] = _Coming(name, sdp, answer, peer)
            if before is not None and before.peer is not self.bridge.leg(side):
                self._close(before.peer)
            return answer

    def _told(self, side: Side, peer: Peer, state: State, _why: Why) -> None:
        coming = self._coming.get(side)
        if coming is None or coming.peer is not peer:
            return
        if state == "connected":
            self.put(side, peer)
        else:
            del self._coming[side]

    def put(self, side: Side, leg: Leg) -> None:
        """The side goes on with this leg; the one before it is closed, as this one is where the session is over."""
        self._close(leg if self.is_over else self.bridge.replace(side, leg))

    def picked_up(self, side: Side) -> None:
        """Whoever has come by telephone is told what the page would show: that the other is still waited for, and that
        the session is recorded already."""
        if not self.bridge.leg(OTHER[side]).heard_at:
            self.announcer.announce("connecting", [side])
        if self.taping.is_on:
            self.announcer.announce("recording", [side])

    def _close(self, leg: Leg) -> None:
        task = self._loop.create_task(leg.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # ------------------------------------------------------------ what becomes of it

    def learn(self, facts: SessionFacts, at: int) -> None:
        """The session stood so at `at`, in the store's milliseconds."""
        before, self.facts = self.facts, facts
        if facts.cause == "minute" and before is not None:
            self.announcer.announce("minute_left")
        self.taping.want(len(facts.recording) == len(SIDES), at)
        self._mute(facts.rate > 0 and not facts.running_since and not _rings(facts))
        self._mute_at(facts, at)

    def _mute_at(self, facts: SessionFacts, at: int) -> None:
        if self._muting is not None:
            self._muting.cancel()
        ends = min((end for end in (facts.zero_at, facts.cap_until) if end), default=0)
        late = max(0, ends - at) / 1000 + LATE_S
        self._muting = self._loop.call_later(late, self._mute, True) if ends else None

    def _mute(self, muted: bool) -> None:
        """What costs something is not heard while its clock stands still: else one would keep silent and listen."""
        for side in SIDES if muted != self._muted else ():
            self.bridge.hold(side, muted)
        self._muted = muted

    def silent_ms(self, side: Side, now: float) -> int:
        """How long nothing has come from a side at `now`, in the loop's seconds."""
        return self.bridge.silent_ms(side, now)

    def cut(self) -> None:
        """Nothing flows any more, from this very moment."""
        self.is_over = True
        self.bridge.close()
        if self._muting is not None:
            self._muting.cancel()

    async def close(self) -> None:
        """Cuts it and lets go of everybody."""
        self.cut()
        legs = [self.bridge.leg(side) for side in SIDES] + [each.peer for each in self._coming.values()]
        self._coming.clear()
        closing = [leg.close() for leg in legs] + [self.announcer.close(), self.taping.close()]
        await asyncio.gather(*closing, *self._closing, return_exceptions=True)


def _rings(facts: SessionFacts) -> bool:
    """A telephone rings, so there is nothing to be heard but its tone, and nobody there to listen."""
    return facts.state == "connecting" and not {"calling", "ringing"}.isdisjoint((facts.user_leg, facts.expert_leg))


async def answered(peer: Peer, sdp: str) -> str:
    """The answer to an offer. Refuses bad_sdp, no_media (no port is free)."""
    try:
        return await peer.answer(sdp)
    except BadOffer as bad:
        raise Refusal("bad_sdp", str(bad)) from None
    except (NoPort, ConnectionError):  # no port is free, or it was closed meanwhile
        raise Refusal("no_media") from None


class Probes:
    """Browsers that only try the way to here: each for so many seconds, so many at a time.

    A try that comes about is over within a second or two. Where there are too many, whoever has been there longest
    makes room, so that those who never connect keep nobody out.
    """

    def __init__(self, site: Site, most: int, seconds: float = 10.0) -> None:
        self._site, self._most, self._seconds = site, most, seconds
        self._loop = asyncio.get_running_loop()
        self._open: dict[asyncio.Event, None] = {}  # each is set when its browser is to go; the oldest is the first
        self._tasks: set[asyncio.Task[None]] = set()

    async def offer(self, sdp: str) -> str:
        """Our answer. Refuses bad_sdp, no_media."""
        over = asyncio.Event()
        peer = Peer(self._site, secrets.randbits(32), lambda state, _why: self._told(over, state))
        task = self._loop.create_task(self._keep(peer, over))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            answer = await answered(peer, sdp)
        except BaseException:
            over.set()
            raise
        self._open[over] = None
        if len(self._open) > self._most:
            self._end(next(iter(self._open)))
        return answer

    def _told(self, over: asyncio.Event, state: State) -> None:
        self._loop.call_later(CONNECTED_S if state == "connected" else 0, self._end, over)

    def _end(self, over: asyncio.Event) -> None:
        self._open.pop(over, None)
        over.set()

    async def _keep(self, peer: Peer, over: asyncio.Event) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await over.wait()
        finally:
            self._end(over)
            await peer.close()

    async def close(self) -> None:
        """Ends all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
