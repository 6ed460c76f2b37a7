"""What engine and worker process say to each other: a length, then a message in msgpack, over a socket pair.

Orders and news always go (a call makes few of them); sound is dropped where it would have to wait.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from sessions.phone.engine import CallState
from sessions.phone.trunk import Trunk

MESSAGE_MAX: Final = 512 * 1024
"""Bytes of one message: 200 calls with 100 ms of sound each are 320 KiB."""
WAITING_MAX: Final = 64 * 1024
"""Bytes that may wait for the other side before sound is dropped."""
LENGTH: Final = 4

Sound = list[tuple[int, bytes]]
"""Calls with what is to be heard of each."""


class Start(Struct, tag=0, array_like=True):
    """The first order: which trunk to serve."""

    trunk: Trunk


class Dial(Struct, tag=1, array_like=True):
    """Call an address. `caller` is the number shown, "" for the trunk's own."""

    call: int
    address: str
    caller: str


class HangUp(Struct, tag=2, array_like=True):
    """End a call."""

    call: int


class Join(Struct, tag=3, array_like=True):
    """Two calls hear each other from now on."""

    one: int
    other: int


class Play(Struct, tag=4, array_like=True):
    """Sound to phones; `at` is the monotonic clock, which both processes read alike."""

    at: float
    sound: Sound


class Ready(Struct, tag=10, array_like=True):
    """The stack is up."""


class Down(Struct, tag=11, array_like=True):
    """The stack can't come up or has died; the process ends."""

    why: str


class News(Struct, tag=12, array_like=True):
    """A step of a call. `lost` says that it ended because nothing came from the phone any more."""

    call: int
    state: CallState
    code: int = 0
    lost: bool = False


class Heard(Struct, tag=13, array_like=True):
    """Sound from phones, and which joined ones gave a sign of life."""

    at: float
    sound: Sound
    signs: list[int]


class Pressed(Struct, tag=14, array_like=True):
    """A key."""

    call: int
    key: str


class Alive(Struct, tag=15, array_like=True):
    """Told every second."""


Order = Start | Dial | HangUp | Join | Play
Report = Ready | Down | News | Heard | Pressed | Alive

ORDERS: Final[msgspec.msgpack.Decoder[Order]] = msgspec.msgpack.Decoder(Order)
REPORTS: Final[msgspec.msgpack.Decoder[Report]] = msgspec.msgpack.Decoder(Report)
_ENCODER: Final = msgspec.msgpack.Encoder()


class Link(asyncio.Protocol):
    """One end. `told` is called with each message, `lost` once, when the other end is gone or talks nonsense."""

    def __init__(
        self, decoder: msgspec.msgpack.Decoder[Any], told: Callable[[Any], None], lost: Callable[[], None]
    ) -> None:
        self._decoder = decoder
        self._told = told
        self._lost = lost
        self._got = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no instances of it

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost()

    def data_received(self, data: bytes) -> None:
        self._got += data
        try:
            for message in self._messages():
                self._told(message)
        except (msgspec.DecodeError, ValueError):
            self.close()

    def _messages(self) -> list[Any]:
        found, at = [], 0
        while len(self._got) - at >= LENGTH:
            size = int.from_bytes(self._got[at : at + LENGTH], "big")
            if size > MESSAGE_MAX:
                raise ValueError(size)
            if len(self._got) - at - LENGTH < size:
                break
            at += LENGTH
            found.append(self._decoder.decode(bytes(self._got[at : at + size])))
            at += size
        del self._got[:at]
        return found

    def send(self, message: Order | Report) -> None:
        """An order or news: always goes, unless the other end is gone."""
        if self._transport:
            data = _ENCODER.encode(message)
            self._transport.write(len(data).to_bytes(LENGTH, "big") + data)

    def send_sound(self, message: Play | Heard) -> None:
        """Sound: goes unless it would have to wait."""
        if self._transport and self._transport.get_write_buffer_size() < WAITING_MAX:
            self.send(message)

    def close(self) -> None:
        """End it; `lost` follows."""
        if self._transport:
            self._transport.abort()
