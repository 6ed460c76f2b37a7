"""What is between a browser and us: aiortc's private members, strangers at the port, keys, ports and addresses."""

import asyncio
import os
import socket
import struct
from contextlib import AsyncExitStack
from typing import Any, cast

import aiortc
import pytest
from aiortc.sdp import SessionDescription
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL, crypto

from sessions.media import peer as peer_module
from sessions.media.transport import LARGEST, MAX_STREAMS, PRIVATE, Gate, NoPort, Path, Site
from tests.sessions.media.callers import LOOPBACK, Caller, caller, loopback_only, peer, site, until

CLIENT_HELLO = bytes.fromhex("16fefd0000000000000000005a0100004e000000000000004efefd") + bytes(76)
"""A DTLS record that opens a handshake."""


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


async def test_aiortc_still_has_what_we_take_of_it() -> None:
    """When this names a member, the new release moved it: look at `sessions/media/transport.py`."""
    certificate = site().certificate
    path = Path(site(), lambda data: None)
    gate: Any = Gate(path)
    alive: dict[str, Any] = {
        "Connection": path,
        "StunProtocol": gate,
        "RTCCertificate": certificate,
        "RTCDtlsTransport": aiortc.RTCDtlsTransport(cast(Any, path), [certificate]),
    }
    gate.transport = gate.local_candidate = None  # set when a socket is bound
    missing = [
        f"{of.__name__}.{name}"
        for of, names in PRIVATE.items()
        for name in names
        if not hasattr(alive[of.__name__], name)
    ]
    assert not missing, f"gone from aiortc {aiortc.__version__}: {', '.join(missing)}"


def _stun(tail: bytes) -> bytes:
    """A check as far as its header goes, with attributes that are cut and mixed up."""
    attributes = b"".join(
        struct.pack("!HH", kind, len(tail)) + tail + bytes(-len(tail) % 4) for kind in (0x0024, 0x0006, 0x8029, 0x0020)
    )
    return struct.pack("!HHI12s", 1, len(attributes), 0x2112A442, os.urandom(12)) + attributes


def answered_ports(answer: str) -> list[tuple[str, int]]:
    return [(one.ip, one.port) for one in SessionDescription.parse(answer).media[0].ice_candidates]


async def test_a_stranger_who_sprays_handshakes_harms_no_call() -> None:
    """100 set-ups, each under fire from another port; every one connects."""
    here = site()
    wrong: list[tuple[str, str]] = []

    async def one() -> None:
        async with peer(here) as (ours, told), caller(440) as uma:
            answer = await ours.answer(await uma.offer())
            spray = asyncio.create_task(sprayed(answered_ports(answer)))
            await uma.take(answer)
            await until(lambda: bool(told.states), 20)
            spray.cancel()
            await asyncio.gather(spray, return_exceptions=True)
            wrong.extend(state for state in told.states if state != ("connected", ""))

    for _ in range(10):
        await asyncio.gather(*(one() for _ in range(10)))
    assert wrong == []


