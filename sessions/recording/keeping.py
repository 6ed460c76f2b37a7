"""The door of recordings: what there is, who may hear it, and how it goes.

A recording has a row from the moment in which both sides allow it, a file soon after its session, and an end: the
pool's days (`recording_days`), or the leaving of one of its two parties.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Final, Literal

import structlog
from msgspec import Struct

from directory import store as directory
from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.sql import Database, Recorded, Tx
from identity import audit
from queueing.facts import SessionFacts
from sessions.recording import store
from sessions.recording.folder import OGG, PART, SPOOL, Elsewhere, Folder
from sessions.recording.spool import Side
from sessions.recording.store import Row

State = Literal["pending", "ready", "failed", "erased"]
DAY_MS: Final = 86_400_000
CHUNK: Final = 64 * 1024
MEDIA_TYPE: Final = "audio/ogg; codecs=opus"
_log = structlog.get_logger("openline.recording")


class Kept(Struct, kw_only=True, frozen=True):
    """What is kept of a recording. Times in milliseconds since 1970; `ended_at`, `length_ms` and `bytes` are 0 while
    they are not known. Past `erase_at` it is erased: then that it was made is all that is left."""

    session: str
    started_at: int
    ended_at: int
    length_ms: int
    bytes: int
    state: State
    erase_at: int


class Opened:
    """An open recording, to be read at any place; it can be read to its end even when it is erased meanwhile."""

    def __init__(self, fd: int, size: int, sha256: str) -> None:
        self.size = size
        self.sha256 = sha256
        self._fd = fd

    async def __aenter__(self) -> "Opened":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def chunks(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `stop` (None: the end), in pieces."""
        end = self.size if stop is None else min(stop, self.size)
        while start < end:
            data = await asyncio.to_thread(os.pread, self._fd, min(CHUNK, end - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def close(self) -> None:
        """May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class Recordings:
    """The recordings of all pools. `folder` is shared by all servers and media workers."""

    def __init__(self, db: Database, folder: Folder) -> None:
        self._db = db
        self._folder = folder

    # What the journal says

    async def record(self, tx: Tx, pool: str, entries: Sequence[Recorded]) -> None:
        """Begin and end recordings in the transaction that writes the journal's entries to the books."""
        for stamp, events in entries:
            for event in events:
                if not isinstance(event, SessionFacts):
                    continue
                if event.state == "ended":
                    await store.end(tx, pool, event.session, event.ended_at, event.user)
                elif len(event.recording) == 2:
                    await self._begin(tx, pool, event, stamp.at)

    async def lost(self, tx: Tx, pool: str, session: str, at: int) -> None:
        """The session ended at `at` with the live store that knew it."""
        await store.end(tx, pool, session, at)

    async def _begin(self, tx: Tx, pool: str, facts: SessionFacts, at: int) -> None:
        row = {
            "pool": pool, "session": facts.session, "user": facts.user, "expert": facts.expert, "started_at": at,
            "path": self._folder.of(pool, facts.session), "erase_at": at + await _days(tx, pool) * DAY_MS,
        }  # fmt: skip
        await store.begin(tx, row)

    # Who may hear

    async def of_session(self, pool: str, session: str, side: Side, member: str, *, now: int) -> Kept:
        """What is kept of a session's recording, for one of its two parties. Refused `no_recording`."""
        return _kept(await self._theirs(pool, session, side, member), now)

    async def of_sessions(
        self, pool: str, sessions: Sequence[str], side: Side, member: str, *, now: int
    ) -> dict[str, Kept]:
        """What is kept of the recordings of those of `sessions` that are one's own, by session."""
        async with self._db.read() as tx:
            rows = await store.of_sessions(tx, pool, sessions)
        return {row["session"]: _kept(row, now) for row in rows if member and row[side] == member}

    async def open_for(self, pool: str, session: str, side: Side, member: str, *, now: int) -> Opened:
        """The file, for one of the two parties of its session. Refused `no_recording`, the same for what is others',
        what is not ready, what is to be erased, and what doesn't exist."""
        return await self._open(await self._theirs(pool, session, side, member), now)

    async def of_operator(self, pool: str, session: str, operator: str, *, reason: str, now: int) -> Opened:
        """The file, for an operator of the pool; the audit says so, once an hour. Refused `no_recording`."""
        async with self._db.read() as tx:
            row = await store.find(tx, pool, session)
        opened = await self._open(row, now)
        did = audit.Action(actor=operator, action="hear_recording", object=f"session:{session}", reason=reason)
        try:
            async with self._db.begin() as tx:  # a player asks for a file in many pieces
                await audit.note_once(tx, pool, now, did, f"{did.action}/{session}/{operator}/{now // 3_600_000}")
        except BaseException:
            opened.close()  # nobody hears what the audit does not say
            raise
        return opened

    async def _theirs(self, pool: str, session: str, side: Side, member: str) -> Row:
        async with self._db.read() as tx:
            row = await store.find(tx, pool, session)
        if row is None or not member or row[side] != member:
            raise Refusal("no_recording", session)
        return row

    async def _open(self, row: Row | None, now: int) -> Opened:
        if row is None or _kept(row, now).state != "ready":
            raise Refusal("no_recording", row["session"] if row else "")
        try:
            fd = await asyncio.to_thread(self._descriptor, row["path"])
        except (OSError, Elsewhere) as error:
            _log.error("recording_missing", pool=row["pool"], session=row["session"], error=type(error).__name__)
            raise Refusal("no_recording", row["session"]) from None
        return Opened(fd, row["bytes"], row["sha256"])

    def _descriptor(self, path: str) -> int:
        return os.open(self._folder.file(path, OGG), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    # How it goes

    async def erase(self, row: Row) -> None:
        """Files first, then the row: a crash in between erases twice, and forgets nothing. Raises OSError, of which
        Elsewhere is one."""
        files = [self._folder.file(row["path"], kind) for kind in (SPOOL, PART, OGG)]
        for file in files:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        async with self._db.begin() as tx:
            await store.erased(tx, row["pool"], row["session"])


async def _days(tx: Tx, pool: str) -> int:
    row = await directory.find_pool(tx, pool)
    options: dict[str, Any] = (row["options"] if row else None) or {}
    return int(options.get("recording_days", PoolOptions().recording_days))


def _kept(row: Row, now: int) -> Kept:
    """What is due is erased for everybody, also before its file has gone."""
    fields = {field: row[field] for field in Kept.__struct_fields__}
    return Kept(**fields | ({"state": "erased"} if row["erase_at"] <= now else {}))
