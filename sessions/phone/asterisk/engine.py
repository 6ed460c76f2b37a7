"""The telephone by Asterisk: `PhoneEngine` over ARI, for those who run a PBX.

The phone's channel and one of external media meet in a bridge of Asterisk's; the sound between it and us is G.711 over
RTP. Two phones are joined here, so that each one's sound stays a sign of life, and announcements go over it.
"""

import asyncio
import math
import re
import secrets
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from ground.ids import new_id
from sessions.phone.asterisk.call import AsteriskCall
from sessions.phone.asterisk.client import Ari, AriFailed
from sessions.phone.asterisk.events import Channel, Event, Step, ended_in_words, step_of
from sessions.phone.asterisk.feed import Feed
from sessions.phone.asterisk.g711 import RATE
from sessions.phone.asterisk.media import MediaSocket, NoPort, address_of, open_media
from sessions.phone.asterisk.settings import AriProblem, AriSettings
from sessions.phone.engine import Ended, PhoneCall, PhoneUnavailable

INSTANCE: Final = re.compile(r"[a-z0-9_-]{1,40}")
LEASE_S: Final = 60
"""Asterisk ends a channel by itself that we have not prolonged for so long: nothing rings or talks on unwatched."""
PROLONG_S: Final = 20.0
LOOK_S: Final = 1.0
SILENT_S: Final = 10.0
"""An answered phone from which nothing comes for so long is gone. `rtp_timeout` in pjsip.conf notices it earlier."""
UP_S: Final = 2.0
"""A call waits so long for a connection that is just being made."""
CLEAN_S: Final = 8.0
RING_MAX_S: Final = 180.0
_log = structlog.get_logger("openline.asterisk")