async def sprayed(at: list[tuple[str, int]]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        while True:
            for address in at:
                stranger.sendto(CLIENT_HELLO, address)
                stranger.sendto(b"\x80\x6f" + bytes(100), address)
            await asyncio.sleep(0.005)


async def test_who_sends_under_ever_new_names_is_heard_under_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """libsrtp keeps every source, and looks through all of them at each packet: 15,000 would stop a whole worker."""
    async with peer() as (ours, told), caller(440) as mal:
        sources: set[int] = set()
        ours.listen(lambda packet: sources.add(packet.source))
        await mal.call(ours)
        await until(lambda: bool(sources))
        (own,) = sources
        dtls: Any = mal.pc.getTransceivers()[0].sender.transport
        for n in range(1_000):
            forged = struct.pack("!BBHII", 0x80, ours._payload_type or 0, 1, 960, n + 1) + b"opus"
            await dtls.transport._send(dtls._tx_srtp.protect(forged))
            report = struct.pack("!BBHI", 0x80, 201, 1, n + 100_000)
            await dtls.transport._send(dtls._tx_srtp.protect_rtcp(report))
        await asyncio.sleep(0.2)
        assert len(sources | {own}) <= MAX_STREAMS == 16
        heard_at = ours.heard_at
        await until(lambda: ours.heard_at > heard_at + 0.1)
        assert told.states == [("connected", "")], "who does so goes on being heard under their first name"


async def test_who_has_another_certificate_than_the_offer_says_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer() as (ours, told), caller(440) as uma:
        offer = await uma.offer()
        first = offer.index("fingerprint:sha-256 ") + 20
        forged = offer[:first] + ("00" if offer[first : first + 2] != "00" else "11") + offer[first + 2 :]
        await uma.take(await ours.answer(forged))
        await until(lambda: bool(told.states))
        assert told.states == [("closed", "not_connected")]


async def test_a_certificate_that_cant_be_read_lets_nobody_in_and_breaks_nothing() -> None:
    """OpenSSL takes one of version 8; what reads it for its fingerprint does not."""
    async with peer() as (ours, told), caller(440) as mal:
        offer = await mal.offer()
        dtls: Any = mal.pc.getTransceivers()[0].sender.transport
        certificate: Any = dtls._RTCDtlsTransport__local_certificate
        good = certificate._cert.public_bytes(Encoding.DER)
        bad = crypto.load_certificate(
            crypto.FILETYPE_ASN1, good.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
        )
        context = certificate._create_ssl_context(dtls._srtp_profiles)
        cast(Any, SSL)._lib.SSL_CTX_use_certificate(context._context, cast(Any, bad)._x509)
        certificate._create_ssl_context = lambda srtp_profiles: context
        await mal.take(await ours.answer(offer))
        await until(lambda: bool(told.states))
        assert told.states == [("closed", "not_connected")]
        assert ours._connecting is not None
        await asyncio.wait_for(ours._connecting, 1)


async def test_who_doesnt_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_module, "CONNECT_S", 0.3)
    async with peer() as (ours, told), caller(440) as uma:
        await ours.answer(await uma.offer())
        await until(lambda: bool(told.states))
        assert told.states == [("closed", "not_connected")]


async def test_no_address_of_an_offer_is_sent_to() -> None:
    """Whatever candidates an offer names, nothing goes there; only a check with the right password is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((LOOPBACK, 0))
        listener.setblocking(False)
        async with peer() as (ours, told), caller(440) as uma:
            named = f"a=candidate:1 1 udp 2130706431 {LOOPBACK} {listener.getsockname()[1]} typ host"
            offer = (await uma.offer()).replace("a=ice-ufrag", f"{named}\r\n" * 300 + "a=ice-ufrag", 1)
            await uma.take(await ours.answer(offer))
            await until(lambda: bool(told.states))
            assert told.states == [("connected", "")]
        with pytest.raises(BlockingIOError):
            listener.recv(2_000)


async def test_strangers_from_networks_that_are_not_allowed_get_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_module, "CONNECT_S", 0.5)
    async with peer(Site(addresses=(LOOPBACK,))) as (ours, told), caller(440) as uma:
        await uma.call(ours)
        await until(lambda: bool(told.states))
        assert told.states == [("closed", "not_connected")]


async def test_who_shows_no_password_gets_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((LOOPBACK, 0))
        stranger.setblocking(False)
        async with peer() as (ours, told), caller(440) as uma:
            answer = await ours.answer(await uma.offer())
            for check in (_stun(b""), struct.pack("!HHI12s", 1, 0, 0x2112A442, bytes(12))):
                stranger.sendto(check, answered_ports(answer)[0])
            await uma.take(answer)
            await until(lambda: told.states == [("connected", "")])
        with pytest.raises(BlockingIOError):
            stranger.recv(2_000)


async def test_a_browser_that_vanishes_is_gone_when_its_consent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7675, here in a hurry: five seconds between questions in earnest, and six without an answer."""
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr("aioice.stun.RETRY_RTO", 0.05)
    async with peer() as (ours, told), caller(440) as uma:
        await uma.call(ours)
        await until(lambda: bool(told.states))
        uma.silence()
        await until(lambda: told.states == [("connected", ""), ("closed", "gone")], 5)


