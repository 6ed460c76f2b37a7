"""A telephone as a leg of a call: its 20 ms frames as Opus packets, and Opus packets as frames for it.

While it rings, the other side hears the ringing tone from here; that tone is no sign of life of the phone.
"""

import asyncio
from typing import Final

from sessions.media.leg import FRAME_TICKS, Packet, Sink
from sessions.media.sound import Decoder, Encoder, chime
from sessions.phone.engine import PhoneCall

BIT_RATE: Final = 20_000
"""Bits a second of Opus: a telephone's sound has 4 kHz."""
FRAME_S: Final = 0.02
PAUSE_S: Final = 0.3
"""After so long without sound from the phone the packets' clock goes on without them, as with silence not sent."""


class PhoneLeg:
    """The sound of one phone call. `rate` is its engine's, `language` the one to speak in. Whoever owns the call
    follows its news."""

    def __init__(self, call: PhoneCall, rate: int, language: str = "") -> None:
        self.language = language
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._encoder = Encoder(rate, BIT_RATE)
        self._decoder = Decoder(rate)
        self._frame = rate // 50 * 2
        self._sink: Sink = _nobody
        self._sequence = -1
        self._timestamp = 0
        self._sent_at = 0.0
        self._played = -1
        self._rest = b""
        self._ringing: asyncio.TimerHandle | None = None
        self._released = False
        call.on_frame(self._heard)

    @property
    def heard_at(self) -> float:
        """`loop.time()` of the phone's last sound; 0.0 before the first."""
        return self._call.heard_at

    def listen(self, sink: Sink) -> None:
        self._sink = sink

    def ring(self) -> None:
        """The other side hears the ringing tone, until `hush` or the phone's first sound."""
        if self._ringing is None and self.heard_at == 0.0:
            self._tone(0, self._loop.time())

    def _tone(self, turn: int, due: float) -> None:
        """The next packet of the tone; what a late loop missed is left out."""
        packets = chime("ringing")
        self._tell(packets[turn % len(packets)])
        due = max(due + FRAME_S, self._loop.time())
        self._ringing = self._loop.call_at(due, self._tone, turn + 1, due)

    def hush(self) -> None:
        """The ringing tone is over, which the phone's first sound says, too."""
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None

    def _heard(self, frame: bytes) -> None:
        self.hush()
        self._tell(self._encoder.encode(frame))

    def _tell(self, payload: bytes) -> None:
        """One packet of this side. A pause before it shows in the timestamp alone: nothing was lost."""
        now = self._loop.time()
        paused = now - self._sent_at > PAUSE_S
        frames = round((now - self._sent_at) / FRAME_S) if paused and self._sent_at else 1
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + frames * FRAME_TICKS) & 0xFFFFFFFF
        self._sent_at = now
        self._sink(Packet(payload, self._sequence, self._timestamp, paused))

    def send(self, packet: Packet) -> None:
        """A packet that comes late is dropped. One that was lost is silence to the phone, whose line never pauses."""
        late = self._played >= 0 and not 0 < (packet.sequence - self._played) & 0xFFFF < 0x8000
        if late or self._released:
            return
        self._played = packet.sequence
        pcm = self._rest + self._decoder.decode(packet.payload).tobytes()
        whole = len(pcm) - len(pcm) % self._frame
        for at in range(0, whole, self._frame):
            self._call.play(pcm[at : at + self._frame])
        self._rest = pcm[whole:]

    def release(self) -> None:
        """The call goes on without this leg: nothing goes to the phone from here, nor does closing hang it up."""
        self._released = True

    async def close(self) -> None:
        self.hush()
        self._sink = _nobody
        if not self._released:
            await self._call.hang_up()


def _nobody(_packet: Packet) -> None:
    """Nobody listens yet, or any more."""
