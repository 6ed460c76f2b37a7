"""A real Asterisk (`asterisk_given.py`) does what every engine does, and what only it has to."""

import asyncio
import contextlib
import os
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground.ids import new_id
from sessions.phone.asterisk.client import Ari
from sessions.phone.asterisk.engine import AsteriskEngine
from sessions.phone.asterisk.rtp import Rtp, build
from sessions.phone.asterisk.settings import AriSettings
from sessions.phone.engine import PhoneUnavailable
from tests.ports import LOOPBACK
from tests.sessions.phone.asterisk_between import Between
from tests.sessions.phone.asterisk_given import ADDRESS, engine, settings
from tests.sessions.phone.peers import Peer, Phone, Script, on, until
from tests.sessions.phone.suite import EngineSuite, UnderTest, Watched, ring
from tests.sessions.phone.tones import loudest_hz, tone

pytestmark = pytest.mark.skipif(not ADDRESS, reason="OPENLINE_TEST_ASTERISK is not set: no Asterisk to test with")
TRUNK_PORT = int(os.environ.get("OPENLINE_TEST_ASTERISK_TRUNK", "15061"))
BACK_S = 4.0
"""A connection that was lost is there again by then: pauses of 0.1, 0.5, 1 and 2 seconds."""


def number(peer: Peer) -> str:
    return f"sip:{peer.user}@{LOOPBACK}:{peer.port}"


@contextlib.asynccontextmanager
async def opened(found: AriSettings, instance: str = "") -> AsyncIterator[UnderTest]:
    async with engine(found, instance) as reached:
        yield UnderTest(reached, number)


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    async with opened(settings()) as found:
        yield found


@pytest_asyncio.fixture
async def between() -> AsyncIterator[Between]:
    async with Between(settings().url).listens() as found:
        yield found


@pytest_asyncio.fixture
async def shaky(between: Between) -> AsyncIterator[UnderTest]:
    """An engine whose way to Asterisk can be broken."""
    async with opened(settings(between.url)) as found:
        yield found
        between.is_down = False


async def left(prefix: str) -> list[str]:
    """The channels of Asterisk's that begin so."""
    ari = Ari(settings())
    names = [channel.id for channel in await ari.channels()] + await ari.bridges()
    await ari.close()
    return [name for name in names if name.startswith(prefix)]


async def nothing_left(prefix: str) -> None:
    """Nothing of Asterisk's begins so, or soon."""
    async with asyncio.timeout(5):
        while await left(prefix):
            await asyncio.sleep(0.01)


class TestAsterisk(EngineSuite):
    """All of the suite."""


