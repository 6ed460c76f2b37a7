"""The WebSocket shell on real sockets: order, bounds, slow and silent readers, endings."""

import asyncio
import json
import shlex
import ssl
import subprocess
import time

import pytest
import websockets
from websockets.typing import Subprotocol

from server.limits import MESSAGE_BYTES, Bounds, Rate
from tests.server.rig import JSON, MSGPACK, Client, running
from wire import messages

ANY = Rate(9000, 9000)


@pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])
async def test_a_member_is_welcomed_answered_and_told_of_changes(codec):
    async with running() as rig, rig.open(codec) as client:
        welcome = await client.hello("user:ann")
        assert isinstance(welcome, messages.Welcome) and welcome.member == "ann" and welcome.role == "user"
        await client.send(messages.Join(id=2, op="op-12345678", experts=["ada"]))
        assert await client.next() == messages.Ok(id=2, seq=1)
        rig.post("news")
        assert await client.next() == messages.Notice(code="news", at=0)


async def test_messages_are_answered_in_order_though_sent_in_one_packet():
    async with running() as rig, rig.open() as client:
        await asyncio.gather(
            client.send(messages.Hello(id=1, pool="demo", token="user:ann")),
            *(client.send(messages.Typing(id=n, session="s-1")) for n in range(2, 42)),
        )
        assert [(await client.next()).id for _ in range(41)] == list(range(1, 42))


async def test_gone_comes_after_what_was_asked_before():
    async with running() as rig:
        rig.commands.hold = asyncio.Event()
        async with rig.open() as client:
            await client.hello("user:ann")
            await client.send(messages.Typing(id=2, session="s-1"))
            await client.send(messages.Join(id=3, op="op-12345678", experts=["ada"]))
        assert rig.commands.gone_members == []
        rig.commands.hold.set()
        await rig.until(lambda: rig.commands.gone_members == ["ann"])
        assert rig.commands.handled == ["Typing", "Join"]
        await rig.until(lambda: not rig.door.sockets)
        assert rig.door.hub.watchers("all") == 0 and rig.door.members.held("demo/user/ann") == 0


async def test_refusals_are_named_and_the_inside_stays_inside():
    async with running() as rig, rig.open() as client:
        await client.hello("user:ann")
        await client.send(messages.Leave(id=2, op="op-12345678", expert="ada"))
        assert await client.next() == messages.Refused(id=2, code="not_in_line", detail="ada")
        await client.send(messages.ComeBack(id=3, op="op-12345678"))
        answer = await client.next()
        assert isinstance(answer, messages.Refused) and answer.code == "internal" and "secret" not in answer.detail


async def test_no_hello_in_time_is_closed():
    async with running(Bounds(hello_s=0.3)) as rig, rig.open() as client:
        assert (await client.closed())[0] == 4102


@pytest.mark.parametrize(
    ("token", "pool", "code"), [("nonsense", "demo", 4401), ("", "nowhere", 4404)], ids=["token", "pool"]
)
async def test_a_hello_that_fails_is_refused_and_closed(token, pool, code):
    async with running() as rig, rig.open() as client:
        assert isinstance(await client.hello(token, pool), messages.Refused)
        assert (await client.closed())[0] == code


async def test_an_oversize_message_is_refused_and_its_sender_closed():
    async with running() as rig, rig.open(max_size=None) as client:
        await client.hello("user:ann")
        await client.send_raw(b" " * (MESSAGE_BYTES + 1))
        assert (await client.closed())[0] == 1009


async def test_the_largest_message_passes_in_one_piece_and_in_fragments():
    async with running() as rig, rig.open() as client:
        await client.hello("user:ann")
        text = json.dumps({"t": "ping", "id": 2}).ljust(MESSAGE_BYTES)
        await client.ws.send(text)
        assert (await client.next()).id == 2
        await client.ws.send([text[at : at + 2048] for at in range(0, MESSAGE_BYTES, 2048)])
        assert (await client.next()).id == 2


async def test_a_thousand_fragments_are_too_many():
    async with running() as rig, rig.open() as client:
        await client.hello("user:ann")
        await client.ws.send([" "] * 1000)
        assert (await client.closed())[0] == 1009


async def test_the_other_kind_of_frame_is_refused():
    async with running() as rig, rig.open(JSON) as client:
        await client.ws.send(b"\x80")
        assert (await client.closed())[0] == 1003


async def test_a_flood_of_pings_is_cut_off():
    async with running(Bounds(frames=Rate(50, 1))) as rig:
        reader, writer = await rig.raw()
        writer.write(b"\x89\x80\x00\x00\x00\x00" * 5000)
        async with asyncio.timeout(5):
            seen = await reader.read()
        assert b"\x88" in seen and b"too many messages" in seen


