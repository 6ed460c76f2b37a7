"""The embedded store and the state folder: one owner at a time, and commands that borrow what is running."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ground.embedded import EmbeddedStore
from server.config import Config, make_state_dir, with_store

LOCK_FILE = "lock"
STORE_FOLDER = "store"


class FolderInUse(Exception):
    """Another server owns the state folder. Two stores writing one append-only file would destroy it."""


@contextmanager
def owned(config: Config) -> Iterator[Config]:
    """Own the state folder and run its store until the end of the block. With a store by address: nothing to do.

    Raises FolderInUse, and what `EmbeddedStore.start_now` raises.
    """
    if not config.embedded:
        yield config
        return
    with _lock(make_state_dir(config.state_dir)):
        embedded = EmbeddedStore(config.state_dir / STORE_FOLDER, fsync=config.store_fsync)
        try:
            yield with_store(config, embedded.start_now())
        finally:
            embedded.stop_now()


@asynccontextmanager
async def at_hand(config: Config) -> AsyncIterator[Config]:
    """The store for a short command: the one of the running server when there is one, else our own for a moment."""
    if not config.embedded:
        yield config
        return
    owner = owned(config)
    try:
        ready = await asyncio.to_thread(owner.__enter__)
    except FolderInUse:
        yield with_store(config, EmbeddedStore(config.state_dir / STORE_FOLDER).url)
        return
    try:
        yield ready
    finally:
        await asyncio.to_thread(owner.__exit__, None, None, None)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """The kernel gives the lock back when the process ends, however it ends."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise FolderInUse(
            f"another Openline runs in {folder}: stop it, or choose another folder with --state"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