@pytest.mark.baresip
async def test_nothing_is_left_of_a_call(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        watched = await ring(under_test, phone)
        await watched.reaches("answered")
        await until(lambda: watched.frames)
        assert len(await left(watched.call.id)) == 3, "two channels and their bridge"
        await watched.call.hang_up()
        await watched.ends()
        await nothing_left(watched.call.id)


@pytest.mark.baresip
async def test_calls_outlive_a_broken_connection(shaky: UnderTest, between: Between, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        watched = await ring(shaky, phone)
        await watched.reaches("answered")
        await until(lambda: watched.frames)
        await between.cut()
        await until(lambda: not shaky.engine.free_lines())
        with pytest.raises(PhoneUnavailable, match="can't be reached"):
            await shaky.engine.call(number(phone))
        told = len(watched.frames)
        await until(lambda: len(watched.frames) > told + 10)
        between.is_down = False
        await until(shaky.engine.free_lines, BACK_S)
        assert watched.states == ["calling", "ringing", "answered"]
        await watched.call.hang_up()
        await phone.sees("CALL_CLOSED")
        await watched.ends()


@pytest.mark.baresip
async def test_a_phone_that_hung_up_meanwhile(shaky: UnderTest, between: Between, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        watched = await ring(shaky, phone)
        await watched.reaches("answered")
        await until(lambda: watched.frames)
        await between.cut()
        await phone.do("hangup")
        await phone.sees("CALL_CLOSED")
        assert watched.states[-1] == "answered"
        between.is_down = False
        await watched.ends(BACK_S)
        assert watched.last.ended == "hung_up"


@pytest.mark.baresip
async def test_a_phone_that_answered_meanwhile(shaky: UnderTest, between: Between, tmp_path: Path) -> None:
    """Asterisk hangs up on whoever answers when it has noticed that nobody listens. Either way both sides agree."""
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        watched = await ring(shaky, phone)
        await watched.reaches("ringing")
        await between.cut()
        await phone.do("accept")
        await phone.sees("CALL_ESTABLISHED")
        between.is_down = False
        await until(lambda: watched.states[-1] != "ringing", BACK_S)
        if watched.states[-1] == "answered":
            await until(lambda: watched.frames)
            await watched.call.hang_up()
        else:
            assert watched.last.ended == "failed"
        await phone.sees("CALL_CLOSED")


@pytest.mark.baresip
async def test_hanging_up_while_nothing_gets_through(shaky: UnderTest, between: Between, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        watched = await ring(shaky, phone)
        await watched.reaches("answered")
        await until(lambda: watched.frames)
        await between.cut()
        await watched.call.hang_up()
        await watched.ends()
        assert not phone.at("CALL_CLOSED")
        between.is_down = False
        await phone.sees("CALL_CLOSED", BACK_S)
        await until(shaky.engine.free_lines)
        await nothing_left(watched.call.id)


@pytest.mark.sipp
async def test_a_lost_answer_rings_once(shaky: UnderTest, between: Between, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "answer", "answer")):
        between.lose = re.compile("POST /channels/openline")
        watched = await ring(shaky, script)
        assert between.lose is None
        await watched.reaches("answered")
        assert script.messages().count("INVITE sip:") == 1
        asked = [entry["status"] for entry in between.tape if entry.get("ask", "").endswith(watched.call.id)]
        assert asked == [200, 409]
        await watched.call.hang_up()
        await script.done()


@pytest.mark.baresip
async def test_the_next_process_ends_what_the_last_one_left(tmp_path: Path) -> None:
    instance = new_id("test")
    async with on(phone := Phone(tmp_path / "phone")):
        async with Between(settings().url).listens() as between:
            dying = await AsteriskEngine.open(settings(between.url), instance=instance)
            watched = Watched(await dying.call(number(phone)))
            await watched.reaches("answered")
            await between.cut()  # nothing of its farewell gets through
            await dying.close()
        assert await left(f"openline.{instance}.") and not phone.at("CALL_CLOSED")
        async with opened(settings(), instance):
            await phone.sees("CALL_CLOSED")
            await nothing_left(f"openline.{instance}.")


@pytest.mark.baresip
async def test_asterisk_ends_what_nobody_prolongs(tmp_path: Path) -> None:
    instance = new_id("test")
    async with on(phone := Phone(tmp_path / "phone")), opened(settings(), instance):
        ari, app = Ari(settings()), f"openline.{instance}"
        for channel, lease_s in (("short", 1), ("prolonged", 1)):
            await ari.originate(channel, app, f"PJSIP/phones/{number(phone)}", caller="", seconds=5, lease_s=lease_s)
        await until(lambda: sum(kind == "CALL_ESTABLISHED" for _, kind, _ in phone.events) == 2)
        assert await ari.prolong("prolonged", 3)
        await until(lambda: sum(kind == "CALL_CLOSED" for _, kind, _ in phone.events) == 1)
        await nothing_left("short")
        assert await left("prolonged")
        await until(lambda: sum(kind == "CALL_CLOSED" for _, kind, _ in phone.events) == 2)
        assert not await ari.prolong("prolonged", 3)
        await ari.close()


@pytest.mark.sipp
async def test_the_callers_number_is_shown(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "answer", "answer")):
        watched = Watched(await under_test.engine.call(number(script), caller="+4930901820"))
        await watched.reaches("answered")
        assert "From: <sip:+4930901820@" in script.messages()
        await watched.call.hang_up()
        await script.done()
        with pytest.raises(PhoneUnavailable, match="caller"):
            await under_test.engine.call(number(script), caller="sip:boss@example.net")


@pytest.mark.sipp
async def test_the_trunk_of_the_sample(tmp_path: Path) -> None:
    """A number in E.164, through the endpoint that deploy/asterisk/pjsip.conf has for a provider who asks who calls."""
    script = Script(tmp_path / "asks", "asks", port=TRUNK_PORT, status="401 Unauthorized", asks="WWW-Authenticate")
    async with on(script), opened(settings(OPENLINE_ARI_CALLER="+4930901820")) as under_test:
        watched = Watched(await under_test.engine.call("+4930123456"))
        await watched.reaches("answered")
        await watched.call.hang_up()
        await script.done()
        said = script.messages()
    assert f"INVITE sip:+4930123456@127.0.0.1:{TRUNK_PORT}" in said
    assert "From: <sip:+4930901820@" in said
    assert 'Authorization: Digest username="openline"' in said and "trunk-password" not in said


@pytest.mark.sipp
async def test_a_trunk_that_does_not_believe_us(under_test: UnderTest, tmp_path: Path) -> None:
    """Asterisk keeps a second 401 to itself (22.10.1): our own clock ends the call, which never rang."""
    script = Script(tmp_path / "asks", "asks_again", status="401 Unauthorized", asks="WWW-Authenticate")
    async with on(script):
        watched = await ring(under_test, script, ring_s=1)
        await watched.ends()
        assert watched.states == ["calling", "ended"] and watched.last.ended == "failed"
        await script.done()
        await nothing_left(watched.call.id)


@pytest.mark.baresip
async def test_the_other_codec(tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone", hz=440)), opened(settings(OPENLINE_ARI_CODEC="ulaw")) as ulaw:
        watched = await ring(ulaw, phone)
        await watched.reaches("answered")
        await watched.says(tone(1000, 1.0, 8000), 8000)
        assert abs(loudest_hz(b"".join(watched.frames)[-8000:]) - 440) < 5
        await watched.call.hang_up()
        await phone.sees("CALL_CLOSED")
        assert abs(loudest_hz(phone.heard()[-8000:]) - 1000) < 5


@pytest.mark.sipp
async def test_sound_from_elsewhere_is_not_heard(under_test: UnderTest, tmp_path: Path) -> None:
    """The phone gives back our silence: whatever is loud would be the stranger's."""
    async with on(script := Script(tmp_path / "answer", "answer")):
        watched = await ring(under_test, script)
        await watched.reaches("answered")
        host, port = under_test.engine._media.at.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(50):
                stranger.sendto(build(Rtp(8, False, number, number * 160, 7, b"\x01\x81" * 80)), (host, int(port)))
        await until(lambda: len(watched.frames) > 20)
        assert loudest_hz(b"".join(watched.frames)) == 0.0
        await watched.call.hang_up()
        await script.done()


async def test_a_wrong_password() -> None:
    engine = await AsteriskEngine.open(settings(OPENLINE_ARI_SECRET="not-the-secret"), instance=new_id("test"))
    with pytest.raises(PhoneUnavailable, match="can't be reached"):
        await engine.call("+4930123456")
    assert engine.free_lines() == 0
    await engine.close()


async def test_an_endpoint_that_asterisk_does_not_know() -> None:
    async with opened(settings(OPENLINE_ARI_ENDPOINT="PJSIP/{number}@nowhere")) as under_test:
        free = under_test.engine.free_lines()
        started = time.monotonic()
        watched = None
        with contextlib.suppress(PhoneUnavailable):
            watched = Watched(await under_test.engine.call("+4930123456"))
        if watched:
            await watched.ends()
            assert watched.last.ended == "failed"
        assert time.monotonic() - started < 1
        assert under_test.engine.free_lines() == free


@pytest.mark.slow
@pytest.mark.sipp
async def test_many_short_calls_leave_nothing(under_test: UnderTest, tmp_path: Path) -> None:
    engine, calls = under_test.engine, 200
    async with on(script := Script(tmp_path / "answer", "answer", calls=calls)):
        tasks = len(asyncio.all_tasks())
        for _ in range(calls // 10):
            batch = [await ring(under_test, script) for _ in range(10)]
            for watched in batch:
                await watched.reaches("answered")
                await watched.call.hang_up()
                await watched.ends()
        await script.done()
    assert engine.free_lines() == settings().lines
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    assert not engine._calls and not engine._cleaning and not engine._media._calls
    await nothing_left(engine._app)
