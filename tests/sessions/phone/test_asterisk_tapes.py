"""What an engine makes of the words of a real Asterisk, where none is at hand: tapes of it, see `asterisk_tape.py`."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sessions.phone.asterisk.engine import AsteriskEngine
from sessions.phone.asterisk.g711 import to_pcm
from sessions.phone.asterisk.rtp import parse
from sessions.phone.asterisk.settings import ari_of
from sessions.phone.engine import CallNews
from tests.sessions.phone.asterisk_tape import Tape
from tests.sessions.phone.peers import until
from tests.sessions.phone.suite import Watched
from tests.sessions.phone.tones import loudest_hz, tone

SECRET = "a secret of the test's"
NUMBER = "sip:100@127.0.0.1:5060"
ANSWERED = ["calling", "ringing", "answered", "ended"]
NOT_ANSWERED = ["calling", "ringing", "ended"]


@asynccontextmanager
async def playing(name: str, *, ring_s: float = 10, early: bool = False) -> AsyncIterator[tuple[Tape, Watched]]:
    """A call to a tape; at the end all of it was said, and nothing else. With `early` we ask for the sound of channels
    that have not come to our application yet."""
    tape = Tape(name, "Basic " + base64.b64encode(f"openline:{SECRET}".encode()).decode())
    if early:
        tape.refuses_first("/addChannel", 422)
    async with tape.runs() as address:
        found = ari_of(
            {
                "OPENLINE_ARI": address,
                "OPENLINE_ARI_SECRET": SECRET,
                "OPENLINE_ARI_ADDRESSES": "PJSIP/phones/{uri}",
                "OPENLINE_ARI_MEDIA": "127.0.0.1:21100-21199",
            }
        )
        assert found
        engine = await AsteriskEngine.open(found, instance="tape")
        watched = Watched(await engine.call(NUMBER, ring_s=ring_s))
        yield tape, watched
        await watched.ends()
        await until(lambda: not tape.left)
        assert not tape.strange
        assert engine.free_lines() == found.lines
        await engine.close()


@pytest.mark.parametrize("early", [False, True])
async def test_a_talk(*, early: bool) -> None:
    async with playing("talk", early=early) as (tape, watched):
        keys = watched.call.digits()
        await watched.reaches("answered")
        await watched.says(tone(1000, 1.2, 8000), 8000)
        assert [await asyncio.wait_for(anext(keys), 3) for _ in range(2)] == ["4", "#"]
        await watched.call.hang_up()
    assert watched.states == ANSWERED
    assert watched.last == CallNews("ended", "hung_up", 0)
    assert abs(loudest_hz(b"".join(watched.frames)) - 440) < 5
    sent = [packet for data in tape.heard if (packet := parse(data))]
    assert len(sent) == len(tape.heard) >= 55
    assert abs(loudest_hz(b"".join(to_pcm("alaw", packet.payload) for packet in sent)) - 1000) < 5
    assert [packet.sequence for packet in sent] == list(range(sent[0].sequence, sent[0].sequence + len(sent)))
    clock = [packet.timestamp - sent[0].timestamp for packet in sent]
    assert sent[0].marker and clock == sorted(clock) and {step % 160 for step in clock} == {0}


@pytest.mark.parametrize(
    ("name", "states", "last"),
    [
        ("hung_up", ANSWERED, CallNews("ended", "hung_up", 0)),
        ("gone", ANSWERED, CallNews("ended", "failed", 0)),
        ("cut", ANSWERED, CallNews("ended", "hung_up", 0)),
        ("busy", NOT_ANSWERED, CallNews("ended", "busy", 486)),
        ("declined", NOT_ANSWERED, CallNews("ended", "declined", 603)),
        ("unknown", NOT_ANSWERED, CallNews("ended", "failed", 404)),
        ("no_answer", NOT_ANSWERED, CallNews("ended", "no_answer", 408)),
    ],
)
async def test_ends(name: str, states: list[str], last: CallNews) -> None:
    async with playing(name, ring_s=1 if name == "no_answer" else 10) as (_, watched):
        pass
    assert watched.states == states
    assert watched.last == last


async def test_sound_before_the_answer_is_ringing() -> None:
    async with playing("early") as (tape, watched):
        await watched.reaches("answered")
        assert watched.states == ANSWERED[:-1]
        await until(lambda: tape.is_bridged)
        await watched.call.hang_up()