async def test_bytes_that_are_no_frame_end_the_socket():
    async with running(Bounds(close_s=0.5)) as rig:
        reader, writer = await rig.raw()
        writer.write(b"\xff\xff\xff\xff not a frame at all")
        async with asyncio.timeout(5):
            seen = await reader.read()
        assert seen[:2] == b"\x88" + seen[1:2] and int.from_bytes(seen[2:4], "big") == 1002
        await rig.until(lambda: not rig.door.sockets)


async def test_at_most_so_many_messages_wait_and_then_reading_stops():
    async with running(Bounds(per_connection=ANY, per_member=ANY, frames=ANY)) as rig:
        rig.commands.hold = asyncio.Event()
        async with rig.open() as client:
            await client.hello("user:ann")
            for n in range(2, 502):
                await client.send(messages.Typing(id=n, session="s-1"))
            sink = next(iter(rig.door.sockets))
            await rig.until(lambda: not sink.transport.is_reading())
            assert sink._todo is not None and len(sink._todo) < 120
            rig.commands.hold.set()
            assert [(await client.next()).id for _ in range(500)] == list(range(2, 502))


async def test_a_slow_reader_misses_lights_and_gets_a_snapshot_and_nobody_waits_for_it():
    async with running() as rig, rig.open() as quick:
        await quick.hello()
        reader, _ = await rig.raw(receive_buffer=4096, hello=True)
        slow = rig.commands.conns[1].sink
        seen = 0
        while not slow.lagging:
            rig.post_light(20_000)
            assert isinstance(await quick.next(), messages.Lights)
            seen += 1
            assert seen < 2000
        worst = 0.0
        for _ in range(50):
            began = time.perf_counter()
            rig.post_light(1000)
            await quick.next()
            worst = max(worst, time.perf_counter() - began)
        assert slow.dropped >= 50 and worst < 1.0
        assert slow.transport.get_write_buffer_size() < 400_000
        received = b""
        async with asyncio.timeout(8):
            while b'"t":"snapshot"' not in received:
                received += await reader.read(65536)
        assert 0 < received.index(b'"code":"lagging"') < received.index(b'"t":"snapshot"')
        assert rig.commands.resnapshots == 1


async def test_a_reader_that_takes_nothing_is_cut_within_the_deadline():
    async with running(Bounds(stall_s=1.0)) as rig:
        await rig.raw(receive_buffer=4096, hello=True)
        sink = rig.commands.conns[0].sink
        while sink.fd >= 0:
            rig.post_light(50_000)
            await asyncio.sleep(0)
        await rig.until(lambda: not rig.door.sockets, 4)
        assert rig.door.counts.closes["stalled"] == 1


async def test_past_the_hard_bound_the_socket_is_closed_with_resume():
    async with running(Bounds(close_s=1.0, stall_s=60)) as rig:
        await rig.raw(receive_buffer=4096, hello=True)
        n = 0
        async with asyncio.timeout(20):
            while rig.door.hub.watchers("all"):
                rig.post("x" * 50_000, key=str(n))
                n += 1
                await asyncio.sleep(0.001)
        assert rig.door.counts.closes["slow_reader"] == 1
        await rig.until(lambda: not rig.door.sockets, 4)


async def test_a_half_open_member_is_gone_within_the_silence_bound():
    async with running(Bounds(member_ping_s=0.5, member_silence_s=1.5, close_s=0.5)) as rig:
        await rig.raw(hello=True, token="expert:ada")
        await rig.until(lambda: rig.commands.gone_members == ["ada"], 4)
        assert rig.door.counts.closes["silent"] == 1


async def test_a_client_that_answers_pings_stays():
    async with running(Bounds(member_ping_s=0.5, member_silence_s=1.5)) as rig, rig.open() as client:
        await client.hello("expert:ada")
        with pytest.raises(TimeoutError):
            await client.next(3.2)
        assert rig.door.sockets and rig.door.counts.closes.total() == 0


async def test_an_expired_token_signs_out_within_two_seconds():
    async with running() as rig, rig.open() as client:
        end = int(time.time() * 1000) + 1000
        await client.hello(f"user:ann:{end}")
        assert await client.next() == messages.SignedOut(reason="expired")
        assert time.time() * 1000 - end < 2000
        assert (await client.closed())[0] == 4402


