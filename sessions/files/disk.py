"""Where the bytes lie: one folder a pool, names that nobody could guess, readable by the server's user alone.

What the books keep as a file's path begins with the name of the folder that all servers share, so that one which sees
another folder by mistake takes nothing for erased. What waits for the disk waits in a thread.
"""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from ground.errors import Refusal
from sessions.recording.folder import NAME, Elsewhere, Folder

PART: Final = ".part"
CHUNK: Final = 256 * 1024
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
ORPHAN_S: Final = 86_400
LEFT: Final = 1024 * 1024 * 1024
"""Bytes that files leave free for others: the books, say, may lie on the same disk."""
LISTED: Final = 10_000


class Disk:
    """The folder of all files. Several server processes, on one machine or more, share it."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def fresh(self) -> str:
        """A name for a new file, as the books keep it."""
        return f"{self._folder.name}/{secrets.token_hex(16)}"

    def path(self, pool: str, kept: str) -> Path:
        """Where a file lies: `pool` is an id and `kept` comes from `fresh`, neither can name another folder. Raises
        Elsewhere when it lies in a folder that this process does not see."""
        folder, _slash, name = kept.partition("/")
        if folder != self._folder.name:
            raise Elsewhere
        return self._folder.path / pool / name

    def part(self, pool: str, kept: str) -> Path:
        """Where it lies until it is checked. Raises as `path`."""
        return self.path(pool, kept + PART)

    async def write(self, path: Path, chunks: AsyncIterator[bytes], size: int) -> None:
        """Write exactly `size` bytes. Raises Refusal: `file_too_large` for more, `file_broken` for fewer, `no_room`."""
        descriptor = await asyncio.to_thread(_create, path)
        try:
            waiting, read = bytearray(), 0
            async for chunk in chunks:
                read += len(chunk)
                if read > size:
                    raise Refusal("file_too_large")
                waiting += chunk
                if len(waiting) >= CHUNK:
                    await asyncio.to_thread(_write, descriptor, bytes(waiting))
                    waiting.clear()
            if read < size:
                raise Refusal("file_broken", "size")
            await asyncio.to_thread(_write, descriptor, bytes(waiting))
            await asyncio.to_thread(_sync, descriptor)
        finally:
            os.close(descriptor)

    async def keep(self, pool: str, name: str, body: bytes | None) -> None:
        """The part becomes the file, or gives way to `body`. Raises Refusal: `no_room`."""
        await asyncio.to_thread(_keep, self.part(pool, name), self.path(pool, name), body)

    async def remove(self, pool: str, name: str) -> None:
        """Nothing of it is left. Raises OSError when the disk does not do its part."""
        await asyncio.to_thread(_remove, self.path(pool, name), self.part(pool, name))

    async def open(self, pool: str, kept: str) -> BinaryIO:
        """The file, to be read and closed. Raises OSError."""
        return await asyncio.to_thread(self.path(pool, kept).open, "rb")

    async def strays(self, pool: str, now_s: float) -> list[str]:
        """Files of a pool that are older than a day, as the books would keep them: those whose row is gone, as after a
        database came back from a backup, nobody else would ever take away."""
        found = await asyncio.to_thread(_strays, self._folder.path / pool, now_s - ORPHAN_S)
        return [f"{self._folder.name}/{name}" for name in found]


@contextmanager
def _room() -> Iterator[None]:
    """A disk that is full says so wherever it is asked for anything: for a name, for bytes, for their safe arrival."""
    try:
        yield
    except OSError as error:
        raise Refusal("no_room") if error.errno in FULL else error from None


def _create(path: Path) -> int:
    with _room():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _write(descriptor: int, data: bytes) -> None:
    disk = os.fstatvfs(descriptor)
    if disk.f_bavail * disk.f_frsize < LEFT:
        raise Refusal("no_room")
    left = memoryview(data)
    with _room():
        while left:
            left = left[os.write(descriptor, left) :]


def _sync(descriptor: int) -> None:
    with _room():
        os.fsync(descriptor)


def _keep(part: Path, path: Path, body: bytes | None) -> None:
    if body is not None:
        part.unlink()
        descriptor = _create(part)
        try:
            _write(descriptor, body)
            _sync(descriptor)
        finally:
            os.close(descriptor)
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        _sync(folder)
    finally:
        os.close(folder)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _strays(folder: Path, before_s: float) -> list[str]:
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) < LISTED and entry.name != NAME and entry.stat(follow_symlinks=False).st_mtime < before_s:
                    found.append(entry.name.removesuffix(PART))
    except FileNotFoundError:
        pass  # nobody ever sent a file here, or one went while we looked
    return found
