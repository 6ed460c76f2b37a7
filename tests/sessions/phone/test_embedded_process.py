"""The worker process of the embedded telephone: it may die, hang or talk nonsense, and the next call works."""

import asyncio
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.phone.engine import PhoneUnavailable
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Phone, Script, on, until
from tests.sessions.phone.suite import UnderTest, Watched, ring
from tests.sessions.phone.trunks import loopback

SECRET = "a secret of the trunk"


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    engine = EmbeddedPhone(loopback(";lines=30", secret=SECRET))
    yield UnderTest(engine, lambda peer: f"sip:{peer.user}@{LOOPBACK}:{peer.port}")
    await engine.close()


async def works(under_test: UnderTest, folder: Path) -> None:
    async with on(script := Script(folder, "answer")):
        watched = await ring(under_test, script)
        await watched.reaches("answered")
        await watched.call.hang_up()
        await script.done()


@pytest.mark.sipp
@pytest.mark.baresip
async def test_a_worker_that_is_killed(under_test: UnderTest, tmp_path: Path) -> None:
    engine = under_test.engine
    async with on(phone := Phone(tmp_path / "phone"), silent := Phone(tmp_path / "silent", answers=False)):
        talking, ringing = await ring(under_test, phone), await ring(under_test, silent)
        await talking.reaches("answered")
        await ringing.reaches("ringing")
        first = engine.worker_pid
        os.kill(first, signal.SIGKILL)
        for watched in (talking, ringing):
            await watched.ends(1)
            assert watched.last.ended == "failed"
            await watched.call.hang_up()
    assert engine.free_lines() == 30
    await works(under_test, tmp_path / "next")
    assert engine.worker_pid not in (0, first)


@pytest.mark.sipp
async def test_a_worker_that_hangs(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "ring", "ring")):
        watched = await ring(under_test, script, ring_s=30)
        await watched.reaches("ringing")
        os.kill(under_test.engine.worker_pid, signal.SIGSTOP)
        await watched.ends(8)
        assert watched.last.ended == "failed"
    await works(under_test, tmp_path / "next")


async def test_an_engine_that_is_gone_takes_its_worker_along() -> None:
    """Killed with no chance to say anything."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, stdout=asyncio.subprocess.PIPE)
    try:
        said = await asyncio.wait_for(parent.stdout.readuntil(b"\n."), 20)
        worker = psutil.Process(int(said.split()[-2]))
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


SERVE = """
import asyncio
from sessions.phone.embedded.phone import EmbeddedPhone
from tests.sessions.phone.trunks import loopback

async def serve():
    engine = EmbeddedPhone(loopback())
    await engine.start()
    print(engine.worker_pid, ".", sep="\\n", flush=True)
    await asyncio.sleep(60)

asyncio.run(serve())
"""


async def test_the_secret_stands_nowhere(under_test: UnderTest) -> None:
    engine = under_test.engine
    await engine.start()
    process = psutil.Process(engine.worker_pid)
    assert SECRET not in " ".join(process.cmdline())
    assert SECRET not in str(process.environ())
    assert not [name for name in process.environ() if name.startswith("OPENLINE")]


async def test_what_the_worker_leaves_behind(under_test: UnderTest) -> None:
    """Nothing in the folder for temporary files, however it ended."""
    engine = under_test.engine
    await engine.start()
    folder = Path(psutil.Process(engine.worker_pid).environ()["TMPDIR"])
    assert list(folder.iterdir())
    os.kill(engine.worker_pid, signal.SIGKILL)
    await until(lambda: not folder.exists())


@pytest.mark.sipp
async def test_nonsense_from_the_network(under_test: UnderTest, tmp_path: Path) -> None:
    """At the ports of SIP and of sound, from whoever finds them: the call goes on, and so does the next."""
    async with on(script := Script(tmp_path / "answer", "answer")):
        watched = await ring(under_test, script)
        await watched.reaches("answered")
        said = script.messages()
        invite = said[said.index("INVITE ") :].partition("-----")[0].replace("\n", "\r\n").encode()
        sip, sound = (
            int(re.findall(rule, said)[0]) for rule in (r"Contact: <sip:[^@]+@[\d.]+:(\d+)", r"m=audio (\d+)")
        )
        chance, worker = random.Random(7), under_test.engine.worker_pid
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for turn in range(600):
                stranger.sendto(damaged(invite, chance), (LOOPBACK, sip))
                stranger.sendto(chance.randbytes(chance.randint(0, 200)), (LOOPBACK, sound + turn % 2))
                await asyncio.sleep(0.001)
        assert under_test.engine.worker_pid == worker
        assert watched.states[-1] == "answered"
        await watched.call.hang_up()
        await script.done()
    await works(under_test, tmp_path / "next")


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some of it gone, changed and doubled."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(out))
        size = chance.randint(1, 40)
        out[at : at + size] = chance.choice((b"", chance.randbytes(size), bytes(out[at : at + size]) * 3))
        out = out or bytearray(b"x")
    return bytes(out)


@pytest.mark.baresip
async def test_full(tmp_path: Path) -> None:
    engine = EmbeddedPhone(loopback(";lines=1"))
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        address = f"sip:100@{LOOPBACK}:{phone.port}"
        watched = Watched(await engine.call(address))
        with pytest.raises(PhoneUnavailable, match="in use"):
            await engine.call(address)
        await watched.call.hang_up()
        await until(lambda: engine.free_lines() == 1)
        await (await engine.call(address)).hang_up()
        await engine.close()
        assert engine.free_lines() == 0
        with pytest.raises(PhoneUnavailable):
            await engine.call(address)


@pytest.mark.sipp
@pytest.mark.parametrize("calls", [30, pytest.param(200, marks=pytest.mark.slow)])
async def test_short_calls_leave_nothing(under_test: UnderTest, tmp_path: Path, calls: int) -> None:
    engine = under_test.engine
    async with on(script := Script(tmp_path / "answer", "answer", calls=calls + 10)):
        await short_calls(under_test, script, 10)
        before = Held(engine.worker_pid)
        await short_calls(under_test, script, calls)
        after = Held(engine.worker_pid)
        await script.done()
    assert engine.free_lines() == 30
    assert after.files <= before.files and after.threads <= before.threads and after.own_files <= before.own_files
    assert after.memory - before.memory < 2_000_000 + calls * 10_000


class Held:
    """What the worker holds, and this process of it."""

    def __init__(self, worker: int) -> None:
        process = psutil.Process(worker)
        self.files, self.threads, self.memory = process.num_fds(), process.num_threads(), process.memory_info().rss
        self.own_files = psutil.Process().num_fds()


async def short_calls(under_test: UnderTest, script: Script, count: int) -> None:
    """Calls of a tenth of a second, ten at once."""
    for _ in range(count // 10):
        await asyncio.gather(*(short_call(under_test, script) for _ in range(10)))
    await until(lambda: under_test.engine.free_lines() == 30)
    await asyncio.sleep(0.1)  # the last good-byes


async def short_call(under_test: UnderTest, script: Script) -> None:
    watched = await ring(under_test, script)
    await watched.reaches("answered")
    await asyncio.sleep(0.1)
    await watched.call.hang_up()
    await watched.ends()
