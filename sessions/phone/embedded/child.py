"""The worker process as the engine sees it: started, listened to, killed when it falls silent."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sessions.phone.embedded.link import REPORTS, Alive, Down, Link, Order, Play, Ready, Report, Start
from sessions.phone.engine import PhoneUnavailable
from sessions.phone.trunk import Trunk

START_S: Final = 15.0
SILENT_S: Final = 5.0
STOP_S: Final = 4.0
HOME: Final = Path(__file__).resolve().parents[3]
"""Where the rooms are, installed or not."""


class Child:
    """One worker process. `told` is handed its reports, `gone` is called once when it is no more."""

    def __init__(self, told: Callable[[Report], None], gone: Callable[[], None]) -> None:
        self._told = told
        self._gone = gone
        self._link = Link(REPORTS, self._report, self._lost)
        self._process: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._folder = tempfile.TemporaryDirectory(prefix="openline-phone-", ignore_cleanup_errors=True)
        self._heard_at = 0.0
        self._watching: asyncio.TimerHandle | None = None
        self._reaping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Of the running process, 0 when there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def start(self, trunk: Trunk) -> None:
        """Start it and wait until its stack is up. Raises PhoneUnavailable."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                self._process = await self._spawned(theirs.fileno())
            except OSError as why:
                ours.close()
                raise PhoneUnavailable(f"the embedded telephone can't be started: {why.strerror}") from None
        await loop.create_unix_connection(lambda: self._link, sock=ours)
        self._link.send(Start(trunk))
        try:
            await asyncio.wait_for(self._ready, START_S)
        except TimeoutError:
            await self.stop()
            raise PhoneUnavailable("the embedded telephone did not start in time") from None
        if self._reaping:
            raise PhoneUnavailable("the embedded telephone ended as soon as it had started")
        self._heard_at = loop.time()
        self._watch()

    async def _spawned(self, handed_down: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "sessions.phone.embedded.process", str(handed_down),
            pass_fds=[handed_down], env=_environment(self._folder.name), cwd="/", start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,  # numbers of people could stand there
        )  # fmt: skip

    def send(self, order: Order) -> None:
        """An order; without effect when the process is gone."""
        self._link.send(order)

    def play(self, sound: Play) -> None:
        """Sound, dropped where it would have to wait."""
        self._link.send_sound(sound)

    async def stop(self) -> None:
        """End it: in order first, for good after 4 s."""
        self._link.close()
        self._lost()
        if self._reaping:
            await self._reaping

    def _report(self, report: Report) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        match report:
            case Ready():
                self._settle(None)
            case Down(why):
                self._settle(PhoneUnavailable(f"the embedded telephone is down: {why}"))
            case Alive():
                pass
            case _:
                self._told(report)

    def _settle(self, problem: PhoneUnavailable | None) -> None:
        if self._ready.done():
            return
        if problem:
            self._ready.set_exception(problem)
        else:
            self._ready.set_result(None)

    def _watch(self) -> None:
        """Kill it when it has said nothing for 5 s: a stack that hangs is as bad as none."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._heard_at > SILENT_S:
            self._kill()
            return
        self._watching = loop.call_later(SILENT_S / 5, self._watch)

    def _lost(self) -> None:
        """The socket is closed: from now on there is no process for anybody."""
        if self._reaping:
            return
        if self._watching:
            self._watching.cancel()
        self._settle(PhoneUnavailable("the embedded telephone ended while it started"))
        self._reaping = asyncio.get_running_loop().create_task(self._reap())
        self._gone()

    async def _reap(self) -> None:
        with self._folder:  # what the stack left in it goes, however it ended
            if self._process is None:
                return
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                self._kill()
                await self._process.wait()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


def _environment(folder: str) -> dict[str, str]:
    """What the process needs of ours: where things are, a folder of its own, and none of our secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return {**kept, "PYTHONPATH": str(HOME), "TMPDIR": folder}