async def test_signing_out_closes_every_socket_of_the_member():
    async with running() as rig, rig.open() as one, rig.open() as two, rig.open() as other:
        for client, token in ((one, "user:ann"), (two, "user:ann"), (other, "user:bob")):
            await client.hello(token)
        rig.door.sign_out("demo", "user", "ann", "signed_out")
        assert (await one.closed())[0] == (await two.closed())[0] == 4402
        rig.post("still here")
        assert await other.next() == messages.Notice(code="still here", at=0)


async def test_the_end_of_one_sign_in_closes_its_sockets_and_a_block_all():
    async with running() as rig, rig.open() as one, rig.open() as two, rig.open() as bare:
        for client, token in ((one, "user:ann:0:s1"), (two, "user:ann:0:s2"), (bare, "user:ann")):
            await client.hello(token)
        rig.door.sign_out("demo", "user", "ann", "signed_out", "s1")
        assert await one.next() == messages.SignedOut(reason="signed_out")
        assert (await one.closed())[0] == 4402
        rig.post("still here")
        for client in (two, bare):
            assert await client.next() == messages.Notice(code="still here", at=0)
        rig.door.sign_out("demo", "user", "ann", "replaced", "s2")
        assert (await two.closed())[0] == 4003, "no word of an end: it comes again with the new cookie"
        rig.door.sign_out("demo", "user", "ann", "blocked")
        assert await bare.next() == messages.SignedOut(reason="blocked")
        assert (await bare.closed())[0] == 4403


async def test_a_sign_in_that_ends_while_its_hello_is_looked_up_lets_nobody_in():
    async with running() as rig, rig.open() as late, rig.open() as other:
        looked, go_on = asyncio.Event(), asyncio.Event()
        identify = rig.door.identify

        async def slow(conn, hello):
            who = await identify(conn, hello)
            looked.set()
            await go_on.wait()
            return who

        rig.door.identify = slow
        await late.send(messages.Hello(id=1, pool="demo", token="user:ann:0:s1"))
        await looked.wait()
        rig.door.sign_out("demo", "user", "ann", "signed_out", "s1")
        go_on.set()
        assert (await late.closed())[0] == 4402
        await other.hello("user:ann:0:s2")


async def test_the_newest_connection_past_the_bound_is_refused():
    async with running(Bounds(connections_per_member=2)) as rig, rig.open() as one, rig.open() as two:
        await one.hello("user:ann")
        await two.hello("user:ann")
        async with rig.open() as three:
            await three.send(messages.Hello(id=1, pool="demo", token="user:ann"))
            assert (await three.closed())[0] == 4101
        await rig.until(lambda: len(rig.door.sockets) == 2)
        assert rig.door.members.held("demo/user/ann") == 2


async def test_a_stopping_server_says_come_again_at_once():
    async with running() as rig, rig.open() as client:
        await client.hello("user:ann")
        rig.server.should_exit = True
        await asyncio.gather(rig.door.stop(), client.closed())
        assert client.ws.close_code == 4001 and rig.commands.gone_members == ["ann"]


@pytest.mark.claim("B31")
@pytest.mark.claim("B30")
async def test_over_ipv6():
    async with running(host="::1") as rig:
        url = f"ws://[::1]:{rig.port}/v1/ws"
        async with websockets.connect(url, subprotocols=[Subprotocol(JSON.subprotocol)], compression=None) as ws:
            client = Client(ws, JSON)
            assert isinstance(await client.hello("user:ann"), messages.Welcome)


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate and its key, as uvicorn's options."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=localhost"
    subprocess.run(shlex.split(made), cwd=tmp_path, check=True, capture_output=True)
    return {"ssl_keyfile": str(tmp_path / "k.pem"), "ssl_certfile": str(tmp_path / "c.pem")}


@pytest.mark.claim("B31")
@pytest.mark.claim("B29")
async def test_over_tls_with_a_slow_reader(certificate):
    trust = ssl.create_default_context(cafile=certificate["ssl_certfile"])
    trust.check_hostname = False
    async with running(None, None, **certificate) as rig:
        url = f"wss://127.0.0.1:{rig.port}/v1/ws"
        spoken = [Subprotocol(JSON.subprotocol)]
        async with websockets.connect(url, subprotocols=spoken, compression=None, ssl=trust, max_queue=1) as ws:
            client = Client(ws, JSON)
            await client.hello("user:ann")
            slow = rig.commands.conns[0].sink
            while not slow.lagging:
                rig.post_light(20_000)
                await asyncio.sleep(0)
            while not isinstance(await client.next(), messages.Snapshot):
                pass
            rig.post("still here")
            assert await client.next() == messages.Notice(code="still here", at=0)
            await ws.close()
        await rig.until(lambda: not rig.door.sockets)
