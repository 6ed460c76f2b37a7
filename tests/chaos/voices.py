"""People with a browser's sound: a socket and a WebRTC peer each, here or in a process that can be killed."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aioice.ice

from sessions.media.workers import Workers
from tests.chaos.town import SECRET, Town
from tests.repo.house import ROOT
from tests.sessions.media.callers import Caller
from tests.stories.talker import Talker, talking
from tests.stories.venue import OPENLINE
from wire import messages

MEDIA = {"OPENLINE_MEDIA_HOSTS": "127.0.0.1", "OPENLINE_MEDIA_PRIVATE": "1"}


def loopback_only() -> None:
    """Peers have no other address; for processes of their own, which end with it."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


STARVED_S = 3.0


class Voice:
    """One side of a bridged session: offers a peer connection, and another one when its media server moves, or when no
    sound has come for `STARVED_S`."""

    def __init__(self, talker: Talker, session: str, hz: float, starves: bool) -> None:
        self.talker, self.session, self.hz, self.starves = talker, session, hz, starves
        self.worker = ""
        self.callers: list[Caller] = []

    async def keep(self) -> None:
        """Be connected, again and again, until cancelled or the session is over."""
        try:
            while not self._is_over():
                if self._has_to_come():
                    await self._come()
                await asyncio.sleep(0.05)
        finally:
            await asyncio.gather(*(each.close() for each in self.callers))

    def _is_over(self) -> bool:
        said = self.talker.latest(messages.Session, lambda one: one.session == self.session)
        return said is not None and said.state == "ended"

    def _has_to_come(self) -> bool:
        if not self.callers or not self.worker:
            return True
        moved = self.talker.latest(messages.MediaMoved, lambda one: one.session == self.session)
        gone = moved is not None and moved.worker != self.worker and self._since(moved)
        return gone or self._starves() or self.callers[-1].pc.connectionState in ("closed", "failed")

    def _starves(self) -> bool:
        """As pages do where the other side has been heard."""
        heard_at = self.callers[-1].heard_at
        return self.starves and heard_at > 0 and asyncio.get_running_loop().time() - heard_at > STARVED_S

    def _since(self, moved: messages.MediaMoved) -> bool:
        """Whether it was said after the last answer."""
        answers = [at for at, said in enumerate(self.talker.told) if isinstance(said, messages.MediaAnswer)]
        return self.talker.told.index(moved) > answers[-1]

    async def _come(self) -> None:
        one = Caller(self.hz)
        self.callers.append(one)
        ask = {"session": self.session, "peer": f"p{uuid.uuid4().hex[:12]}", "sdp": await one.offer()}
        answer = await self.talker.ask(messages.MediaOffer, **ask)
        if isinstance(answer, messages.MediaAnswer):
            self.worker = answer.worker
            await one.take(answer.sdp)
        else:
            self.worker = ""
            await asyncio.sleep(0.3)

    def is_heard(self, hz: float) -> bool:
        """Whether the other side's tone is."""
        return bool(self.callers) and abs(self.callers[-1].loudest_hz() - hz) < 12

    async def received(self) -> int:
        """Packets of sound that have come so far."""
        count = 0
        for each in self.callers:
            stats = await each.pc.getReceivers()[0].getStats()
            count += sum(one.packetsReceived for one in stats.values() if one.type == "inbound-rtp")
        return count


@asynccontextmanager
async def voice(talker: Talker, session: str, hz: float, *, starves: bool = False) -> AsyncIterator[Voice]:
    made = Voice(talker, session, hz, starves)
    task = asyncio.create_task(made.keep())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Far:
    """A user with a voice, in a process of their own. It joins by itself, and does what it is told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def mute(self) -> None:
        """From now on not one packet of sound goes out, while everything else goes on. Returns when it is so."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(b"mute\n")
        async with asyncio.timeout(10):
            assert b"muted" in await self.process.stdout.readline()


@asynccontextmanager
async def far(town: Town, pool: str, user: str, expert: str, at: int = 0) -> AsyncIterator[Far]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.voices", str(town.ports[at]), pool, town.token(pool, "user", user), expert,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield Far(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


class MediaWorker:
    """`openline media` as a process of its own. `name` is what it is called among the workers."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]") -> None:
        self.name, self.popen = name, popen

    def stop(self) -> None:
        """In order, else killed."""
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(10)
        self.popen.kill()
        self.popen.wait(10)


@asynccontextmanager
async def media_worker(town: Town, log: Path, **more: str) -> AsyncIterator[MediaWorker]:
    made = MediaWorker("", _started(town, log, more))
    try:
        async with asyncio.timeout(30):
            while not (made.name and made.name in [each.worker for each in await Workers(town.store).listed()]):
                made.name = _named(log)
                assert made.popen.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        yield made
    finally:
        await asyncio.to_thread(made.stop)


def _started(town: Town, log: Path, more: dict[str, str]) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        return subprocess.Popen(
            [*OPENLINE, "media", "--store", town.config.store], cwd=town.folder, stdout=out, stderr=subprocess.STDOUT,
            env=os.environ | MEDIA | {"PYTHONPATH": str(ROOT), "OPENLINE_SECRET": SECRET} | more,
        )  # fmt: skip


def _named(log: Path) -> str:
    for line in log.read_text().splitlines():
        with contextlib.suppress(ValueError):
            said = json.loads(line)
            if said.get("event") == "media_worker":
                return str(said["worker"])
    return ""


async def _main(port: int, pool: str, token: str, expert: str) -> None:
    """What a `Far` runs."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with talking(port, pool, token) as talker:
        joined = await talker.ask(messages.Join, experts=[expert], mode="audio")
        assert isinstance(joined, messages.Joined), joined
        session = (await talker.until(messages.Session, seconds=60)).session
        async with voice(talker, session, 440) as mine:
            while await reader.readline():
                mine.callers[-1].pc.getSenders()[0].replaceTrack(None)
                print("muted", flush=True)


if __name__ == "__main__":
    loopback_only()
    asyncio.run(_main(int(sys.argv[1]), *sys.argv[2:5]))
