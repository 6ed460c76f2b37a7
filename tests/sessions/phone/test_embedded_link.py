"""Engine and worker over a real socket pair: every message arrives whole, nonsense ends it, sound doesn't pile up."""

import asyncio
import socket
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.phone.embedded.frames import FRAME
from sessions.phone.embedded.link import (
    MESSAGE_MAX,
    ORDERS,
    REPORTS,
    WAITING_MAX,
    Alive,
    Dial,
    Down,
    HangUp,
    Heard,
    Join,
    Link,
    News,
    Order,
    Play,
    Pressed,
    Ready,
    Report,
    Start,
)
from tests.sessions.phone.peers import until
from tests.sessions.phone.trunks import loopback


class Ends:
    """Both ends, and what each was told."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.reports: list[Report] = []
        self.lost: list[str] = []
        self.engine = Link(REPORTS, self.reports.append, lambda: self.lost.append("engine"))
        self.worker = Link(ORDERS, self.orders.append, lambda: self.lost.append("worker"))

    async def __aenter__(self) -> "Ends":
        loop = asyncio.get_running_loop()
        for link, sock in zip((self.engine, self.worker), socket.socketpair(), strict=True):
            sock.setblocking(False)
            await loop.create_connection(partial(_same, link), sock=sock)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.engine.close()
        self.worker.close()
        await until(lambda: sorted(self.lost) == ["engine", "worker"])


def _same(link: Link) -> Link:
    return link


async def test_every_message_arrives() -> None:
    orders: list[Order] = [
        Start(loopback(secret="of the trunk")), Dial(1, "sip:1@h", ""), HangUp(1), Join(1, 2),
        Play(1.5, [(1, bytes(FRAME)), (2, b"")]),
    ]  # fmt: skip
    reports: list[Report] = [
        Ready(), Down("why"), News(1, "ended", 486), Heard(2.5, [(7, bytes(FRAME))], [8, 9]), Pressed(1, "#"), Alive(),
    ]  # fmt: skip
    async with Ends() as ends:
        for order in orders:
            ends.engine.send(order)
        for report in reports:
            ends.worker.send(report)
        await until(lambda: ends.orders == orders and ends.reports == reports)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_however_it_is_cut(cuts: list[int]) -> None:
    told: list[Report] = []
    whole = bytearray()
    link, sender = Link(REPORTS, told.append, lambda: None), Link(REPORTS, told.append, lambda: None)
    sent: list[Report] = [News(1, "ringing"), Heard(1.0, [(1, bytes(60))], []), Alive()]
    transport = _Kept(whole)
    sender._transport = transport  # type: ignore[assignment]  # what would go out
    for report in sent:
        sender.send(report)
    at = 0
    while at < len(whole):
        size = cuts[at % len(cuts)]
        link.data_received(bytes(whole[at : at + size]))
        at += size
    assert told == sent


class _Kept:
    def __init__(self, kept: bytearray) -> None:
        self._kept = kept

    def write(self, data: bytes) -> None:
        self._kept += data


@settings(max_examples=50)
@given(st.binary(min_size=4, max_size=300))
def test_nonsense_is_told_to_nobody(data: bytes) -> None:
    async def run() -> None:
        async with Ends() as ends:
            ends.engine._transport.write(data)
            ends.engine._transport.write((5).to_bytes(4, "big") + b"\xc1\xc1\xc1\xc1\xc1")
            await asyncio.sleep(0)

    asyncio.run(run())


@pytest.mark.parametrize("data", [(MESSAGE_MAX + 1).to_bytes(4, "big"), b"\x00\x00\x00\x02\x92\x63", b"\xff" * 40])
async def test_nonsense_ends_it(data: bytes) -> None:
    async with Ends() as ends:
        ends.engine._transport.write(data)
        await until(lambda: sorted(ends.lost) == ["engine", "worker"])
        assert not ends.orders
        ends.engine.send(HangUp(1))  # without effect, and without harm


async def test_sound_does_not_pile_up_where_nobody_reads() -> None:
    async with Ends() as ends:
        ends.worker._transport.pause_reading()
        for _ in range(2000):
            ends.engine.send_sound(Play(0.0, [(1, bytes(FRAME))]))
        assert ends.engine._transport.get_write_buffer_size() <= WAITING_MAX + FRAME + 64
        ends.engine.send(HangUp(5))
        ends.worker._transport.resume_reading()
        await until(lambda: ends.orders and ends.orders[-1] == HangUp(5))
        assert len(ends.orders) < 2000