class AsteriskEngine:
    """See PhoneEngine. `instance` names the process: no two that run may share it, and the next one takes it over."""

    rate = RATE

    def __init__(self, settings: AriSettings, media: MediaSocket, instance: str) -> None:
        self._settings = settings
        self._media = media
        self._app = f"{settings.app}.{instance}"
        self._ari = Ari(settings)
        self._feed = Feed(settings, self._app, self._catch_up, self._on_event)
        self._calls: dict[str, AsteriskCall] = {}
        self._cleaning: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._up_at = asyncio.get_running_loop().time()
        self._closing = False

    @classmethod
    async def open(cls, settings: AriSettings, *, instance: str) -> "AsteriskEngine":
        """Begins to connect, and goes on trying. Raises PhoneUnavailable when no port is free for the sound."""
        if not INSTANCE.fullmatch(instance):
            raise ValueError("an instance has small letters, digits, - and _")
        try:
            engine = cls(settings, await open_media(settings), instance)
        except NoPort as why:
            raise PhoneUnavailable(str(why)) from None
        for forever in (engine._feed.run(), engine._look(), engine._prolong()):
            engine._spawn(forever)
        return engine

    async def call(self, number: str, *, caller: str = "", ring_s: float = 30) -> PhoneCall:
        """See PhoneEngine."""
        try:
            endpoint, shown = self._settings.dialled(number), self._settings.shown(caller)
        except AriProblem as why:
            raise PhoneUnavailable(str(why)) from None
        await self._wait_until_up()
        if not self.free_lines():
            raise PhoneUnavailable("all lines are taken")
        call = AsteriskCall(new_id(f"{self._app}."), self._settings.codec, secrets.randbits(32), self._hang_up)
        self._calls[call.id] = call
        await self._originate(call, endpoint, shown, min(ring_s, RING_MAX_S))
        return call

    async def join(self, one: PhoneCall, other: PhoneCall) -> None:
        """See PhoneEngine."""
        assert isinstance(one, AsteriskCall) and isinstance(other, AsteriskCall)
        one.hears(other)
        other.hears(one)

    def free_lines(self) -> int:
        """See PhoneEngine."""
        return max(0, self._settings.lines - len(self._calls)) if self._feed.is_up.is_set() else 0

    async def close(self) -> None:
        """See PhoneEngine."""
        self._closing = True
        for call in list(self._calls.values()):
            self._settle(call, "hung_up")
        if self._cleaning:
            await asyncio.wait(list(self._cleaning.values()), timeout=CLEAN_S)
        ending = list(self._tasks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._ari.close()
        await self._media.close()

    async def _wait_until_up(self) -> None:
        try:
            async with asyncio.timeout(UP_S):
                await self._feed.is_up.wait()
        except TimeoutError:
            raise PhoneUnavailable("Asterisk can't be reached") from None
        if self._closing:
            raise PhoneUnavailable("the telephone is being closed")

    async def _originate(self, call: AsteriskCall, endpoint: str, caller: str, ring_s: float) -> None:
        call.ring_for(ring_s, self._give_up)
        seconds = math.ceil(ring_s) + 5  # our own clock is first; this one is for when we are gone
        try:
            await self._ari.originate(
                call.id, self._app, endpoint, caller=caller, seconds=seconds, lease_s=seconds + LEASE_S
            )
        except AriFailed as why:
            self._settle(call, "failed")
            _log.warning("asterisk_refused_a_call", why=str(why))
            raise PhoneUnavailable("Asterisk takes no call") from None
        except asyncio.CancelledError:
            self._settle(call, "hung_up")
            raise
        call.is_known = True
        call.connecting = self._spawn(self._connect(call))

    async def _connect(self, call: AsteriskCall) -> None:
        """Make the way of the sound while it rings, and open it when it was answered."""
        try:
            await self._lay(call)
            await call.changed.wait()
            if call.progress.state == "answered":
                await self._ari.bridge(call.bridge_id, call.media_id, call.id)
        except (AriFailed, ValueError) as why:
            if not call.is_over:
                _log.warning("asterisk_no_sound", why=str(why))
            self._settle(call, "failed")

    async def _lay(self, call: AsteriskCall) -> None:
        codec, lease_s = self._settings.codec, int(RING_MAX_S) + LEASE_S
        channel = await self._ari.external_media(call.media_id, self._app, self._media.at, codec, lease_s)
        if not call.is_over:
            call.sound_by(self._media, address_of(channel.variables))

    async def _hang_up(self, call: AsteriskCall) -> None:
        self._settle(call, "hung_up")
        if cleaning := self._cleaning.get(call.id):
            await asyncio.wait([cleaning], timeout=CLEAN_S)

    def _give_up(self, call: AsteriskCall) -> None:
        if call.progress.time_is_up():
            self._over(call)

    def _settle(self, call: AsteriskCall, ended: Ended, code: int = 0) -> None:
        if call.progress.step("ended", ended, code):
            self._over(call)

    def _over(self, call: AsteriskCall) -> None:
        self._calls.pop(call.id, None)
        call.over()
        self._cleaning[call.id] = self._spawn(self._remove(call))
        self._cleaning[call.id].add_done_callback(lambda _: self._cleaning.pop(call.id))

    async def _remove(self, call: AsteriskCall) -> None:
        """What can't be removed now is by the next `_catch_up`, and else by Asterisk when its lease is over."""
        try:
            async with asyncio.timeout(CLEAN_S):
                await self._ari.hang_up(call.id)
                if call.connecting:
                    await asyncio.wait([call.connecting])  # what it is just making must not outlive it
                await self._ari.hang_up(call.media_id)
                await self._ari.unbridge(call.bridge_id)
        except (AriFailed, TimeoutError) as why:
            _log.warning("asterisk_left_a_channel", why=str(why))

    def _on_event(self, event: Event) -> None:
        step = step_of(event)
        if step is None:
            return
        if call := self._calls.get(step.channel):
            self._take(call, step)
        elif step.state == "ended" and (call := self._calls.get(step.channel.removesuffix("-m"))):
            self._settle(call, "failed")  # the channel of its sound is gone

    def _take(self, call: AsteriskCall, step: Step) -> None:
        if step.key:
            call.progress.press(step.key)
        elif step.state == "ended":
            was_answered = call.progress.state == "answered"
            code = 0 if was_answered else step.code
            self._settle(call, ended_in_words(step.cause, code, answered=was_answered), code)
        elif step.state == "answered":
            call.answered()
        elif step.state:
            call.progress.step(step.state)

    async def _catch_up(self) -> None:
        """What Asterisk has now is how it is, whatever was missed. Raises AriFailed."""
        await self._ari.only_what_we_want(self._app)
        known = [call for call in self._calls.values() if call.is_known]
        there = {channel.id: channel for channel in await self._ari.channels()}
        for call in known:
            self._compare(call, there.get(call.id))
        for channel in there:
            if self._is_left(channel, "-m"):
                await self._ari.hang_up(channel)
        for bridge in await self._ari.bridges():
            if self._is_left(bridge, "-b"):
                await self._ari.unbridge(bridge)

    def _compare(self, call: AsteriskCall, channel: Channel | None) -> None:
        if channel is None:
            self._settle(call, "hung_up" if call.progress.state == "answered" else "failed")
        elif channel.step:
            self._take(call, Step(channel.id, channel.step))

    def _is_left(self, name: str, ending: str) -> bool:
        """Ours by its name, and of no call that we know: an earlier process left it, or a request that was lost."""
        return name.startswith(f"{self._app}.") and name.removesuffix(ending) not in self._calls

    async def _look(self) -> None:
        """Give up who is silent for too long, and everybody when Asterisk is."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            if self._feed.is_up.is_set():
                self._up_at = loop.time()
            lost = loop.time() - self._up_at > LEASE_S
            for call in list(self._calls.values()):
                if lost or call.silent_s() > SILENT_S:
                    self._settle(call, "failed")

    async def _prolong(self) -> None:
        while True:
            await asyncio.sleep(PROLONG_S)
            answered = [call for call in self._calls.values() if call.progress.state == "answered"]
            await asyncio.gather(*map(self._prolong_one, answered))

    async def _prolong_one(self, call: AsteriskCall) -> None:
        try:
            if not await self._ari.prolong(call.id, LEASE_S):
                self._settle(call, "hung_up")
            elif not await self._ari.prolong(call.media_id, LEASE_S):
                self._settle(call, "failed")
        except AriFailed as why:
            _log.warning("asterisk_lease_not_prolonged", why=str(why))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
