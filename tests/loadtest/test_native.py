"""The C parts build, and count right."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from loadtest.native import Client, Floor, Planned
from loadtest.process import BenchError, cpu_ns
from loadtest.storm import lights_of
from wire.codec import MSGPACK
from wire.messages import Beat, Join, Joined, Leave, Light, Lights, Ok, Refused

pytestmark = pytest.mark.compiler

BY_SEQ = ("--count", "seq", "--proto", MSGPACK.subprotocol)


@contextmanager
def server(handler: Callable[[ServerConnection], None]) -> Iterator[int]:
    """A real WebSocket server on a free port, with Openline's sub-protocol or none."""

    def chosen(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return offered[0] if offered else None

    with serve(handler, "127.0.0.1", 0, select_subprotocol=chosen, compression=None) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.socket.getsockname()[1]
        running.shutdown()
        thread.join()


def light(expert: str, waiting: int) -> Light:
    return Light(expert=expert, indicator="free", since=1, until=0, closes=0, reason="", waiting=waiting)


def lights(seq: int, *changed: Light) -> bytes:
    return MSGPACK.encode(Lights(seq=seq, at=1, lights=list(changed)))


def test_the_floor_sends_one_frame_to_each_and_the_client_counts_them() -> None:
    with Floor(50, 120) as floor, Client(floor.port, 50, "--spread", "7") as client:
        client.opened()
        floor.answer()
        client.mark(0)
        before = cpu_ns([floor.pid])
        for step in (1, 2, 3):
            floor.ask("go")
            assert client.wait(step) > 0
        assert cpu_ns([floor.pid]) > before
        frames, received = client.settle(50)
        assert frames == 150
        handshakes = received - 150 * 122
        assert handshakes == 50 * len(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        assert {step: count for step, (count, _, _) in client.times().items()} == {1: 50, 2: 50, 3: 50}


def test_a_step_that_not_all_reach_is_an_error() -> None:
    with Floor(3, 10) as floor, Client(floor.port, 3) as client:
        client.opened()
        floor.answer()
        client.mark(0)
        with pytest.raises(BenchError, match="reached only 0 of 3"):
            client.wait(1, ms=100)


def test_a_connection_closed_during_set_up_is_an_error() -> None:
    with server(lambda _: None) as port, Client(port, 1, "--expect", "1") as client:  # noqa: SIM117
        with pytest.raises(BenchError, match="closed"):
            client.opened()


def test_one_frame_stands_for_every_change_up_to_its_journal_id() -> None:
    """Frames longer than 125 and than 65,535 bytes too; what only carries a seq in passing does not count."""
    go = threading.Event()
    long = [light(f"expert-{i}", i) for i in range(1500)]

    def handler(socket: ServerConnection) -> None:
        socket.send(lights(10, light("a", 0)))
        go.wait(10)
        socket.send(MSGPACK.encode(Beat(at=1, seq=99, confirmed_at=1)))
        for frame in (lights(11, light("a", 1)), lights(14, *long[:5]), lights(15, *long)):
            socket.send(frame)
        with suppress(ConnectionClosed):  # the client goes without a word
            socket.recv()

    with server(handler) as port, Client(port, 4, *BY_SEQ, "--expect", "1", "--record") as client:
        client.opened()
        client.mark(10)
        go.set()
        client.wait(15)
        assert {step: count for step, (count, _, _) in client.times().items()} == dict.fromkeys(range(11, 16), 4)
        frames, stories = client.dump()
    assert list(stories.values()) == [4]
    assert len(frames) == 5
    shown = lights_of(frames, next(iter(stories)), {})
    assert shown["a"].waiting == 1
    assert shown == {"a": light("a", 1)} | {one.expert: one for one in long}


def test_a_plan_is_timed_to_the_answer_and_keeps_the_order_of_a_connection() -> None:
    got: list[str] = []

    def handler(socket: ServerConnection) -> None:
        socket.send(lights(1))
        with suppress(ConnectionClosed):
            for frame in socket:
                message = MSGPACK.decode(frame)
                got.append(type(message).__name__)
                socket.send(MSGPACK.encode(Beat(at=1, seq=7, confirmed_at=1)))
                answers = {Join: _joined(message.id), Leave: Ok(id=message.id, seq=300)}
                socket.send(MSGPACK.encode(answers.get(type(message), Refused(id=message.id, code="no"))))

    join = MSGPACK.encode(Join(id=1, op="12345678", experts=["a"]))
    leave = MSGPACK.encode(Leave(id=2, op="12345679"))
    with server(handler) as port, Client(port, 2, *BY_SEQ, "--expect", "1") as client:
        done = client.opened().run([Planned(0, 0, join), Planned(0, 0, leave), Planned(1, 30_000_000, leave)])
    assert [(one.tag, one.seq) for one in done] == [("joined", 70_000), ("ok", 300), ("ok", 300)]
    assert done[0].sent < done[0].answered <= done[1].sent
    assert done[2].sent - done[0].sent >= 29_000_000
    assert sorted(got) == ["Join", "Leave", "Leave"]


def _joined(number: int) -> Joined:
    return Joined(id=number, seq=70_000, ticket="t", state="waiting", joined_at=1, places=[], forecast=[])
