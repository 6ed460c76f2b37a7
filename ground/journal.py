"""The journal: what happened in a pool, in order, once.

Live entries come over the pool's sharded channel; a gap is filled from the stream; a different history is a lost epoch.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import redis.exceptions

from ground import keys
from ground.errors import StoreUnavailable
from ground.store import LOST, Store

QUIET_S = 2.0
PAUSE_S, PAUSE_MAX_S = 0.05, 2.0
PAGE = 500
PROOF = 64  # entries remembered; a restored backup shows itself by the first id that comes twice


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One journal entry: what one command changed.

    `seq` is contiguous; 0 for whispers and for a sign of life (no events: the store confirmed at `at`, its own clock,
    that nothing is missing). `events` are packed maps, each with its kind in `k`.
    """

    epoch: str
    seq: int
    at: int
    events: list[msgspec.Raw]


class EpochLost(Exception):
    """The history that was followed is not the store's: take a fresh snapshot and follow that."""

    def __init__(self, epoch: str) -> None:
        super().__init__(epoch)
        self.epoch = epoch


_decode = msgspec.msgpack.Decoder(Entry).decode


class _Position:
    """How far a follower has come, with its latest entries as proof of which history that was."""

    def __init__(self, epoch: str, seq: int) -> None:
        self.epoch = epoch
        self.seq = seq
        self._recent: dict[int, bytes] = {}

    def move(self, seq: int, raw: bytes) -> None:
        """One entry further."""
        self.seq = seq
        self._recent[seq] = raw
        self._recent.pop(seq - PROOF, None)

    def contradicts(self, seq: int, raw: bytes) -> bool:
        """True when entry `seq` was another when we read it: a backup was restored under its old epoch."""
        return self._recent.get(seq, raw) != raw


class Journal:
    """Reads the journals of the store's pools."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tail(self, pool: str) -> tuple[str, int]:
        """Epoch and id of the last entry. Raises StoreUnavailable."""
        answer = await self._store.call("tail", pool)
        return answer["epoch"], answer["tail"]

    async def renew_epoch(self, pool: str, epoch: str) -> str:
        """Declare that the history of `epoch` is lost; returns the epoch now in force. Raises StoreUnavailable."""
        answer: str = (await self._store.call("renew_epoch", pool, {"epoch": epoch}))["epoch"]
        return answer

    async def read(self, pool: str, after: int, limit: int = PAGE) -> list[Entry]:
        """Up to `limit` entries after the id `after`, oldest first. Raises StoreUnavailable."""
        return [_decode(raw) for _, raw in await self._raw(pool, after, limit)]

    async def _raw(self, pool: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        node: Any = self._store.nodes.node(pool)
        try:
            async with asyncio.timeout(5):
                rows = await node.xrange(keys.key(pool, "journal"), f"({after}-0", "+", count=limit)
        except (*LOST, redis.exceptions.RedisError) as e:
            raise StoreUnavailable(str(e) or type(e).__name__) from e
        return [(int(row[0].split(b"-")[0]), row[1][b"e"]) for row in rows]

    async def trim(self, pool: str, upto: int, keep: int) -> int:
        """Drop entries up to `upto` but never the last `keep`. Returns how many went. Raises StoreUnavailable."""
        trimmed: int = (await self._store.call("trim", pool, {"upto": upto, "keep": keep}))["trimmed"]
        return trimmed

    async def follow(self, pool: str, after: tuple[str, int]) -> AsyncIterator[Entry]:
        """All entries after (epoch, seq), without gap or repeat, for ever; whispers and signs of life between them.

        A lost connection is mended here. Raises EpochLost.
        """
        position, pause = _Position(*after), PAUSE_S
        while True:
            try:
                async for entry in self._follow_connected(pool, position):
                    yield entry
                    pause = PAUSE_S
            except (*LOST, redis.exceptions.RedisError, StoreUnavailable):
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MAX_S)
                await self._refresh()

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self._store.nodes.refresh()
        except (*LOST, redis.exceptions.RedisError):
            return

    async def _follow_connected(self, pool: str, position: _Position) -> AsyncIterator[Entry]:
        channel = keys.key(pool, "live")
        node: Any = self._store.nodes.listener(pool)
        pubsub = node.pubsub(ignore_subscribe_messages=True)
        try:
            async with asyncio.timeout(5):
                await pubsub.ssubscribe(channel)
            await self._check_history(pool, position)
            async for entry in self._missed(pool, position):
                yield entry
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=QUIET_S)
                async for entry in self._take(pool, position, message):
                    yield entry
        finally:
            await pubsub.aclose()

    async def _take(self, pool: str, position: _Position, message: dict[str, Any] | None) -> AsyncIterator[Entry]:
        if message is None:
            async for entry in self._sign_of_life(pool, position):
                yield entry
            return
        if message["type"] not in ("smessage", b"smessage"):
            return
        raw = message["data"]
        entry = _decode(raw)
        if entry.epoch != position.epoch:
            raise EpochLost(entry.epoch)
        if entry.seq == 0:
            yield entry
            return
        if position.contradicts(entry.seq, raw):
            raise EpochLost(await self.renew_epoch(pool, position.epoch))
        if entry.seq > position.seq + 1:
            async for missed in self._missed(pool, position):
                yield missed
        elif entry.seq == position.seq + 1:
            position.move(entry.seq, raw)
            yield entry

    async def _sign_of_life(self, pool: str, position: _Position) -> AsyncIterator[Entry]:
        answer = await self._store.call("tail", pool)
        if answer["epoch"] != position.epoch:
            raise EpochLost(answer["epoch"])
        if answer["tail"] > position.seq:
            async for entry in self._missed(pool, position):
                yield entry
        yield Entry(position.epoch, 0, answer["at"], [])

    async def _missed(self, pool: str, position: _Position) -> AsyncIterator[Entry]:
        """What the stream has after the position, a page at a time."""
        while rows := await self._raw(pool, position.seq, PAGE):
            for seq, raw in rows:
                if seq != position.seq + 1:
                    # Trimmed before we read it: only a fresh snapshot helps.
                    raise EpochLost(position.epoch)
                position.move(seq, raw)
                yield _decode(raw)

    async def _check_history(self, pool: str, position: _Position) -> None:
        """After a lost connection: is it still the history we know? A restored backup may have the same epoch."""
        epoch, tail = await self.tail(pool)
        if epoch != position.epoch:
            raise EpochLost(epoch)
        rows = await self._raw(pool, position.seq - 1, 1) if position.seq else []
        if tail < position.seq or any(position.contradicts(*row) for row in rows):
            raise EpochLost(await self.renew_epoch(pool, position.epoch))
