"""A recording of a carried session begins when both sides allow it, pauses, ends, and never costs the call anything."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from queueing.facts import SessionFacts, Side
from sessions.media.carrying import Carried
from sessions.media.leg import Packet, Sink
from sessions.recording.folder import SPOOL, Folder
from sessions.recording.spool import Record, read, read_head
from sessions.recording.tap import Limits, Tapes
from tests.sessions.media.callers import site, until

AT = 1_900_000_000_000
FACTS = SessionFacts(
    cause="bridged", session="s1", expert="ada", user="uma", name="Uma", ticket="t1", mode="audio", state="live",
    joined_at=1, matched_at=2, live_at=3, ended_at=0, cap_until=0, user_on=True, expert_on=True, gone_side="",
    gone_until=0, overtook=[], reason="", by="", path="bridged", worker="m1",
)  # fmt: skip


class Speaker:
    """A leg that says packets and counts those it hears."""

    heard_at = 0.0

    def __init__(self, word: bytes) -> None:
        self.word, self.n, self.heard = word, 0, 0
        self.sink: Sink = lambda _packet: None

    def listen(self, sink: Sink) -> None:
        self.sink = sink

    def send(self, _packet: Packet) -> None:
        self.heard += 1

    def say(self) -> None:
        self.n += 1
        self.sink(Packet(self.word, self.n, self.n * 960, False))

    async def close(self) -> None:
        """Nothing to let go of."""


class Talk:
    """Two who speak in a carried session."""

    def __init__(self, tapes: Tapes | None) -> None:
        self.failed: list[str] = []
        self.carried = Carried("p1", "s1", site(), tapes, self.failed.append)
        self.uma, self.ada = Speaker(b"u"), Speaker(b"a")
        self.carried.put("user", self.uma)
        self.carried.put("expert", self.ada)

    def allow(self, *sides: Side, at: int = AT) -> None:
        self.carried.learn(msgspec.structs.replace(FACTS, cause="recording", recording=list(sides)), at)

    def say(self) -> None:
        self.uma.say()
        self.ada.say()

    @property
    def is_taped(self) -> bool:
        return self.carried.taping._tape is not None


def taped(folder: Folder) -> list[Record]:
    with folder.file(folder.of("p1", "s1"), SPOOL).open("rb") as spool:
        read_head(spool)
        return list(read(spool))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(tmp_path / "recordings")


async def test_only_what_both_allow_is_on_the_tape_and_both_hear_that_it_begins(folder: Folder) -> None:
    tapes = Tapes(folder, Limits(free=0))
    talk = Talk(tapes)
    talk.allow("user")
    talk.say()
    talk.allow("user", "expert")
    await until(lambda: talk.is_taped)
    await until(lambda: min(talk.uma.heard, talk.ada.heard) > 3)  # more than was said: the tone
    talk.say()
    talk.allow("expert", at=AT + 1_000)
    await until(lambda: not talk.is_taped)
    talk.say()
    talk.allow("user", "expert", at=AT + 2_000)
    await until(lambda: talk.is_taped)
    talk.say()
    await talk.carried.close()
    talk.say()
    tapes.close()
    found = taped(folder)
    assert [(record.side, record.payload) for record in found] == [("user", b"u"), ("expert", b"a")] * 2
    assert found[0].at_ms < found[2].at_ms
    assert not talk.failed


async def test_a_disk_that_takes_nothing_is_told_by_name_and_the_call_goes_on(folder: Folder) -> None:
    tapes = Tapes(folder, Limits(free=0, size=40))
    talk = Talk(tapes)
    talk.allow("user", "expert")
    await until(lambda: talk.is_taped)
    for _ in range(20):
        talk.say()
    assert talk.failed == ["too_large"]
    await talk.carried.close()
    tapes.close()


async def test_a_worker_without_a_folder_says_that_it_records_nothing() -> None:
    talk = Talk(None)
    talk.allow("user", "expert")
    await until(lambda: talk.failed == ["disk_error"])
    talk.say()
    assert talk.ada.heard == 1
    await talk.carried.close()


async def test_whoever_has_the_session_next_goes_on_with_the_tape(folder: Folder) -> None:
    first, second = Tapes(folder, Limits(free=0)), Tapes(folder, Limits(free=0))
    before, after = Talk(first), Talk(second)
    before.allow("user", "expert")
    await until(lambda: before.is_taped)
    before.say()
    after.allow("user", "expert", at=AT + 500)
    await asyncio.sleep(0.1)
    assert not after.is_taped
    await before.carried.close()
    await until(lambda: after.is_taped, 3)
    after.say()
    await after.carried.close()
    first.close()
    second.close()
    assert [record.payload for record in taped(folder)] == [b"u", b"a"] * 2
