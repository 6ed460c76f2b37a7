"""Joins the two legs of a call: forwards both ways, announces, holds, taps, and knows how long each was silent."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from sessions.media.leg import FRAME_TICKS, Leg, Packet, ReportingLeg
from sessions.media.rewriting import Rewriter

Side = Literal["user", "expert"]
SIDES: tuple[Side, Side] = ("user", "expert")
OTHER: dict[Side, Side] = {"user": "expert", "expert": "user"}
Tap = Callable[[Side, Packet, float], None]
"""Hears every packet of a side with the loop's time, numbered as one stream also where the side came back."""

ANNOUNCED = -1
"""The source of packets that are ours."""
MAX_ANNOUNCED = 3_000
"""Packets that may wait to be played to a side: a minute."""
PACKET_S = 0.02


class Way:
    """What goes to one side: the other side's packets, or ours in their place."""

    def __init__(self, loop: asyncio.AbstractEventLoop, leg: Leg) -> None:
        self.leg = leg
        self.held = False
        self._loop = loop
        self._rewriter = Rewriter()
        self._announced: deque[bytes] = deque(maxlen=MAX_ANNOUNCED)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._sequence = 0

    def forward(self, packet: Packet) -> None:
        if self.held or self._timer is not None:
            return
        out = self._rewriter.rewrite(packet, self._loop.time())
        if out is not None:
            self.leg.send(out)

    def hold(self, held: bool) -> None:
        self.held = held
        self._rewriter.restart()

    def announce(self, payloads: Iterable[bytes]) -> None:
        self._announced.extend(payloads)
        if self._timer is None:
            self._rewriter.restart()
            self._due = self._loop.time()
            self._timer = self._loop.call_at(self._due, self._play)

    def _play(self) -> None:
        """Plays what is due, also what a late loop left behind, and comes again for the rest."""
        while self._announced and self._due <= self._loop.time():
            packet = Packet(self._announced.popleft(), self._sequence, self._sequence * FRAME_TICKS, False, ANNOUNCED)
            out = self._rewriter.rewrite(packet._replace(sequence=self._sequence & 0xFFFF), self._due)
            self._sequence += 1
            self._due += PACKET_S
            if out is not None:
                self.leg.send(out)
        # One packet more than there are: the last is heard out before the other side is let in again.
        done = not self._announced and self._due <= self._loop.time()
        self._timer = None if done else self._loop.call_at(self._due, self._play)

    def close(self) -> None:
        self.held = True
        self._announced.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Bridge:
    """A call between two legs. Owns neither: whoever made them closes them."""

    def __init__(self, user: Leg, expert: Leg) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._heard_before: dict[Side, float] = {"user": 0.0, "expert": 0.0}
        self._to: dict[Side, Way] = {"user": Way(self._loop, user), "expert": Way(self._loop, expert)}
        self._tap: Tap | None = None
        self._tapped = {side: Rewriter() for side in SIDES}
        self._closed = False
        for side in SIDES:
            self._join(side)

    def leg(self, side: Side) -> Leg:
        """The leg that a side has now."""
        return self._to[side].leg

    def replace(self, side: Side, leg: Leg) -> Leg:
        """A side goes on with another leg; returns the one before, which is to be closed."""
        before = self._to[side].leg
        _part(before)
        self._heard_before[side] = max(self._heard_before[side], before.heard_at)
        self._to[side].leg = leg
        if not self._closed:
            self._join(side)
        return before

    def _join(self, side: Side) -> None:
        """Packets of a side go to the other; each learns what the other misses."""
        self._to[side].leg.listen(self._tapping(side) if self._tap else self._to[OTHER[side]].forward)
        user, expert = self._to["user"].leg, self._to["expert"].leg
        if isinstance(user, ReportingLeg) and isinstance(expert, ReportingLeg):
            user.missed_further = lambda: expert.missed
            expert.missed_further = lambda: user.missed

    def tap(self, tap: Tap | None) -> None:
        """From now on each packet that is forwarded or would be goes to `tap`, too; None ends that."""
        self._tap = tap
        for side in SIDES if not self._closed else ():
            self._join(side)

    def _tapping(self, side: Side) -> Callable[[Packet], None]:
        forward, rewriter, tap = self._to[OTHER[side]].forward, self._tapped[side], self._tap
        assert tap is not None

        def both(packet: Packet) -> None:
            forward(packet)
            at = self._loop.time()
            out = None if self._to[OTHER[side]].held else rewriter.rewrite(packet, at)
            if out is not None:
                tap(side, out, at)

        return both

    def announce(self, side: Side, payloads: Iterable[bytes]) -> None:
        """Plays Opus packets of 20 ms to a side, in place of the other side as long as they last."""
        if not self._closed:
            self._to[side].announce(payloads)

    def hold(self, side: Side, held: bool) -> None:
        """Mutes a side, or lets it be heard again."""
        if not self._closed:
            self._to[OTHER[side]].hold(held)

    def silent_ms(self, side: Side, now: float) -> int:
        """For how long nothing has come from a side at `now` (the loop's time), not even packets of silence.

        Before the first packet it is the age of the bridge.
        """
        heard = max(self._heard_before[side], self._to[side].leg.heard_at, self._began)
        return max(0, round((now - heard) * 1000))

    def close(self) -> None:
        """Nothing is forwarded or announced any more, from this very moment."""
        self._closed = True
        self._tap = None
        for side in SIDES:
            self._to[side].close()
            _part(self._to[side].leg)


def _part(leg: Leg) -> None:
    """A leg knows nothing of this bridge any more."""
    leg.listen(_nobody)
    if isinstance(leg, ReportingLeg):
        leg.missed_further = _nothing


def _nobody(_packet: Packet) -> None:
    """Whoever was heard here is heard no more."""


def _nothing() -> int:
    """Nobody is at the far end."""
    return 0
