"""Recording beside the call: packets are gathered in memory and written by a thread, so no disk ever holds up a voice.

When the disk is full, slow or broken the recording stops, by name; the call never does.
"""

import asyncio
import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from sessions.media.leg import Packet
from sessions.recording import spool
from sessions.recording.folder import SPOOL, Folder
from sessions.recording.spool import Record, Side

Failure = Literal["disk_full", "disk_slow", "disk_error", "too_large"]
AtFailure = Callable[[Failure], None]
STOP_S: Final = 5.0
"""How long the end of a recording waits for the disk."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Limits(Struct, frozen=True):
    """What one recording may take, all in bytes but `flush_ms`. `rate` (a second, both sides together) is eight times
    what two voices need: whoever sends more is not heard in the recording. `free` is what the disk keeps for others."""

    size: int = 512 * 1024 * 1024
    free: int = 1024 * 1024 * 1024
    waiting: int = 1024 * 1024
    flush: int = 16 * 1024
    flush_ms: int = 1000
    rate: int = 64_000


class CannotRecord(Exception):
    """The recording can't begin; the text says why."""


class _DiskFull(OSError):
    """Less is free than is to be left."""


class Tape:
    """A recording that is being made. `failed` says why it stopped by itself, "" while it has not."""

    def __init__(
        self, fd: int, size: int, started_at: int, limits: Limits, writer: ThreadPoolExecutor, at_failure: AtFailure
    ) -> None:
        self.failed: Failure | Literal[""] = ""
        self.left_out = 0
        """Packets that were too large, too many, or of no time within the recording."""
        self._fd = fd
        self._size = size
        self._started_at = started_at
        self._limits = limits
        self._writer = writer
        self._at_failure = at_failure
        self._waiting = bytearray()
        self._flushed_ms = 0
        self._writing: asyncio.Future[None] | None = None
        self._stopped = False

    def tap(self, side: Side, packet: Packet, at_ms: int) -> None:
        """A packet of `side` that came at `at_ms` (since 1970). Never raises and never waits."""
        if self.failed or self._stopped:
            return
        since = at_ms - self._started_at
        if not self._takes(packet, since):
            self.left_out += 1
            return
        record = spool.pack(
            Record(side, since, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFF_FFFF, packet.payload)
        )
        self._waiting += record
        self._size += len(record)
        self._mind(since)

    async def stop(self) -> int:
        """Write what is left and close; the bytes of the spool. May be called twice."""
        if self._stopped:
            return self._size
        self._stopped = True
        try:
            async with asyncio.timeout(STOP_S):
                if self._writing:
                    await asyncio.wait([self._writing])
                if not self.failed:
                    await asyncio.get_running_loop().run_in_executor(self._writer, self._last, bytes(self._waiting))
        except TimeoutError:
            self._fail("disk_slow")
        except OSError as error:
            self._fail(_named(error))
        self._writer.submit(os.close, self._fd)  # behind whatever still hangs in a write
        return self._size

    def _takes(self, packet: Packet, since: int) -> bool:
        fits = 0 < len(packet.payload) <= spool.PAYLOAD_MAX and 0 <= since <= spool.LENGTH_MAX_MS
        return fits and self._size < (since + 5000) * self._limits.rate // 1000

    def _mind(self, since: int) -> None:
        """Write, or give up."""
        if self._size > self._limits.size:
            self._fail("too_large")
        elif len(self._waiting) > self._limits.waiting:
            self._fail("disk_slow")
        elif not self._writing and (
            len(self._waiting) >= self._limits.flush or abs(since - self._flushed_ms) >= self._limits.flush_ms
        ):
            self._flushed_ms = since
            self._flush()

    def _flush(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        self._writing = asyncio.get_running_loop().run_in_executor(self._writer, self._write, data)
        self._writing.add_done_callback(self._written)

    def _write(self, data: bytes) -> None:
        disk = os.fstatvfs(self._fd)
        if disk.f_bavail * disk.f_frsize < self._limits.free:
            raise _DiskFull(errno.ENOSPC, "less is free than is to be left")
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _last(self, data: bytes) -> None:
        self._write(data)
        os.fsync(self._fd)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._writing = None
        if not writing.cancelled() and (error := writing.exception()):
            self._fail(_named(error))

    def _fail(self, why: Failure) -> None:
        if not self.failed:
            self.failed = why
            self._waiting.clear()
            self._at_failure(why)


def _nobody(_why: Failure) -> None:
    """Where nobody is told."""


class Tapes:
    """The recordings of one media worker. One thread writes them all."""

    def __init__(self, folder: Folder, limits: Limits | None = None) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recordings")

    async def start(self, pool: str, session: str, started_at: int, at_failure: AtFailure = _nobody) -> Tape:
        """Begin the recording of a session, or go on with it: after a pause, after a crash, in another worker.

        `started_at` in ms since 1970; one that goes on keeps its own. `at_failure` is called once, with the reason,
        when it stops by itself. Raises CannotRecord.
        """
        loop = asyncio.get_running_loop()
        try:
            path = self._folder.file(self._folder.of(pool, session), SPOOL)
            async with asyncio.timeout(STOP_S):
                opened = await loop.run_in_executor(self._writer, _open, path, started_at, self._limits.free)
        except (OSError, ValueError, TimeoutError) as error:
            raise CannotRecord(type(error).__name__) from error
        return Tape(*opened, self._limits, self._writer, at_failure)

    def close(self) -> None:
        """Stop each tape first."""
        self._writer.shutdown(wait=False)


def _open(path: Path, started_at: int, free: int) -> tuple[int, int, int]:
    """The descriptor, where to go on, and when it began. One process at a time: the lock goes with the descriptor."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(path.parent).free < free:
        raise _DiskFull(errno.ENOSPC, "less is free than is to be left")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd, *_resume(fd, started_at)
    except BaseException:
        os.close(fd)
        raise


def _resume(fd: int, started_at: int) -> tuple[int, int]:
    if os.fstat(fd).st_size < spool.HEAD_BYTES:
        os.ftruncate(fd, 0)
        os.pwrite(fd, spool.pack_head(started_at), 0)
        os.lseek(fd, 0, os.SEEK_END)
        return spool.HEAD_BYTES, started_at
    with open(os.dup(fd), "rb") as file:  # noqa: PTH123 - a descriptor
        file.seek(0)
        began = spool.read_head(file)
        file.seek(0)
        size = spool.whole_bytes(file)
    os.ftruncate(fd, size)
    os.lseek(fd, size, os.SEEK_SET)
    return size, began


def _named(error: BaseException) -> Failure:
    return "disk_full" if isinstance(error, OSError) and error.errno in _FULL else "disk_error"
