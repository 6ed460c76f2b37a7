"""A real server as a process of its own, and the pools, links and tokens that a story needs."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from directory.expert import Expert, PoolOptions
from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.sql import Database
from identity.links import Links
from identity.tokens import Member, Tokens
from server.config import Config, load
from tests.ports import free_port
from tests.repo.house import ROOT

START_S = 30.0
USUAL = {
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
    # Without a media worker, unless the words or the environment say `--media`; no story cuts the power.
    "OPENLINE_MEDIA": "0",
    "OPENLINE_STORE_FSYNC": "no",
}
OPENLINE = [sys.executable, "-c", "from server.cli import main; main()"]


class Process:
    """One `openline` command that serves, in a process group of its own, with its output in a file."""

    def __init__(self, log: Path, port: int, *words: str, **environment: str) -> None:
        self.port = port
        self.host = words[words.index("--host") + 1] if "--host" in words else "127.0.0.1"
        self.log = log
        known = {name: value for name, value in os.environ.items() if not name.startswith("OPENLINE_")}
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                [*OPENLINE, *words, "--port", str(port)],
                cwd=log.parent,
                env={**known, **USUAL, **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until the server answers. Raises AssertionError with its last words when it does not."""
        async with asyncio.timeout(START_S):
            while not await asyncio.to_thread(self._answers):
                assert self.popen.poll() is None, self.said()[-3000:]
                await asyncio.sleep(0.05)

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def store_pid(self) -> int:
        """The embedded store's process."""
        found = [child for child in psutil.Process(self.popen.pid).children() if "valkey" in child.name()]
        assert len(found) == 1, "one store"
        pid: int = found[0].pid
        return pid

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.popen.pid)
        return [parent, *parent.children(recursive=True)]

    def interrupt(self) -> int:
        """Ctrl-C: the terminal sends it to the whole group. Returns the exit code."""
        os.killpg(self.popen.pid, signal.SIGINT)
        code: int = self.popen.wait(timeout=20)
        return code

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(timeout=20)

    def stop(self) -> None:
        if self.popen.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.interrupt()
        if self.popen.poll() is None:
            self.kill()

    def _answers(self) -> bool:
        connection = HTTPConnection(self.host, self.port, timeout=2)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


class Books:
    """The server's database and secret, for making pools, links and tokens as the command line does."""

    def __init__(self, config: Config, database: Database, port: int) -> None:
        self.profiles = Profiles(database)
        self.base = f"http://localhost:{port}"
        self.port = port
        self.database = database
        self._links = Links(database)
        self._tokens = Tokens(config.keys)

    @classmethod
    async def open(cls, port: int, environment: dict[str, str] | None = None, **given: Any) -> "Books":
        """Of the server with these options and this environment, reached at `port`."""
        config = load(given, environment or {})
        database = await Database.open(config.database)
        await database.migrate()
        return cls(config, database, port)

    async def close(self) -> None:
        await self.database.close()

    async def new_pool(
        self, experts: list[Expert], name: str = "A line", options: PoolOptions | None = None, **settings: int
    ) -> str:
        """A pool that no other story knows. Its experts come last: who reads it before finds nobody."""
        pool = f"p{uuid.uuid4().hex[:10]}"
        await self.profiles.create_pool(pool, name, settings)
        if options:
            await self.profiles.put_options(pool, options)
        await self.profiles.put_experts(pool, experts)
        return pool

    async def link(self, pool: str, role: Member, subject: str, name: str) -> str:
        """A sign-in link that works once."""
        token = await self._links.create(pool, role, subject, name, now=SystemClock().now_ms())
        return f"{self.base}/sign-in#{token}"

    def token(self, pool: str, role: Member, subject: str, name: str = "") -> str:
        return self._tokens.issue(pool, role, subject, name or subject.title(), now=SystemClock().now_ms())


@asynccontextmanager
async def own_server(
    folder: Path, *words: str, port: int = 0, **environment: str
) -> AsyncIterator[tuple[Process, Books]]:
    """A server of a story's own, with these further options and settings."""
    process = Process(folder / "log", port or free_port(), "serve", "--state", str(folder), *words, **environment)
    try:
        await process.ready()
        books = await Books.open(process.port, state_dir=str(folder))
        try:
            yield process, books
        finally:
            await books.close()
    finally:
        process.stop()
