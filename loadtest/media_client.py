"""The callers of `bench media`, many legs in one process: obeys lines of JSON on stdin, answers each with one.

    {"do": "opus", "packets": [hex]}                what everybody says from now on
    {"do": "offers", "count": 4}                    [[leg, SDP], ...]
    {"do": "connect", "answers": [[leg, SDP]], "until": "heard" | "open", "within_s": 10}
                                                    [[leg, ns of CLOCK_MONOTONIC when it first heard a packet], ...]
    {"do": "plain", "ports": [port]}                legs without encryption: [leg, ...]
    {"do": "run", "pairs": [[leg, leg]], "seconds": 5, "tagged": true, "carrier": pid}      see `Pump.run`
    {"do": "close", "legs": [leg]}                  []

Between runs the legs keep silent, and answer whoever asks whether they are still there.
"""

import asyncio
import json
import sys
import time
from typing import Any, Final

from loadtest.media_leg import DATAGRAM, HOST, Leg, LegError, SecureLeg
from loadtest.media_pump import Pump, is_media

TICK_S: Final = 0.02
MOST_READ: Final = 16
"""Datagrams of a leg that are read in one turn."""


class Legs:
    """All legs, by number."""

    def __init__(self) -> None:
        self._legs: dict[int, Leg] = {}
        self._next = 0
        self._opus = [bytes(80)]
        self._heard_ns: dict[int, int] = {}
        self._failed: LegError | None = None

    def opus(self, packets: list[str]) -> list[object]:
        self._opus = [bytes.fromhex(packet) for packet in packets]
        return []

    def offers(self, count: int) -> list[tuple[int, str]]:
        made = [SecureLeg() for _ in range(count)]
        return [(self._add(leg), leg.offer()) for leg in made]

    def plain(self, ports: list[int]) -> list[int]:
        """Each has said something when this returns, so that the other end knows where it is."""
        made = [Leg((HOST, port)) for port in ports]
        for leg in made:
            leg.send(leg.packet(self._opus[0]))
        return [self._add(leg) for leg in made]

    def _add(self, leg: Leg) -> int:
        number, self._next = self._next, self._next + 1
        self._legs[number] = leg
        asyncio.get_running_loop().add_reader(leg.socket, self._read, number, leg)
        return number

    def _read(self, number: int, leg: Leg) -> None:
        for _ in range(MOST_READ):
            try:
                datagram, address = leg.socket.recvfrom(DATAGRAM)
            except BlockingIOError:
                return
            if not is_media(datagram):
                self._take(leg, datagram, address)
            elif number not in self._heard_ns and leg.payload(datagram):
                self._heard_ns[number] = time.monotonic_ns()

    def _take(self, leg: Leg, datagram: bytes, address: tuple[str, int]) -> None:
        was_open = leg.is_open
        try:
            leg.take(datagram, address)
        except LegError as error:
            self._failed = error
        if leg.is_open and not was_open:
            leg.send(leg.packet(self._opus[0]))

    async def connect(self, answers: list[tuple[int, str]], until: str, within_s: float) -> list[tuple[int, int]]:
        """Raises LegError when not all are connected in time. Whoever is open speaks, as a microphone does."""
        numbers = [number for number, _ in answers]
        for number, sdp in answers:
            leg = self._legs[number]
            assert isinstance(leg, SecureLeg), "it has offered"
            leg.answered(sdp)
        end = time.monotonic() + within_s
        while not self._are(until, numbers):
            await asyncio.sleep(TICK_S)
            if self._failed is not None or time.monotonic() > end:
                raise self._failed or LegError(f"not all of {len(answers)} legs are {until} within {within_s:g} s")
            self._speak(numbers)
        return [(number, self._heard_ns.get(number, 0)) for number in numbers]

    def _are(self, until: str, numbers: list[int]) -> bool:
        return all(self._legs[n].is_open and (until == "open" or n in self._heard_ns) for n in numbers)

    def _speak(self, numbers: list[int]) -> None:
        for leg in (self._legs[number] for number in numbers):
            if leg.is_open:
                leg.send(leg.packet(self._opus[0]))
            else:
                leg.tick()

    def run(self, pairs: list[tuple[int, int]], seconds: float, tagged: bool, carrier: int) -> dict[str, Any]:
        """Sound between the two of each pair. Nothing else is done meanwhile."""
        legs = [(self._legs[one], self._legs[other]) for one, other in pairs]
        speaking = {number for pair in pairs for number in pair}
        others = [leg for number, leg in self._legs.items() if number not in speaking]
        return Pump(legs, seconds, self._opus, tagged, carrier, others).run()

    def close(self, legs: list[int]) -> list[object]:
        for number in legs:
            leg = self._legs.pop(number)
            self._heard_ns.pop(number, None)
            asyncio.get_running_loop().remove_reader(leg.socket)
            leg.close()
        return []

    async def obey(self, asked: dict[str, Any]) -> object:
        """Carries out one line."""
        known = {"opus": self.opus, "offers": self.offers, "plain": self.plain, "run": self.run, "close": self.close}
        what = asked.pop("do")
        try:
            return await self.connect(**asked) if what == "connect" else known[what](**asked)  # type: ignore[operator]
        except LegError as error:
            return {"fail": str(error)}


async def _main() -> None:
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    legs = Legs()
    while line := await lines.readline():
        print(json.dumps(await legs.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
