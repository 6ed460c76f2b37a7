"""baresip, as the worker process uses it: the one module beside `voice.py` that knows its members.

It is alpha and speaks to the network, so nothing of it leaves this process but numbers, words of ours and sound.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from baresip import (
    Account,
    BaresipError,
    Call,
    CommandTimeout,
    Config,
    Runtime,
    RuntimeDead,
    StackEvent,
    StaleHandleError,
    UserAgent,
)

from sessions.phone.embedded.frames import frames_of
from sessions.phone.embedded.link import Heard, News, Pressed, Report, Sound
from sessions.phone.embedded.voice import Voice
from sessions.phone.trunk import Trunk

EARLY_MAX: Final = 64
REFUSING_MAX: Final = 64
"""Calls to us that are being refused at once; the stack lets those beyond ring out."""
OVER_S: Final = 0.06
"""So long after the last frame played to it, a joined call hears the other again."""
STALE_S: Final = 0.2
SIGNS_EVERY: Final = 10
"""Ticks between two signs of life of joined calls."""
KEYS: Final = frozenset("0123456789*#ABCD")
SRTP: Final = {"off": (), "optional": ("mediaenc=srtp",), "mandatory": ("mediaenc=srtp-mand",)}
SETTINGS: Final = (
    "call_hold_other_calls no\n"  # each call is somebody's own
    "audio_jitter_buffer_type adaptive\n"
    "audio_jitter_buffer_ms 20-120\n"
    "audio_buffer 20-40\n"  # behind our own cushion, which is in voice.py
    "rtp_stats no\n"
)


def config_of(trunk: Trunk) -> Config:
    """The stack's own settings for a trunk."""
    tls = ""
    if trunk.transport == "tls":
        tls = f"sip_verify_server yes\nsip_cafile {trunk.ca or ssl.get_default_verify_paths().cafile or ''}\n"
    return Config(
        net_interface=trunk.local or None,
        max_concurrent_calls=None,  # the engine counts lines
        rtp_timeout=trunk.lost,
        native_log_level="error",
        extra_config_text=SETTINGS + tls + (f"rtp_ports {trunk.rtp}\n" if trunk.rtp else ""),
    )


def account_of(trunk: Trunk) -> Account:
    """Who we are to a trunk. Calls show `caller`, the secret is asked of `auth`."""
    proxy = f"sip:{trunk.at};transport={trunk.transport}" if trunk.realm else None
    return Account(
        user=trunk.shown("") or trunk.user,
        domain=trunk.realm or trunk.at,
        password=trunk.secret,
        registrar=proxy,
        reg_interval=trunk.register,
        transport=trunk.transport,
        audio_codecs=tuple(codec.lower() for codec in trunk.codecs),
        auth_user=trunk.auth or trunk.user,
        extra_params=SRTP[trunk.srtp],
    )


class Line:
    """One call of this process."""

    def __init__(self, number: int, call: Call) -> None:
        self.number = number
        self.call = call
        self.voice = Voice(call.audio)
        self.other: Line | None = None
        self.over_until = 0.0


