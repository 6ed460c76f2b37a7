"""Streams of Opus on many legs at once, each packet at its own time, and when each arrives.

Packets are protected before the clock starts and unprotected after it has stopped; what runs in between is sendto and
recvmsg. Arrivals are timed by the kernel, so what this process is late with does not count as delay. It never sleeps:
on loopback whoever sends would pay for waking it, where elsewhere a network card takes the packet.
"""

import gc
import random
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from loadtest.figures import quantile
from loadtest.media_leg import DATAGRAM, Leg
from loadtest.process import cpu_ns

PACKET_NS: Final = 20_000_000
PER_S: Final = 50
WARM_S: Final = 1.5
"""The beginning of a run, which is not measured: all who kept silent speak again at once, as nobody does in life."""
QUIET_NS: Final = 1_000_000_000
"""It listens until nothing has come for so long after the last packet went out, at most `LONGEST_NS`."""
LONGEST_NS: Final = 10_000_000_000
SEED: Final = 11
_TIME = struct.Struct("@ll")
_TAG = struct.Struct("!HH")
_ROOM = socket.CMSG_SPACE(_TIME.size)


class Heard(NamedTuple):
    """A datagram of media, as it came: at which leg, and when (ns of the real-time clock)."""

    leg: int
    at: int
    datagram: bytes


class Pump:
    """One run. `pairs` are the two legs of each call, which process `carrier` carries; `others` are silent, and answer
    who asks whether they are there.

    Where `tagged`, the last bytes of each payload tell which packet it is, and the delay of each is measured.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[Leg, Leg]],
        seconds: float,
        opus: Sequence[bytes],
        tagged: bool,
        carrier: int,
        others: Sequence[Leg] = (),
    ) -> None:
        self._legs = [leg for pair in pairs for leg in pair]
        self._all = [*self._legs, *others]
        self._warm = round(WARM_S * PER_S)
        self._count = self._warm + round(seconds * PER_S)
        self._tagged = tagged
        self._carrier = carrier
        self._out = [
            [leg.packet(self._payload(opus, i, n)) for n in range(self._count)] for i, leg in enumerate(self._legs)
        ]
        self._sent = [[0] * self._count for _ in self._legs]
        self._heard: list[Heard] = []
        self._late: list[int] = []
        self._share = 0.0
        self._idle_ns = self._cpu_ns = 0

    def _payload(self, opus: Sequence[bytes], leg: int, n: int) -> bytes:
        sound = opus[n % len(opus)]
        return sound[: -_TAG.size] + _TAG.pack(leg, n) if self._tagged else sound

    def run(self) -> dict[str, Any]:
        """Packets sent and heard, delays in ns, the carrier's CPU, and how well this process kept up."""
        with _quiet(), select.epoll() as poll:
            by_fd = {leg.socket.fileno(): i for i, leg in enumerate(self._all)}
            for leg in self._all:
                poll.register(leg.socket.fileno(), select.EPOLLIN)
            start = time.time_ns() + PACKET_NS
            self._play(poll, by_fd, start, range(self._warm))
            self._late.clear()
            self._idle_ns, began, carried = 0, time.monotonic_ns(), cpu_ns([self._carrier])
            self._play(poll, by_fd, start, range(self._warm, self._count))
            self._share = 1 - self._idle_ns / (time.monotonic_ns() - began)
            self._cpu_ns = cpu_ns([self._carrier]) - carried
            self._hear_out(poll, by_fd)
        return self._result()

    def _schedule(self) -> list[tuple[int, int]]:
        """When, within 20 ms, which leg sends: people don't speak in step, nor do they take turns."""
        dice = random.Random(SEED)  # noqa: S311 (the same for every contestant)
        return sorted((dice.randrange(PACKET_NS), i) for i in range(len(self._legs)))

    def _play(self, poll: select.epoll, by_fd: dict[int, int], start: int, numbers: range) -> None:
        now_ns, schedule, sent, late = time.time_ns, self._schedule(), self._sent, self._late
        for n in numbers:
            self._listen(poll, by_fd)  # also where it is so late that there is never time for it
            for phase, i in schedule:
                due = start + n * PACKET_NS + phase
                while (now := now_ns()) < due:
                    if not self._listen(poll, by_fd):
                        self._idle_ns += now_ns() - now
                leg = self._legs[i]
                sent[i][n] = now
                leg.send(self._out[i][n])
                late.append(now - due)

    def _hear_out(self, poll: select.epoll, by_fd: dict[int, int]) -> None:
        now = time.time_ns()
        last, quiet = now + LONGEST_NS, now + QUIET_NS
        while (now := time.time_ns()) < min(last, quiet):
            if self._listen(poll, by_fd):
                quiet = now + QUIET_NS

    def _listen(self, poll: select.epoll, by_fd: dict[int, int]) -> bool:
        """Take one datagram of each leg that has some; whether there was any."""
        ready = poll.poll(0)
        for fd, _ in ready:
            i = by_fd[fd]
            leg = self._all[i]
            datagram, extra, _, address = leg.socket.recvmsg(DATAGRAM, _ROOM)
            if not is_media(datagram):
                if datagram:
                    leg.take(datagram, address)
                continue
            seconds, ns = _TIME.unpack(extra[0][2])
            self._heard.append(Heard(i, seconds * 1_000_000_000 + ns, datagram))
        return bool(ready)

    def _result(self) -> dict[str, Any]:
        payloads = [(i, at, self._all[i].payload(datagram)) for i, at, datagram in self._heard if i < len(self._legs)]
        whole = [(i, at, payload) for i, at, payload in payloads if payload]
        return {
            "sent": self._count * len(self._legs),
            "heard": len(whole),
            "seconds": (self._count - self._warm) / PER_S,
            "deaf": len(self._legs) - len({i for i, _, _ in whole}),
            "delays_ns": [delay for i, at, payload in whole if (delay := self._delay(i, at, payload)) is not None],
            "cpu_ns": self._cpu_ns,
            "late_p99_ms": round(quantile(self._late, 0.99) / 1e6, 3),
            "client_share": round(self._share, 3),
        }

    def _delay(self, leg: int, at: int, payload: bytes) -> int | None:
        if not self._tagged:
            return None
        origin, n = map(int, _TAG.unpack(payload[-_TAG.size :]))
        if origin != leg ^ 1 or not self._warm <= n < self._count:
            return None
        return at - self._sent[origin][n]


def is_media(datagram: bytes) -> bool:
    """RTP, that is neither STUN, DTLS nor RTCP (RFC 7983, RFC 5761)."""
    return len(datagram) > 12 and 127 < datagram[0] < 192 and not 191 < datagram[1] < 224


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the collector of cycles, which would stop the stream for what is kept here."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
