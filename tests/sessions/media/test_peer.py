"""What a leg takes from its browser, packet by packet."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.media import peer as peer_module
from sessions.media.leg import Packet
from sessions.media.peer import LARGEST_PAYLOAD, MOST_PACKETS_S
from sessions.media.reports import Sending
from tests.sessions.media.callers import peer
from tests.sessions.media.test_description import AUDIO, sdp


def rtp(first: int = 0x80, kind: int = 111, sequence: int = 5, ssrc: int = 9, tail: bytes = b"opus") -> bytes:
    return struct.pack("!BBHII", first, kind, sequence, 960, ssrc) + tail


async def listened(*packets: bytes) -> list[Packet]:
    """What is heard of packets that came in the clear."""
    heard: list[Packet] = []
    async with peer() as (ours, _):
        await ours.answer(sdp(AUDIO))
        ours.listen(heard.append)
        for packet in packets:
            ours._heard(packet)
    return heard


async def test_the_payload_is_what_lies_between_extensions_and_padding() -> None:
    extension = b"\xbe\xde\x00\x01\x10\xff\x00\x00"
    heard = await listened(
        rtp(),
        rtp(first=0x90, tail=extension + b"opus"),
        rtp(first=0xA0, tail=b"opus\x00\x00\x03"),
        rtp(first=0xB2, tail=bytes(8) + extension + b"opus\x01"),
        rtp(kind=111 | 0x80),
    )
    assert [packet.payload for packet in heard] == [b"opus"] * 5
    assert [packet.marker for packet in heard] == [False] * 4 + [True]
    assert heard[0] == Packet(b"opus", 5, 960, False, 9)


async def test_what_is_no_sound_of_theirs_is_dropped() -> None:
    heard = await listened(
        rtp(kind=13, tail=b"noise"),
        rtp(kind=0),
        rtp(tail=b""),
        rtp(first=0x90, tail=b"\xbe\xde\xff\xff"),
        rtp(first=0x90, tail=b"\xbe"),
        rtp(first=0x8F, tail=bytes(8)),
        rtp(first=0xA0, tail=b"opus\xff"),
    )
    assert heard == []


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_header_is_read_or_dropped(tail: bytes) -> None:
    for first in (0x80, 0x90, 0xA0, 0xBF):
        assert len(peer_module._payload(rtp(first=first, tail=tail))) <= len(tail)


async def test_who_floods_us_doesnt_flood_the_other_side() -> None:
    heard = await listened(*(rtp(sequence=n) for n in range(2 * MOST_PACKETS_S)))
    assert len(heard) == MOST_PACKETS_S
    large = await listened(*(rtp(sequence=n, tail=bytes(1_200)) for n in range(200)))
    assert len(large) == 58


async def test_what_cant_go_is_dropped_and_not_counted() -> None:
    async with peer() as (ours, _):
        packet = Packet(b"opus", 1, 960, False)
        ours.send(packet)
        await ours.answer(sdp(AUDIO))
        ours.send(packet)
        ours.send(packet._replace(payload=bytes(LARGEST_PAYLOAD + 1)))
        assert ours._sending._packets == 0


async def test_a_browser_that_changes_its_ssrc_is_counted_anew() -> None:
    async with peer(ssrc=77) as (ours, _):
        await ours.answer(sdp(AUDIO))
        for n in range(3):
            ours._heard(rtp(sequence=n))
        ours._heard(rtp(sequence=60_000, ssrc=10))
        assert ours._reception is not None and ours._reception.ssrc == 10
        sender = Sending(10)
        sender.sent(960, 4, 5.0)
        ours._reported(sender.report(5.0, b""))
        assert ours._reception.block(6.0)[16:20] == struct.pack("!I", 5 << 16)
