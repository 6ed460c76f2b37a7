"""Frames that are too big, too many or compressed: the sender is closed, and the server's memory does not move."""

import asyncio
import struct
import zlib
from collections.abc import Callable

import pytest

from tests.attacks.raw import CONT, Raw, frame, opened
from tests.chaos.town import Town
from wire import messages
from wire.codec import JSON

MIB = 1024 * 1024
TOGETHER = 60
GROWTH = 16 * MIB


def too_big() -> bytes:
    return frame(b" " * (65 * 1024))


def a_promise_of_eight_exabytes() -> bytes:
    return struct.pack("!BBQ", 0x81, 0xFF, 2**63 - 1) + b"\0\0\0\0" + b"x" * 1000


def a_thousand_fragments() -> bytes:
    return frame(b" ", fin=False) + frame(b" ", CONT, fin=False) * 998 + frame(b" ", CONT)


def fragments_that_add_up() -> bytes:
    return frame(b" " * 8192, fin=False) + frame(b" " * 8192, CONT, fin=False) * 12


def a_bomb() -> bytes:
    packed = zlib.compressobj(9, wbits=-15)
    return frame(packed.compress(b" " * 48 * MIB) + packed.flush(zlib.Z_SYNC_FLUSH), rsv1=True)


BAD: dict[Callable[[], bytes], int] = {
    too_big: 1009,
    a_promise_of_eight_exabytes: 1009,
    a_thousand_fragments: 1009,
    fragments_that_add_up: 1009,
    a_bomb: 1002,
}


@pytest.mark.parametrize("signed_in", [False, True], ids=["before-hello", "signed-in"])
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
async def test_the_sender_is_closed_and_memory_stays_flat(
    site: Town, bad: Callable[[], bytes], signed_in: bool
) -> None:
    pool = await site.new_pool("ada")
    payload, before = bad(), site.rss()

    async def attack() -> int:
        raw = await opened(site.ports[0])
        if signed_in:
            raw.writer.write(frame(JSON.encode(messages.Hello(id=1, pool=pool))))
            await raw.reader.readuntil(b'"welcome"')
        raw.writer.write(payload)
        return await raw.closed()

    codes = await asyncio.gather(*(attack() for _ in range(TOGETHER)))
    assert set(codes) == {BAD[bad]}
    assert site.rss() - before < GROWTH


async def test_messages_that_are_never_finished_are_held_within_bounds(site: Town) -> None:
    """As many bytes as a message may have, and never the last: what all of them together hold is what was sent."""
    before, open_ones = site.rss(), [await opened(site.ports[0]) for _ in range(TOGETHER)]
    for raw in open_ones:
        raw.writer.write(frame(b" " * 60_000, fin=False))
        await raw.writer.drain()
    assert site.rss() - before < TOGETHER * 4 * 65_536 + GROWTH


async def test_compression_is_not_agreed_to(site: Town) -> None:
    raw: Raw = await opened(site.ports[0], "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    assert b"permessage-deflate" not in raw.head
