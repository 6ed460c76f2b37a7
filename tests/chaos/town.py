"""Several real server processes before one real store and one database, and what the store itself says is true."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from directory.expert import Expert, PoolOptions
from ground.clock import SystemClock
from ground.embedded import EmbeddedStore
from ground.journal import Entry, Journal
from ground.sql import Database
from ground.store import Store
from identity.tokens import Member, Tokens
from presence.presence import Presence
from queueing.facts import PoolSnapshot
from queueing.line import Line
from server.config import Config, load
from tests.databases import open_migrated
from tests.ports import free_port
from tests.stories.talker import Talker, talking
from tests.stories.venue import Books, Process
from wire import messages

SECRET = "a-secret-of-the-tests-" * 4


class Town:
    """`openline serve --store ... --database ...`, so many times, on neighbouring ports of the loopback."""

    config: Config
    books: Books
    store: Store
    database: Database

    def __init__(self, folder: Path, count: int, words: tuple[str, ...]) -> None:
        self.folder = folder
        self.keeper = EmbeddedStore(folder / "store", fsync="no")  # processes are killed here, not the power
        self.ports = [free_port() for _ in range(count)]
        self.processes: list[Process] = []
        self._words = words

    async def start(self) -> None:
        given = {
            "store": await self.keeper.start(),
            "database": f"sqlite:///{self.folder / 'openline.db'}",
            "state_dir": str(self.folder),
        }
        self.config = load(given, {"OPENLINE_SECRET": SECRET})
        self.database = await open_migrated(self.config.database)
        self.books = Books(self.config, self.database, self.ports[0])
        self.store = await Store.open(self.config.store)
        self.line, self.journal, self.presence = Line(self.store), Journal(self.store), Presence(self.store)
        self.processes = [self._serve(number) for number in range(len(self.ports))]
        await asyncio.gather(*(process.ready() for process in self.processes))

    async def stop(self) -> None:
        for process in self.processes:
            await asyncio.to_thread(process.stop)
        await self.store.close()
        await self.database.close()
        await self.keeper.stop()

    def _serve(self, number: int) -> Process:
        words = ("serve", "--store", self.config.store, "--database", self.config.database, *self._words)
        return Process(self.folder / f"log-{number}", self.ports[number], *words, OPENLINE_SECRET=SECRET)

    # ------------------------------------------------------------ what happens to it

    async def restart(self, number: int, *, orderly: bool = False) -> None:
        """End one server process, with SIGKILL unless `orderly`, and start it again on its port."""
        process = self.processes[number]
        await asyncio.to_thread(process.interrupt if orderly else process.kill)
        self.processes[number] = self._serve(number)
        await self.processes[number].ready()

    async def kill_store(self) -> None:
        """SIGKILL the store and wait until its keeper has it up again with its data."""
        pid = self.keeper.pid
        os.kill(pid, 9)
        async with asyncio.timeout(20):
            while self.keeper.pid in (0, pid) or not await self.answers():
                await asyncio.sleep(0.02)

    async def answers(self) -> bool:
        try:
            await self.command("PING")
        except (OSError, RedisError):
            return False
        return True

    async def command(self, *words: str) -> Any:
        """One command straight to the store."""
        client: Any = Redis.from_url(self.config.store)
        try:
            return await client.execute_command(*words)
        finally:
            await client.aclose()

    # ------------------------------------------------------------ who is in it

    async def new_pool(self, *experts: str | Expert, options: PoolOptions | None = None, **settings: int) -> str:
        listed = [each if isinstance(each, Expert) else Expert(expert=each, name=each.title()) for each in experts]
        return await self.books.new_pool(listed, "A line", options, **settings)

    def token(self, pool: str, role: Member, member: str, name: str = "", ttl_s: int = 900) -> str:
        now = SystemClock().now_ms()
        return Tokens(self.config.keys).issue(pool, role, member, name or member.title(), now=now, ttl_s=ttl_s)

    @asynccontextmanager
    async def talker(
        self, pool: str, role: Member, member: str, at: int = 0, *, watch: bool = True
    ) -> AsyncIterator[Talker]:
        """A member at server process `at`."""
        async with talking(self.ports[at], pool, self.token(pool, role, member), watch=watch) as talker:
            yield talker

    @asynccontextmanager
    async def expert(self, pool: str, member: str, at: int = 0, *, watch: bool = True) -> AsyncIterator[Talker]:
        """An expert at server process `at` who is online."""
        async with self.talker(pool, "expert", member, at, watch=watch) as talker:
            answer = await talker.ask(messages.Declare, status="online")
            assert isinstance(answer, messages.Ok), answer
            yield talker

    # ------------------------------------------------------------ what is true

    async def truth(self, pool: str) -> PoolSnapshot:
        return await self.line.snapshot(pool)

    async def entries(self, pool: str) -> list[Entry]:
        """The pool's whole journal."""
        found: list[Entry] = []
        while page := await self.journal.read(pool, found[-1].seq if found else 0, 2000):
            found += page
        return found

    async def until(self, pool: str, holds: Any, seconds: float = 10) -> PoolSnapshot:
        """The truth once `holds(truth)`. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not holds(shot := await self.truth(pool)):
                await asyncio.sleep(0.05)
            return shot

    def rss(self, number: int = 0) -> int:
        """Resident bytes of one server process."""
        resident: int = psutil.Process(self.processes[number].popen.pid).memory_info().rss
        return resident


@asynccontextmanager
async def town(folder: Path, count: int, *words: str) -> AsyncIterator[Town]:
    made = Town(folder, count, words)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def indicator(shot: PoolSnapshot, expert: str) -> str:
    return next(facts.indicator for facts in shot.experts if facts.expert == expert)
