"""Fan-out: encoded once, merged while it waits, first event at once, nobody delayed by a change that fails."""

import asyncio
import os

import pytest

from server.changes import Change, LightChange, Whole
from server.hub import CHUNK, Hub
from server.outbox import prepare
from tests.server.rig import JSON, MSGPACK, running
from wire import messages


class Paper:
    """A sink that keeps what it is told; `fd` is a pipe's writing end when frames may go straight."""

    def __init__(self, codec=JSON, fd=-1):
        self.codec = codec
        self.fd = fd
        self.told = []

    def write_frame(self, frame, droppable):
        self.told.append((frame, droppable))

    def finish(self, frame, written):
        self.told.append((frame[max(written, 0) :], False))

    def messages(self):
        return [self.codec.decode_server(unframed(frame)) for frame, _ in self.told]


def unframed(frame):
    size = frame[1]
    return frame[2:] if size < 126 else frame[4:] if size == 126 else frame[10:]


def light(expert, seq, waiting=0):
    one = messages.Light(expert=expert, indicator="free", since=0, until=0, closes=0, reason="", waiting=waiting)
    return LightChange(seq, seq, one)


async def until(holds):
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_a_prepared_frame_is_what_the_standard_says(size):
    from websockets.frames import Frame, Opcode

    payload = b"x" * size
    assert prepare(payload, is_text=False) == Frame(Opcode.BINARY, payload).serialize(mask=False)
    assert prepare(payload, is_text=True) == Frame(Opcode.TEXT, payload).serialize(mask=False)


async def test_everybody_who_watches_gets_the_same_bytes_and_nobody_else():
    hub, papers, other = Hub(), [Paper() for _ in range(3)], Paper()
    for paper in papers:
        hub.subscribe(paper, "a")
    hub.subscribe(other, "b")
    hub.post("a", light("ada", 1))
    await until(lambda: papers[2].told)
    assert papers[0].told[0][0] is papers[1].told[0][0] is papers[2].told[0][0]
    assert other.told == [] and hub.frames == 1 and hub.deliveries == 3


async def test_each_codec_is_encoded_once():
    hub, papers = Hub(), [Paper(JSON), Paper(MSGPACK), Paper(MSGPACK)]
    for paper in papers:
        hub.subscribe(paper, "a")
    hub.post("a", light("ada", 1))
    await until(lambda: all(paper.told for paper in papers))
    assert hub.frames == 2 and papers[0].messages() == papers[1].messages() == papers[2].messages()


async def test_the_first_event_of_an_idle_hub_goes_in_the_next_turn():
    hub, paper = Hub(), Paper()
    hub.subscribe(paper, "a")
    hub.post("a", light("ada", 1))
    await asyncio.sleep(0)
    assert len(paper.told) == 1


async def test_what_comes_while_it_writes_goes_out_as_one_frame_with_the_latest_of_each():
    hub, papers = Hub(), [Paper() for _ in range(CHUNK * 3)]
    for paper in papers:
        hub.subscribe(paper, "a")
    hub.post("a", light("ada", 1))
    await asyncio.sleep(0)
    assert papers[0].told and not papers[-1].told
    for seq in range(2, 50):
        hub.post("a", light("ada", seq, waiting=seq))
        hub.post("a", light("bob", seq))
    await until(lambda: len(papers[-1].told) == 2)
    first, second = papers[-1].messages()
    assert [one.waiting for one in first.lights] == [0]
    assert [(one.expert, one.waiting) for one in second.lights] == [("ada", 49), ("bob", 0)] and second.seq == 49
    assert all(len(paper.told) == 2 for paper in papers)


async def test_a_burst_is_not_reordered_and_loses_nothing_that_may_not_be_lost():
    hub, paper = Hub(), Paper()
    hub.subscribe(paper, "a")
    for n in range(500):
        hub.post("a", Whole(f"k{n}", messages.Notice(code=str(n), at=n)))
        if n % 7 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(paper.told) == 500)
    assert [message.at for message in paper.messages()] == list(range(500))


async def test_leaving_stops_the_telling_and_leaves_nothing_behind():
    hub, paper = Hub(), Paper()
    for topic in ("a", "b", "c"):
        hub.subscribe(paper, topic)
    hub.unsubscribe(paper, "a")
    hub.unsubscribe(paper, "a")
    hub.unsubscribe(paper, "never")
    assert hub.topics(paper) == {"b", "c"} and hub.watchers("a") == 0
    hub.post("b", light("ada", 1))
    hub.drop(paper)
    await asyncio.sleep(0.01)
    assert paper.told == [] and not hub._topics and not hub._of
    hub.post("b", light("ada", 2))


async def test_a_change_that_fails_does_not_stop_the_others():
    class Broken(Change):
        @property
        def key(self):
            return "broken"

        def message(self):
            raise RuntimeError("a bug of ours")

    hub, paper = Hub(), Paper()
    hub.subscribe(paper, "a")
    hub.subscribe(paper, "b")
    hub.post("a", Broken())
    hub.post("b", light("ada", 1))
    await until(lambda: len(paper.told) == 1)
    hub.post("a", light("ada", 2))
    await until(lambda: len(paper.told) == 2)


async def test_straight_writes_hand_over_what_the_kernel_did_not_take():
    read, write = os.pipe()
    os.set_blocking(write, False)
    hub, paper = Hub(), Paper(fd=write)
    hub.subscribe(paper, "a")
    big = Whole("k", messages.Notice(code="x" * 100_000, at=0))
    hub.post("a", big)
    await until(lambda: paper.told)
    taken = os.read(read, 200_000)
    assert unframed(taken + paper.told[0][0]) == JSON.encode(big.message())
    os.close(read)
    hub.post("a", light("ada", 1))
    await until(lambda: len(paper.told) == 2)
    os.close(write)


async def test_under_load_rounds_keep_a_distance_and_updates_share_frames():
    async with running() as rig, rig.open() as client:
        await client.hello()
        hub = rig.door.hub
        papers = [Paper() for _ in range(2000)]
        for paper in papers:
            hub.subscribe(paper, "all")
        before = hub.frames
        for seq in range(1, 401):
            hub.post("all", light("ada", seq))
            await asyncio.sleep(0)
        await until(lambda: papers[-1].messages()[-1].seq == 400)
        assert hub.frames - before < 200
