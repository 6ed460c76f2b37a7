"""The embedded telephone: `PhoneEngine` over a worker process that holds baresip, and a SIP trunk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog

from ground.ids import new_id
from sessions.phone.embedded.child import Child
from sessions.phone.embedded.frames import FRAME, RATE, frames_of
from sessions.phone.embedded.link import Dial, HangUp, Heard, Join, News, Order, Play, Pressed, Report, Sound
from sessions.phone.engine import CallNews, PhoneCall, PhoneUnavailable, ended_by
from sessions.phone.progress import Progress
from sessions.phone.trunk import Trunk, TrunkProblem

_log = structlog.get_logger("openline.phone")

STALE_S: Final = 0.2
"""Sound that waited longer on its way here is dropped: this loop stood still, and its delay would stay for good."""


class EmbeddedCall:
    """One call of the embedded telephone."""

    def __init__(self, number: int, send: Callable[[Order], None], play: Callable[[int, bytes], None]) -> None:
        self.id = new_id("call")
        self.heard_at = 0.0
        self.number = number
        self._send = send
        self._play = play
        self._progress = Progress()
        self._sink: Callable[[bytes], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def news(self) -> AsyncIterator[CallNews]:
        """See PhoneCall."""
        return self._progress.news()

    def digits(self) -> AsyncIterator[str]:
        """See PhoneCall."""
        return self._progress.digits()

    def on_frame(self, sink: Callable[[bytes], None]) -> None:
        """See PhoneCall."""
        self._sink = sink

    def play(self, frame: bytes) -> None:
        """See PhoneCall."""
        if self._progress.state == "answered" and len(frame) == FRAME:
            self._play(self.number, frame)

    async def hang_up(self) -> None:
        """See PhoneCall."""
        if self._progress.step("ended", "hung_up"):
            self._over()

    def ring_for(self, seconds: float) -> None:
        """Give up when it hasn't been answered by then."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self._progress.time_is_up():
            self._over()

    def _over(self) -> None:
        self._quiet()
        self._send(HangUp(self.number))

    def _quiet(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def on_news(self, news: News) -> None:
        """What the worker says of it."""
        if news.state != "ended":
            self._progress.step(news.state)
        elif self._progress.state == "answered":
            self._progress.step("ended", "failed" if news.lost else "hung_up")
        else:
            self._progress.step("ended", ended_by(news.code), news.code)
        if self._progress.state in ("answered", "ended"):
            self._quiet()

    def on_death(self) -> None:
        """The worker died with it."""
        self._quiet()
        self._progress.step("ended", "failed")

    def on_sound(self, pcm: bytes, at: float, now: float) -> None:
        """What the phone said at `at`, on this loop's clock."""
        self.heard_at = max(self.heard_at, at)
        if self._sink and now - at <= STALE_S and self._progress.state == "answered":
            for frame in frames_of(pcm):
                self._sink(frame)

    def on_press(self, key: str) -> None:
        """A key was pressed on the phone."""
        self._progress.press(key)


class EmbeddedPhone:
    """The engine. Its worker starts with the first call, or by `start`; when it has died, with the next call again."""

    rate = RATE

    def __init__(self, trunk: Trunk) -> None:
        self._trunk = trunk
        self._child: Child | None = None
        self._past: Child | None = None
        self._starting = asyncio.Lock()
        self._calls: dict[int, EmbeddedCall] = {}
        self._last = 0
        self._sound: Sound = []
        self._closed = False

    async def start(self) -> None:
        """Bring the worker up now, so that what is wrong with the trunk is known early. Raises PhoneUnavailable."""
        async with self._starting:
            if self._closed:
                raise PhoneUnavailable("the telephone is closed")
            if self._child is None:
                await self._bury()
                self._past = child = Child(self._report, self._gone)
                await child.start(self._trunk)
                self._child = child
                _log.info("phone_worker_started", pid=child.pid)

    async def _bury(self) -> None:
        """Wait for the end of the worker there was before."""
        if self._past:
            await self._past.stop()
            self._past = None

    @property
    def worker_pid(self) -> int:
        """The process id of the worker, 0 when none runs."""
        return self._child.pid if self._child else 0

    def free_lines(self) -> int:
        """How many calls could be made now."""
        return 0 if self._closed else self._trunk.lines - len(self._calls)

    async def call(self, number: str, *, caller: str = "", ring_s: float = 30) -> PhoneCall:
        """See PhoneEngine. Raises PhoneUnavailable."""
        try:
            address, shown = self._trunk.address(number), self._trunk.shown(caller) if caller else ""
        except TrunkProblem as why:
            raise PhoneUnavailable(str(why)) from None
        if self.free_lines() <= 0:
            raise PhoneUnavailable(f"all {self._trunk.lines} lines are in use")
        self._last += 1
        call = self._calls[self._last] = EmbeddedCall(self._last, self._send, self._play)
        try:
            await self.start()
        except BaseException:
            self._calls.pop(call.number, None)
            raise
        if call.number not in self._calls:
            raise PhoneUnavailable("the embedded telephone ended while this call waited for it")
        self._send(Dial(call.number, address, shown))
        call.ring_for(min(ring_s, self._trunk.ring))
        return call

    async def join(self, one: PhoneCall, other: PhoneCall) -> None:
        """See PhoneEngine. Sound goes from call to call in the worker."""
        assert isinstance(one, EmbeddedCall) and isinstance(other, EmbeddedCall)
        self._send(Join(one.number, other.number))

    async def close(self) -> None:
        """See PhoneEngine."""
        self._closed = True
        async with self._starting:
            await self._bury()

    def _send(self, order: Order) -> None:
        if self._child:
            self._child.send(order)

    def _play(self, number: int, frame: bytes) -> None:
        """Frames of one turn of the loop go out as one message."""
        if not self._sound:
            asyncio.get_running_loop().call_soon(self._flush)
        self._sound.append((number, frame))

    def _flush(self) -> None:
        sound, self._sound = self._sound, []
        if self._child:
            self._child.play(Play(asyncio.get_running_loop().time(), sound))

    def _report(self, report: Report) -> None:
        match report:
            case Heard():
                self._heard(report)
            case News():
                call = self._calls.get(report.call)
                if call:
                    call.on_news(report)
                if report.state == "ended":
                    self._calls.pop(report.call, None)
            case Pressed(number, key) if number in self._calls:
                self._calls[number].on_press(key)

    def _heard(self, heard: Heard) -> None:
        now = asyncio.get_running_loop().time()
        for number, pcm in heard.sound:
            call = self._calls.get(number)
            if call:
                call.on_sound(pcm, heard.at, now)
        for number in heard.signs:
            call = self._calls.get(number)
            if call:
                call.on_sound(b"", heard.at, now)

    def _gone(self) -> None:
        """The worker is no more, and its calls with it."""
        self._child = None
        calls, self._calls = self._calls, {}
        if not self._closed:
            _log.warning("phone_worker_ended", calls=len(calls))
        for call in calls.values():
            call.on_death()