class Stack:
    """One baresip. `tell` is handed what the engine is to know; `dead` is called when the stack is no more."""

    def __init__(self, trunk: Trunk, tell: Callable[[Report], None], dead: Callable[[], None]) -> None:
        self._trunk = trunk
        self._tell = tell
        self._dead = dead
        self._runtime = Runtime()
        self._agent: UserAgent | None = None
        self._lines: dict[int, Line] = {}
        self._by_handle: dict[int, Line] = {}
        self._coming: set[int] = set()
        self._given_up: set[int] = set()
        self._signs: set[int] = set()
        self._refusing: set[asyncio.Task[None]] = set()
        self._early: list[StackEvent] = []
        self._dialling = asyncio.Lock()
        self._ticks = 0

    async def start(self) -> None:
        """Bring it up, and register where the trunk wants it. Raises BaresipError."""
        self._runtime.on_dead = self._dead
        await self._runtime.start(config_of(self._trunk))
        self._runtime.subscribe(self._happened)
        self._agent = await UserAgent.create(self._runtime, account_of(self._trunk), transfer_policy="reject")
        self._agent.on_incoming(self._refuse)
        if self._trunk.register:
            await self._agent.register()

    async def close(self) -> None:
        """End all calls, then the stack."""
        for line in list(self._lines.values()):
            await self._end(line.call)
        await self._runtime.close()

    def _refuse(self, call: Call) -> None:
        """Nobody calls us."""
        if len(self._refusing) < REFUSING_MAX:
            task = asyncio.get_running_loop().create_task(self._end(call))
            self._refusing.add(task)
            task.add_done_callback(self._refusing.discard)

    async def dial(self, number: int, address: str, caller: str) -> None:
        """Start a call; what becomes of it is told by news. One at a time: see `_happened`."""
        self._coming.add(number)
        try:
            async with self._dialling:
                call = None if number in self._given_up else await self._dialled(address, caller)
                if call:
                    self._take(Line(number, call))
                else:
                    self._tell(News(number, "ended"))
        finally:
            self._coming.discard(number)
        if number in self._given_up:
            await self.hang_up(number)

    async def _dialled(self, address: str, caller: str) -> Call | None:
        assert self._agent
        headers = {"P-Preferred-Identity": f"<sip:{caller}@{self._trunk.realm or self._trunk.host}>"} if caller else {}
        self._early.clear()
        try:
            return await self._agent.dial(address, headers)
        except (CommandTimeout, RuntimeDead):
            self._dead()
        except (BaresipError, ValueError):
            pass  # an address that can't be reached from here
        return None

    def _take(self, line: Line) -> None:
        self._lines[line.number] = self._by_handle[line.call.handle] = line
        for event in self._early:
            if event.call == line.call.handle:
                self._on_event(line, event)

    async def hang_up(self, number: int) -> None:
        """End a call; one whose dialling is under way ends as soon as it is known."""
        line = self._lines.get(number)
        self._given_up.discard(number)
        if line:
            await self._end(line.call)
        elif number in self._coming:
            self._given_up.add(number)

    async def _end(self, call: Call) -> None:
        try:
            await call.hangup()
        except StaleHandleError:
            return
        except (CommandTimeout, RuntimeDead):
            self._dead()

    def _happened(self, event: StackEvent) -> None:
        """An event of the stack. Those of a call can come before `dial` knows it: they are kept until then."""
        line = self._by_handle.get(event.call)
        if line:
            self._on_event(line, event)
        elif self._dialling.locked() and len(self._early) < EARLY_MAX:
            self._early.append(event)

    def _on_event(self, line: Line, event: StackEvent) -> None:
        match event.event.name:
            case "CALL_RINGING" | "CALL_PROGRESS":
                self._tell(News(line.number, "ringing"))
            case "CALL_ESTABLISHED":
                line.voice.answer()
                self._tell(News(line.number, "answered"))
            case "CALL_DTMF_START" if event.text and event.text in KEYS:
                self._tell(Pressed(line.number, event.text))
            case "CALL_CLOSED":
                self._closed(line, event.text or "")

    def _closed(self, line: Line, text: str) -> None:
        """The text is a SIP status with its reason, or the stack's own words."""
        del self._lines[line.number], self._by_handle[line.call.handle]
        if line.other:
            line.other.other = None
        status = text[:3]
        code = int(status) if status.isdigit() and text[3:4] in ("", " ") else 0
        self._tell(News(line.number, "ended", code, lost=text == "rtp stream error"))

    def join(self, one: int, other: int) -> None:
        """Two calls hear each other. What is gone meanwhile is not joined."""
        first, second = self._lines.get(one), self._lines.get(other)
        if first and second and first is not second:
            for line in (first, second):
                if line.other:
                    line.other.other = None
            first.other, second.other = second, first

    def play(self, at: float, sound: Sound) -> None:
        """Sound from the engine to phones; what waited too long on its way is dropped."""
        now = asyncio.get_running_loop().time()
        if now - at > STALE_S:
            return
        for number, pcm in sound:
            line = self._lines.get(number)
            if line:
                line.over_until = now + OVER_S
                for frame in frames_of(pcm):
                    line.voice.play(frame)

    @property
    def idle(self) -> bool:
        """Whether no call is there, so that there is nothing to listen for."""
        return not self._lines

    def tick(self, now: float) -> Heard | None:
        """Bring sound from phone to phone, and take what the engine is to hear. To be called every 10 ms."""
        self._ticks += 1
        sound: Sound = []
        for line in self._lines.values():
            pcm = line.voice.hear()
            if not pcm:
                continue
            if line.other is None:
                sound.append((line.number, pcm))
                continue
            self._signs.add(line.number)
            if now >= line.other.over_until:
                for frame in frames_of(pcm):
                    line.other.voice.play(frame)
        signs = self._lived() if self._ticks % SIGNS_EVERY == 0 else []
        return Heard(now, sound, signs) if sound or signs else None

    def _lived(self) -> list[int]:
        signs = list(self._signs)
        self._signs.clear()
        return signs
