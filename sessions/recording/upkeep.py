"""What recordings need after their sessions: files made, files erased when their time is up, leftovers swept away.

Every server process that sees the folder does it; whatever two do at once, or one does twice, comes to the same.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from ground.clock import Clock
from ground.sql import FAILURES, Database
from sessions.recording import store
from sessions.recording.folder import NAME, OGG, PART, SPOOL, Folder
from sessions.recording.keeping import Recordings
from sessions.recording.rendering import Rendered, Unrendered, render
from sessions.recording.spool import LENGTH_MAX_MS
from sessions.recording.store import Row

LOOK_S: Final = 5.0
SWEEP_MS: Final = 3_600_000
SETTLE_MS: Final = 2_000
"""A worker hears of the end of a session a moment later than the books, and lets go of the spool then."""
GIVE_UP_MS: Final = 300_000
"""A spool that hasn't come by then never will; one that is held by then is held by a worker that hangs."""
OLD_MS: Final = 86_400_000
AT_ONCE: Final = 20
SWEPT: Final = 10_000
_log = structlog.get_logger("openline.recording")
Render = Callable[[Path, Path, Path], Awaitable[Rendered]]


class Upkeep:
    """Looks after the recordings in `folder`."""

    def __init__(
        self, db: Database, folder: Folder, recordings: Recordings, clock: Clock, make: Render = render
    ) -> None:
        self._db = db
        self._folder = folder
        self.recordings = recordings
        self._clock = clock
        self._make = make
        self._swept_at = 0

    async def run(self) -> None:
        """Runs for ever. What is to go does not wait until hours of talk are made files."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._again(self.render_due))
            both.create_task(self._again(self._clear))

    async def _again(self, work: Callable[[int], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await work(self._clock.now_ms())
            except FAILURES as error:
                _log.warning("recordings_wait", error=type(error).__name__)

    async def _clear(self, now: int) -> None:
        await self.erase_due(now)
        if now - self._swept_at >= SWEEP_MS:
            self._swept_at = now
            await self.sweep(now)

    async def render_due(self, now: int) -> int:
        """Make files of what is over, one after the other; how many are ready that were not."""
        async with self._db.read() as tx:
            rows = await store.pending(tx, self._folder.name, now - SETTLE_MS, now - LENGTH_MAX_MS, AT_ONCE)
        return sum([await self._render(row, now) for row in rows])

    async def erase_due(self, now: int) -> int:
        """Erase what has been kept as long as it may be; how many."""
        async with self._db.read() as tx:
            rows = await store.due(tx, self._folder.name, now, AT_ONCE)
        return sum([await self._erase(row) for row in rows])

    async def _erase(self, row: Row) -> bool:
        try:
            await self.recordings.erase(row)
        except OSError as error:  # it is tried again, and keeps no other from going
            _log.error("recording_not_erased", pool=row["pool"], session=row["session"], error=type(error).__name__)
            return False
        return True

    async def sweep(self, now: int) -> int:
        """Delete files older than a day that belong to no recording that is kept; how many. (A file may be made in the
        moment in which its recording is erased.)"""
        old = await asyncio.to_thread(_older, self._folder.path, now - OLD_MS)
        kept = [self._folder.kept(file) for file in old]
        async with self._db.read() as tx:
            known = await store.known(tx, sorted({path for path in kept if path}))
        stray = [file for file, path in zip(old, kept, strict=True) if path and path not in known]
        for file in stray:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        return len(stray)

    async def _render(self, row: Row, now: int) -> bool:
        spool, part, ogg = (self._folder.file(row["path"], kind) for kind in (SPOOL, PART, OGG))
        late = now - (row["ended_at"] or row["started_at"] + LENGTH_MAX_MS) >= GIVE_UP_MS
        if not late and not await asyncio.to_thread(_is_let_go, spool):
            return False
        try:
            made = await self._make(spool, ogg, part)
        except Unrendered as error:
            if error.why == "full":  # what was recorded is still there: the next look tries again
                _log.error("no_room_for_recordings", pool=row["pool"])
            elif error.why not in ("busy", "stopped"):
                await self._failed(row, error.why)
            return False
        return await self._ready(row, made, spool, ogg)

    async def _ready(self, row: Row, made: Rendered, spool: Path, ogg: Path) -> bool:
        """The row is written before the spool goes: a crash in between makes the same file again."""
        async with self._db.begin() as tx:
            ready = await store.ready(tx, row["pool"], row["session"], made.length_ms, made.bytes, made.sha256)
            now = await store.find(tx, row["pool"], row["session"])
        await asyncio.to_thread(spool.unlink, missing_ok=True)
        if not ready and (now is None or now["state"] != "ready"):  # erased while it was made
            await asyncio.to_thread(ogg.unlink, missing_ok=True)
        return ready

    async def _failed(self, row: Row, why: str) -> None:
        async with self._db.begin() as tx:
            failed = await store.failed(tx, row["pool"], row["session"])
        if failed:
            _log.warning("recording_failed", pool=row["pool"], session=row["session"], why=why)


def _is_let_go(spool: Path) -> bool:
    """Whether it is there, and no worker writes it."""
    try:
        fd = os.open(spool, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def _older(folder: Path, than_ms: int) -> list[Path]:
    return [file for file, _number in zip(_files(folder, than_ms), range(SWEPT), strict=False)]


def _files(folder: Path, than_ms: int) -> Iterator[Path]:
    for pool in folder.iterdir():
        if pool.name == NAME or not pool.is_dir() or pool.is_symlink():
            continue
        for file in pool.iterdir():
            with suppress(FileNotFoundError):  # erased meanwhile
                if file.lstat().st_mtime_ns // 1_000_000 < than_ms:
                    yield file
