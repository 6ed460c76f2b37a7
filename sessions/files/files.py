"""The door of files. The caller has seen that whoever asks is that side of the session, and that it goes on.

A file is pending while its place waits for it, sending while bytes come, kept once they are checked, shared with its
message. Each step is one conditional change of its row, so that no two requests can both take it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import structlog
from msgspec.structs import replace

from directory.drawing import drawn
from ground.errors import Refusal
from ground.sql import Database
from sessions.facts import FileFacts
from sessions.files import checking, store
from sessions.files.disk import Disk
from sessions.files.scanning import Scanner
from sessions.files.store import Row
from sessions.recording.folder import Elsewhere, Folder

FILES_MAX: Final = 20
"""Of one session at a time."""
SEND_S: Final = 600
"""How long sending and checking one file may take."""
KEEP_MS: Final = 3_600_000
"""How long a file that is sent waits to be said."""
DAY_MS: Final = 86_400_000
DECODERS: Final = 2
"""Pictures that one process has decoded at the same time."""
SWEPT: Final = 200
_log = structlog.get_logger("openline.files")
_CODES: Final = {
    "photo_too_large": "file_too_large", "not_a_photo": "file_type", "photo_animated": "file_type",
}  # fmt: skip
"""What a decoder says, in the words of files; all else is `file_broken`."""


class Asked(NamedTuple):
    """A file as its sender describes it."""

    name: str
    type: str
    size: int


class Files:
    """The files of all pools in one database and one folder."""

    def __init__(self, db: Database, folder: Folder, scanner: Scanner | None = None) -> None:
        self._db = db
        self._disk = Disk(folder)
        self._scanner = scanner or Scanner()
        self._decoding = asyncio.Semaphore(DECODERS)

    async def place(
        self, pool: str, session: str, side: str, asked: Asked, *, op: str, until: int, now: int
    ) -> str:  # fmt: skip
        """A place for a file, where sending has to begin before `until` (ms). → its id; the same for the same `op`.

        Refuses file_type, too_many_files.
        """
        if asked.type not in checking.TYPES:
            raise Refusal("file_type", asked.type)
        file = "d-" + hashlib.blake2b(f"{pool}/{session}/{side}/{op}".encode(), digest_size=12).hexdigest()
        row = {
            "pool": pool, "file": file, "session": session, "side": side, "state": "pending",
            "name": checking.named(asked.name, asked.type), "type": asked.type, "size": asked.size, "width": 0,
            "height": 0, "path": self._disk.fresh(), "op": "", "n": 0, "at": now, "until": until,
        }  # fmt: skip
        async with self._db.begin() as tx:
            await store.lapse(tx, now, pool, session)
            if await store.find(tx, pool, file) is None and not await store.place(tx, row, FILES_MAX):
                raise Refusal("too_many_files", str(FILES_MAX))
        return file

    async def receive(
        self, pool: str, file: str, length: int | None, chunks: AsyncIterator[bytes], now: int
    ) -> FileFacts:
        """Take the bytes into the place that waits for them, once; `length` is what was announced, if anything was.

        Refuses no_such_file (also when the place waits no longer, or is erased meanwhile), file_too_large,
        file_broken, file_type, file_refused, scan_failed, no_room (on the disk); then the place is gone.
        """
        async with self._db.begin() as tx:
            row = await store.find(tx, pool, file)
            if row is None or row["until"] <= now:
                raise Refusal("no_such_file", file)
            sending = {"state": "sending", "until": now + (SEND_S + 60) * 1000}
            if not await store.step(tx, pool, file, "pending", **sending):
                raise Refusal("no_such_file", file)
        try:
            async with asyncio.timeout(SEND_S):
                return await self._take(row, length, chunks, now)
        except Refusal as refusal:
            if refusal.code == "no_room":
                _log.error("no_room_for_files", pool=pool)
            raise
        except TimeoutError:
            raise Refusal("file_broken", "slow") from None
        except FileNotFoundError:  # somebody of the session was forgotten meanwhile, and it was swept away
            raise Refusal("no_such_file", file) from None
        finally:
            await asyncio.shield(self._tidy(row))

    async def _take(self, row: Row, length: int | None, chunks: AsyncIterator[bytes], now: int) -> FileFacts:
        if length is not None and length != row["size"]:
            raise Refusal("file_too_large" if length > row["size"] else "file_broken", "size")
        part = self._disk.part(row["pool"], row["path"])
        await self._disk.write(part, chunks, row["size"])
        kind = await asyncio.to_thread(checking.kind_of, part, row["type"])
        await self._scanner.check(part)
        facts = FileFacts(file=row["file"], name=checking.named(row["name"], kind), type=kind, size=row["size"])
        body = None
        if kind in checking.PICTURES:
            body, width, height = await self._redrawn(part)
            facts = replace(facts, size=len(body), width=width, height=height)
        await self._disk.keep(row["pool"], row["path"], body)
        await self._kept(row["pool"], facts, now)
        return facts

    async def _redrawn(self, part: Path) -> tuple[bytes, int, int]:
        file = await asyncio.to_thread(part.open, "rb")
        try:
            async with self._decoding:
                parts = await drawn("whole", file.fileno())
        except Refusal as refusal:
            raise Refusal(_CODES.get(refusal.code, "file_broken"), refusal.detail) from None
        finally:
            file.close()
        if len(parts) != 2:
            raise Refusal("file_broken")
        width, _x, height = parts[1].decode("ascii").partition("x")
        return parts[0], int(width), int(height)

    async def _kept(self, pool: str, facts: FileFacts, now: int) -> None:
        found = {"name": facts.name, "type": facts.type, "size": facts.size}
        found |= {"width": facts.width, "height": facts.height}
        async with self._db.begin() as tx:
            if not await store.step(
                tx, pool, facts.file, "sending", state="kept", until=now + (SEND_S * 1000) + KEEP_MS, **found
            ):
                raise Refusal("no_such_file", facts.file)  # it took so long that the place was given up

    async def _tidy(self, row: Row) -> None:
        """After sending, however it ended: what is not kept is gone."""
        pool, file = row["pool"], row["file"]
        async with self._db.begin() as tx:
            await store.step(tx, pool, file, "sending", **store.ERASED)
            found = await store.find(tx, pool, file)
        if found is None or found["state"] == "erasing":
            await self._remove(pool, file, row["path"])

    async def share(self, pool: str, session: str, side: str, file: str, *, op: str, now: int) -> FileFacts:
        """The file is to be said by the request `op`, and by no other. A repeat gets the first answer.

        Refuses no_such_file (also one of the other side, and one that is said already).
        """
        async with self._db.begin() as tx:
            row = await store.find(tx, pool, file)
            if row is None or (row["session"], row["side"]) != (session, side):
                raise Refusal("no_such_file", file)
            again = row["state"] == "shared" and row["op"] == op
            if not again and not await store.step(tx, pool, file, "kept", state="shared", op=op, at=now, until=0):
                raise Refusal("no_such_file", file)
        return _facts(row)

    async def not_said(self, pool: str, file: str, op: str, now: int) -> None:
        """The request `op` could not say it after all."""
        async with self._db.begin() as tx:
            row = await store.find(tx, pool, file)
            if row is not None and row["op"] == op and not row["n"]:
                await store.step(tx, pool, file, "shared", state="kept", op="", until=now + KEEP_MS)

    async def said(self, pool: str, file: str, n: int) -> None:
        """It is in the message `n`."""
        async with self._db.begin() as tx:
            await store.said(tx, pool, file, n)

    async def find(self, pool: str, session: str, file: str) -> FileFacts:
        """A file that was said in the session. Refuses no_such_file."""
        async with self._db.read() as tx:
            row = await store.find(tx, pool, file)
        if row is None or row["session"] != session or row["state"] != "shared":
            raise Refusal("no_such_file", file)
        return _facts(row)

    async def open(self, pool: str, session: str, file: str) -> tuple[FileFacts, BinaryIO]:
        """The file and its bytes, which stay while they are read even when it is erased. Refuses no_such_file."""
        facts = await self.find(pool, session, file)
        async with self._db.read() as tx:
            row = await store.find(tx, pool, file)
        try:
            opened = await self._disk.open(pool, row["path"] if row else "")
        except OSError as error:
            _log.error("file_missing", pool=pool, file=file, error=type(error).__name__)
            raise Refusal("no_such_file", file) from None
        return facts, opened

    async def erase(self, pool: str, file: str) -> None:
        """Nobody finds it any more, and it goes from the disk."""
        async with self._db.begin() as tx:
            await store.erase(tx, pool, file)
        await self.sweep_one(pool, file)

    # ------------------------------------------------------------ what is over

    async def sweep(self, now: int, days: Mapping[str, int]) -> int:
        """Erase what was never said in its time, and in each pool what is older than so many `days`; take from the disk
        what is to go. How many went. Raises database errors."""
        async with self._db.begin() as tx:
            await store.lapse(tx, now)
            await store.lapse_lost(tx, now - KEEP_MS)
            for pool, kept in days.items():
                await store.outlive(tx, pool, now - kept * DAY_MS)
        async with self._db.read() as tx:
            due = await store.erasing(tx, SWEPT)
        return sum([await self._remove(pool, file, path) for pool, file, path in due])

    async def sweep_one(self, pool: str, file: str) -> None:
        """Take one file from the disk, if it is to go."""
        async with self._db.read() as tx:
            row = await store.find(tx, pool, file)
        if row is not None and row["state"] == "erasing":
            await self._remove(pool, file, row["path"])

    async def sweep_strays(self, pool: str, now: int) -> int:
        """Take away what lies in the folder of a pool for a day and has no row. How many there were."""
        found = await self._disk.strays(pool, now / 1000)
        async with self._db.read() as tx:
            known = {path for start in range(0, len(found), SWEPT)
                     for path in await store.known_paths(tx, pool, found[start : start + SWEPT])}  # fmt: skip
        return sum([await self._take_away(pool, name) for name in set(found) - known])

    async def pools(self) -> list[str]:
        """Those that have files."""
        async with self._db.read() as tx:
            return await store.pools(tx)

    async def _remove(self, pool: str, file: str, path: str) -> bool:
        # The row goes last: a crash between the two leaves it, and whoever comes round does both again.
        if not await self._take_away(pool, path):
            return False
        async with self._db.begin() as tx:
            await store.delete(tx, pool, file)
        return True

    async def _take_away(self, pool: str, path: str) -> bool:
        """False when it lies in a folder that this process does not see, and another one will do it, or when the disk
        does not do its part: then it is tried again, and keeps no other file here."""
        try:
            await self._disk.remove(pool, path)
        except OSError as error:
            _log.error("file_stays", pool=pool, error="elsewhere" if isinstance(error, Elsewhere) else error.strerror)
            return False
        return True


def _facts(row: Row) -> FileFacts:
    return FileFacts(**{field: row[field] for field in FileFacts.__struct_fields__})