@pytest.mark.claim("B31")
async def test_ipv6_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["::1"])
    async with peer(Site(addresses=("::1",), allow_private=True)) as (ours, told), caller(440) as uma:
        await uma.call(ours)
        await until(lambda: told.states == [("connected", "")] and ours.heard_at > 0)


async def test_ports_are_of_the_range_and_used_in_turn() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        low = taken.getsockname()[1]
        here = site(ports=(low, low + 2))
        async with peer(here) as (one, _), peer(here) as (two, _), peer(here) as (three, _), caller(440) as uma:
            offer = await uma.offer()
            ports = [answered_ports(await each.answer(offer))[0][1] for each in (one, two)]
            assert ports == [low + 1, low + 2]
            with pytest.raises(NoPort):
                await three.answer(offer)
            await two.close()
            await one.close()
            async with peer(here) as (four, _):
                assert answered_ports(await four.answer(offer))[0][1] == low + 1, "not the last one that was left"


async def test_the_outside_of_a_nat_is_told_instead() -> None:
    async with peer(site(announce="203.0.113.9")) as (ours, told), caller(440) as uma:
        answer = await ours.answer(await uma.offer())
        (host, port) = answered_ports(answer)[0]
        assert host == "203.0.113.9" and LOOPBACK not in answer
        await uma.take(answer.replace(f"203.0.113.9 {port}", f"{LOOPBACK} {port}"))
        await until(lambda: told.states == [("connected", "")])


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(_stun), st.binary(min_size=LARGEST)))
def test_no_datagram_raises_whoever_made_it(data: bytes) -> None:
    async def received() -> None:
        came: list[bytes] = []
        path = Path(site(), came.append)
        await path.gather_candidates()
        gate = path._protocols[0]
        gate.datagram_received(data, ("127.0.0.1", 5))
        path.addressed = b""  # from now on it passes for the browser's
        gate.datagram_received(data, ("127.0.0.1", 5, 0, 0))
        await path.close()
        assert not came

    asyncio.run(received())


async def test_closing_takes_no_time_whatever_the_state() -> None:
    here, loop = site(), asyncio.get_running_loop()

    async def closing(ours) -> float:
        began = loop.time()
        await ours.close()
        await ours.close()
        return loop.time() - began

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        (fresh, _), (waiting, told), (talking, heard) = [await enter(peer(here)) for _ in range(3)]
        uma, eve = [await enter(caller(440)) for _ in range(2)]
        await waiting.answer(await eve.offer())
        await uma.call(talking)
        await until(lambda: bool(heard.states) and talking.heard_at > 0)
        times = [await closing(fresh), await closing(waiting), await closing(talking)]
        assert max(times) < 0.1
        assert told.states == [("closed", "ended")] and heard.states[-1] == ("closed", "ended")
        await until(lambda: uma.pc.connectionState == "closed", 3)


async def test_a_browser_that_hangs_up_is_gone_at_once() -> None:
    async with peer() as (ours, told):
        uma = Caller(440)
        await uma.call(ours)
        await until(lambda: bool(told.states))
        await uma.close()
        await until(lambda: told.states == [("connected", ""), ("closed", "gone")], 2)


async def test_an_answer_that_comes_too_late_leaves_no_socket() -> None:
    async with caller(440) as uma, peer() as (ours, told):
        offer = await uma.offer()
        answering = asyncio.create_task(ours.answer(offer))
        await asyncio.sleep(0)
        await ours.close()
        with pytest.raises(ConnectionError):
            await answering
        assert told.states == [("closed", "ended")]
