"""What strangers and hostile browsers make up to keep a worker busy, or to have it send to others."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

import pytest
from aioice import Connection, stun
from aiortc.sdp import SessionDescription

from sessions.media.candidates import MAX_SOURCES
from sessions.media.transport import MOST_READ_S
from tests.sessions.media.callers import LOOPBACK, caller, loopback_only, peer, until
from tests.sessions.media.test_description import AUDIO, sdp
from tests.sessions.media.test_transport import answered_ports


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


def check_of(answer: str, role: str = "ICE-CONTROLLING") -> bytes:
    """A check as the browser that got the answer makes it, or one that claims our role."""
    (media,) = SessionDescription.parse(answer).media
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes = {"USERNAME": f"{media.ice.usernameFragment}:abcd", "PRIORITY": 5, role: (1 << 64) - 1}
    message.add_message_integrity(str(media.ice.password).encode())
    return bytes(message)


async def test_what_strangers_make_up_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """58 addresses in one datagram take aioice as long as a hundred packets of sound."""
    read: list[int] = []
    parse = stun.parse_message

    def counted(data: bytes) -> stun.Message:
        read.append(len(data))
        return parse(data)

    monkeypatch.setattr(stun, "parse_message", counted)
    attributes = (struct.pack("!HH", 0x20, 20) + b"\0\2" + bytes(18)) * 58
    async with peer() as (ours, _):
        await ours.answer(sdp(AUDIO))
        (gate,) = ours._transport._path._protocols
        for kind in (1, 0x11, 0x101, 0x111):
            head = struct.pack("!HHI12s", kind, len(attributes), 0x2112A442, bytes(12))
            gate.datagram_received(head + attributes, (LOOPBACK, 5))
        assert read == []


async def test_of_one_browser_few_checks_are_read_and_answered_in_a_second() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mal:
        mal.setblocking(False)
        async with peer() as (ours, _):
            answer = await ours.answer(sdp(AUDIO))
            check, (at,) = check_of(answer), answered_ports(answer)
            loop = asyncio.get_running_loop()
            until_s, count = loop.time() + 0.8, 0
            while loop.time() < until_s:
                mal.sendto(check, at)
                await asyncio.sleep(0.001)
                count += responses(mal)
            assert 50 < count <= 2 * MOST_READ_S


def responses(to: socket.socket) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            count += to.recv(2_000)[0] == 1
    return count


@pytest.mark.parametrize("role", ["ICE-CONTROLLING", "ICE-CONTROLLED"])
async def test_no_more_addresses_are_answered_than_one_browser_may_come_from(role: str) -> None:
    """With the right password, under ever new addresses: those may be other people's."""
    async with peer() as (ours, _):
        answer = await ours.answer(sdp(AUDIO))
        check, (at,) = check_of(answer, role), answered_ports(answer)
        with contextlib.ExitStack() as stack:
            sockets = [
                stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2 * MAX_SOURCES)
            ]
            for each in sockets:
                each.setblocking(False)
                each.sendto(check, at)
            heard = [0] * len(sockets)

            def listen() -> int:
                heard[:] = [count + responses(one) for count, one in zip(heard, sockets, strict=True)]
                return sum(1 for count in heard if count)

            await until(lambda: listen() >= MAX_SOURCES)
            await asyncio.sleep(0.1)
            assert listen() == MAX_SOURCES


async def test_who_answers_that_our_role_is_theirs_is_not_asked_again_and_again() -> None:
    async with peer() as (ours, told), caller(440) as mal:
        offer = await mal.offer()
        theirs: Any = mal.pc.getTransceivers()[0].sender.transport.transport._connection
        asked: list[float] = []

        def conflict(message: stun.Message, addr: Any, protocol: Any) -> None:
            asked.append(asyncio.get_running_loop().time())
            theirs.respond_error(message, addr, protocol, (487, "Role Conflict"))

        theirs.request_received = conflict
        await mal.take(await ours.answer(offer))
        await until(lambda: bool(asked))
        await asyncio.sleep(0.5)
        assert len(asked) <= 10 and told.states == []


async def test_of_what_one_browser_makes_up_once_it_is_connected_little_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A report of a hundred and sixty takes as long as thirty packets of sound, a handshake that is none as five."""
    read: dict[str, int] = {"reports": 0, "handshake": 0}
    taken = Connection.data_received

    def counted(of: Connection, data: bytes, component: int) -> None:
        read["handshake"] += of is ours._transport._path
        taken(of, data, component)

    def reported(data: bytes) -> None:
        read["reports"] += 1

    async with peer() as (ours, told), caller(440) as mal:
        await mal.call(ours)
        await until(lambda: told.states == [("connected", "")] and ours.heard_at > 0)
        monkeypatch.setattr(Connection, "data_received", counted)
        ours._transport._on_rtcp = reported
        dtls: Any = mal.pc.getTransceivers()[0].sender.transport
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(10 * MOST_READ_S):
            await dtls.transport._send(dtls._tx_srtp.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 9)))
            await dtls.transport._send(b"\x16\xfe\xfd" + bytes(40))
            await asyncio.sleep(0)
        heard_at = ours.heard_at
        await until(lambda: ours.heard_at > heard_at + 0.2)
        most = (loop.time() - began + 1) * MOST_READ_S
        assert all(0 < count <= most for count in read.values()), (read, most)
        assert told.states == [("connected", "")]
