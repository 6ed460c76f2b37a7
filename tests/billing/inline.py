"""SQLite without the driver's threads, for tests of many small steps: handing a call over costs more than the call."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from ground import sql
from ground.sql import Database


def on_this_thread(path: str) -> Database:
    """The database in the file `path`; the loop stands still while it works."""

    def connect(*_arguments: object, **_options: object) -> Inline:
        return Inline(lambda: sqlite3.connect(path, isolation_level=None), iter_chunk_size=64)

    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"async_creator_fn": connect})
    event.listen(engine.sync_engine, "connect", sql._set_pragmas)
    event.listen(engine.sync_engine, "begin", sql._begin_sqlite)
    return Database(engine)


class Inline(aiosqlite.Connection):
    """The driver's connection; what it would queue for its thread is done at once."""

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        self._tx = AtOnce()  # type: ignore[assignment]
        return self._connect().__await__()


class AtOnce:
    """Stands where the driver's queue stood."""

    def put_nowait(self, asked: "tuple[asyncio.Future[Any] | None, Callable[[], Any]]") -> None:
        future, work = asked
        try:
            done = work()
        except Exception as error:
            assert future is not None
            future.set_exception(error)
        else:
            if future is not None:
                future.set_result(done)
