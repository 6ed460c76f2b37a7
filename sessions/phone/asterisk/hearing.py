"""What comes from Asterisk put into order: whose packets count, which are late, what is missing. Pure.

What comes in order goes on at once, so nothing is added to the delay. After a gap at most `HELD_MAX` packets are held
back for the missing one; then it counts as lost, and silence of its length stands for it, so that time stays right.
"""

from typing import Final

from sessions.phone.asterisk.g711 import PAYLOAD_TYPE, SAMPLES, SILENCE
from sessions.phone.asterisk.rtp import Rtp, ahead
from sessions.phone.asterisk.settings import Codec

HELD_MAX: Final = 3
"""Packets held back for a missing one: 60 ms."""
GAP_MAX: Final = 5
"""Lost packets that silence is played for; a wider gap is a new beginning."""
LATE_MAX: Final = 100
"""Packets that come after their time are dropped; older ones are a new beginning (RFC 3550, A.1: MAX_MISORDER)."""
COMFORT_NOISE: Final = 13
PROBATION: Final = 2
"""Packets in a row after which another SSRC is believed (RFC 3550, A.1)."""


class Hearing:
    """The packets of one call. Its source address has been checked before."""

    def __init__(self, codec: Codec) -> None:
        self._kind = PAYLOAD_TYPE[codec]
        self._silence = SILENCE[codec]
        self._ssrc: int | None = None
        self._stranger = (0, 0, 0)
        self._next = 0
        self._held: dict[int, Rtp] = {}
        self._rest = b""

    def take(self, packet: Rtp) -> list[bytes] | None:
        """The frames of 20 ms that are now due; None when this packet doesn't count at all."""
        if packet.kind not in (self._kind, COMFORT_NOISE) or not self._is_known(packet):
            return None
        late = ahead(packet.sequence, self._next)
        if not -LATE_MAX <= late <= GAP_MAX:
            self._begin(packet)
        elif late < 0:
            return []
        self._held[packet.sequence] = packet
        return self._frames(self._due())

    def _is_known(self, packet: Rtp) -> bool:
        if packet.ssrc == self._ssrc:
            return True
        ssrc, following, seen = self._stranger
        seen = seen + 1 if (ssrc, following) == (packet.ssrc, packet.sequence) else 1
        self._stranger = (packet.ssrc, packet.sequence + 1 & 0xFFFF, seen)
        if self._ssrc is not None and seen < PROBATION:
            return False
        self._ssrc = packet.ssrc
        self._begin(packet)
        return True

    def _begin(self, packet: Rtp) -> None:
        self._held.clear()
        self._next = packet.sequence

    def _due(self) -> list[bytes]:
        found = []
        while self._held:
            packet = self._held.pop(self._next, None)
            if packet is None and len(self._held) < HELD_MAX:
                break
            if packet is None:
                found.append(self._silence)
            elif packet.kind == self._kind:
                found.append(packet.payload)
            self._next = self._next + 1 & 0xFFFF
        return found

    def _frames(self, payloads: list[bytes]) -> list[bytes]:
        if not self._rest and all(len(payload) == SAMPLES for payload in payloads):
            return payloads
        sound = self._rest + b"".join(payloads)
        whole = len(sound) // SAMPLES * SAMPLES
        self._rest = sound[whole:]
        return [sound[at : at + SAMPLES] for at in range(0, whole, SAMPLES)]
