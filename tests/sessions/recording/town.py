"""A pool that records, its books, its folder, a media worker and those who look after it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from directory.expert import PoolOptions
from directory.profiles import Profiles
from ground.clock import SetClock
from ground.sql import Database, Stamp
from sessions.recording.folder import SPOOL, Folder
from sessions.recording.keeping import Recordings
from sessions.recording.rendering import render
from sessions.recording.store import recordings as table
from sessions.recording.tap import Limits, Tapes
from sessions.recording.upkeep import SETTLE_MS, Upkeep, _is_let_go
from tests.databases import open_migrated
from tests.sessions.logged import session
from tests.sessions.recording.voices import Voice

BEGAN = 1_790_000_000_000
ENDED = BEGAN + 2_000
BOTH = ["user", "expert"]


class Town:
    """A pool that records, its books, its folder, a media worker and those who look after it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = Folder.open(folder)
        self.recordings = Recordings(db, self.folder)
        self.upkeep = self.looking()
        self.seq = 0

    def looking(self, make: Any = render) -> Upkeep:
        return Upkeep(self.db, self.folder, self.recordings, SetClock(BEGAN), make)

    async def tell(self, at: int, *events: object) -> None:
        """The journal says so, and the books hear of it twice."""
        self.seq += 1
        for _ in range(2):
            async with self.db.begin() as tx:
                await self.recordings.record(tx, "support", [(Stamp("e1", self.seq, at), events)])

    async def begin(self, name: str = "s1", **who: Any) -> None:
        live: dict[str, Any] = {"cause": "recording", "state": "live", "ended_at": 0, "recording": BOTH}
        await self.tell(BEGAN, session(name, **(live | who)))

    async def end(self, name: str = "s1", **who: Any) -> None:
        await self.tell(ENDED, session(name, ended_at=ENDED, recording=BOTH, **who))

    async def spoken(self, name: str = "s1") -> None:
        """A worker's part: a second of both."""
        tapes = Tapes(self.folder, Limits(free=1024))
        tape = await tapes.start("support", name, BEGAN)
        user, expert = Voice(440), Voice(900)
        for n in range(50):
            tape.tap("user", user.packet(), BEGAN + n * 20)
            tape.tap("expert", expert.packet(), BEGAN + n * 20)
        await tape.stop()
        tapes.close()
        await self._let_go(name)

    async def _let_go(self, name: str) -> None:
        async with asyncio.timeout(5):
            while not _is_let_go(self.file(SPOOL, name)):
                await asyncio.sleep(0.01)

    async def recorded(self, name: str = "s1", **who: Any) -> None:
        """A whole recording, ready to be heard."""
        await self.begin(name, **who)
        await self.spoken(name)
        await self.end(name, **who)
        assert await self.upkeep.render_due(ENDED + SETTLE_MS) == 1

    def file(self, kind: str, name: str = "s1") -> Path:
        return self.folder.file(self.folder.of("support", name), kind)

    def files(self) -> list[str]:
        return sorted(file.suffix for pool in self.folder.path.iterdir() if pool.is_dir() for file in pool.iterdir())

    async def row(self, name: str = "s1") -> dict[str, Any]:
        async with self.db.read() as tx:
            found = (await tx.execute(sa.select(table).where(table.c.session == name))).mappings().one_or_none()
        return dict(found) if found else {}


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Town:
    return await settled(database, tmp_path / "recordings")


@pytest.fixture
async def hamlet(tmp_path: Path) -> AsyncIterator[Town]:
    """A town on SQLite alone, for what happens on the disk."""
    db = await open_migrated(f"sqlite:///{tmp_path}/openline.db")
    yield await settled(db, tmp_path / "recordings")
    await db.close()


async def settled(db: Database, folder: Path) -> Town:
    await Profiles(db).create_pool("support", "Support")
    await Profiles(db).put_options("support", PoolOptions(recording=True, recording_days=7))
    return Town(db, folder)


async def read(opened: Any, *span: int) -> bytes:
    async with opened:
        return b"".join([chunk async for chunk in opened.chunks(*span)])
