"""The live store: one atomic function call per command, pipelined by itself.

Calls made in one turn of the event loop go out as one pipeline per node. The client never repeats a call by itself;
a call that carries an operation id is repeated here, because the store answers the repeat with the first answer.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

import msgspec
import redis.exceptions
from redis.asyncio import Redis

from ground import keys
from ground.errors import Refusal, StoreUnavailable
from ground.functions import library
from ground.topology import Topology, topology

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(dict[str, Any]).decode
PIPELINE_MAX = 256
WAITING_MAX = 20_000
CALL_DEADLINE_S = 5.0
FIRST_PAUSE_S = 0.05
LOST = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError, asyncio.TimeoutError)
_MOVED = (redis.exceptions.MovedError, redis.exceptions.ReadOnlyError, redis.exceptions.ClusterDownError)


class _Call(NamedTuple):
    pool: str
    command: tuple[Any, ...]
    future: "asyncio.Future[Any]"


class Store:
    """A connection to the live store. Open it with `await Store.open(url)`, close it with `await close()`."""

    def __init__(self, nodes: Topology, url: str) -> None:
        self.nodes = nodes
        self.url = url
        self._library = library()
        self._names = {name: self._library.function(name) for name in self._library.headers}
        self._args = {name: header.args for name, header in self._library.headers.items()}
        self._waiting: list[_Call] = []
        self._writers: set[asyncio.Task[None]] = set()
        self._loading = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Connect and load the functions. Addresses as in `ground.topology.topology`.

        Raises StoreUnavailable when nobody answers, ValueError for an address of another kind.
        """
        store = cls(topology(url), url)
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                await store.load()
        except LOST as e:
            await store.close()
            raise StoreUnavailable(_words(e)) from e
        return store

    async def load(self) -> None:
        """Load this release's functions on every primary; other releases' libraries stay."""
        async with self._loading:
            for node in await self.nodes.primaries():
                try:
                    await node.function_load(self._library.source)
                except redis.exceptions.ResponseError as e:
                    if "already exists" not in str(e):
                        raise

    async def close(self) -> None:
        """Close all connections; calls under way are abandoned with StoreUnavailable."""
        for task in list(self._writers):
            task.cancel()
        await self.nodes.aclose()

    async def ping(self) -> None:
        """Ask every primary for a sign of life. Raises StoreUnavailable when one does not answer within 5 s."""
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                for node in await self.nodes.primaries():
                    await cast(Any, node.ping())
        except LOST as e:
            raise StoreUnavailable(_words(e)) from e

    async def call(
        self, function: str, pool: str, args: dict[str, Any] | None = None, *, op: str = "", who: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Call a server-side function for one pool and return its answer.

        `op` is the operation id of the member `who`: a repeat gets the first answer, so such a call is repeated here
        while the store is away, for at most 5 s. `now` is the time in milliseconds, 0 for the store's own.
        Raises Refusal (nothing changed), StoreUnavailable (unknown: repeat with the same op), TypeError when the
        arguments differ from the function's header.
        """
        args = args or {}
        if args.keys() != self._args[function]:
            raise TypeError(f"{function} takes {sorted(self._args[function])}, not {sorted(args)}")
        key = f"{who}|{op}" if op else ""
        command = ("FCALL", self._names[function], 1, keys.prefix(pool), now, key, _pack(args))
        answer = _unpack(await (self._send_patiently(pool, command) if op else self._send(pool, command)))
        if "refused" in answer:
            raise Refusal(answer["refused"], answer["detail"])
        return answer

    async def _send_patiently(self, pool: str, command: tuple[Any, ...]) -> bytes:
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + CALL_DEADLINE_S, FIRST_PAUSE_S
        while True:
            try:
                return await self._send(pool, command)
            except StoreUnavailable:
                if loop.time() + pause > until:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def _send(self, pool: str, command: tuple[Any, ...]) -> bytes:
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable("too many calls are waiting")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Call(pool, command, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        return cast(bytes, await future)

    def _flush(self) -> None:
        calls, self._waiting = self._waiting, []
        for node, batch in self._by_node(calls):
            for start in range(0, len(batch), PIPELINE_MAX):
                self._start(self._write(node, batch[start : start + PIPELINE_MAX]))

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._writers.add(task)
        task.add_done_callback(self._writers.discard)

    async def _write(self, node: Redis, calls: list[_Call], again: bool = True) -> None:
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                answers = await _execute(node, [call.command for call in calls])
        except asyncio.CancelledError:
            answers = [StoreUnavailable("closed")] * len(calls)
        except Exception as e:
            answers = [e] * len(calls)
        except BaseException as e:  # whatever stops this task, nobody waits for ever
            for call in calls:
                _give_up(call.future, e)
            raise
        repeat = [call for call, answer in zip(calls, answers, strict=True) if again and _not_executed(answer)]
        for call, answer in zip(calls, answers, strict=True):
            if not (again and _not_executed(answer)) and not call.future.done():
                _settle(call.future, answer)
        if repeat:
            await self._after_a_change(repeat)

    async def _after_a_change(self, calls: list[_Call]) -> None:
        """The slot moved, the primary changed or the functions are gone; none of these calls took effect."""
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                await self.nodes.refresh()
                await self.load()
        except Exception as e:
            for call in calls:
                _give_up(call.future, e)
            return
        for node, batch in self._by_node(calls):
            await self._write(node, batch, again=False)

    def _by_node(self, calls: list[_Call]) -> Iterable[tuple[Redis, list[_Call]]]:
        batches: dict[Redis, list[_Call]] = {}
        for call in calls:
            batches.setdefault(self.nodes.node(call.pool), []).append(call)
        return batches.items()


async def _execute(node: Redis, commands: list[tuple[Any, ...]]) -> list[Any]:
    if len(commands) == 1:
        try:
            return [await node.execute_command(*commands[0])]
        except redis.exceptions.ResponseError as e:
            return [e]
    pipe: Any = node.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    return cast(list[Any], await pipe.execute(raise_on_error=False))


def _not_executed(answer: Any) -> bool:
    if isinstance(answer, _MOVED):
        return True
    return isinstance(answer, redis.exceptions.ResponseError) and "Function not found" in str(answer)


def _words(e: BaseException) -> str:
    return str(e) or type(e).__name__


def _give_up(future: "asyncio.Future[Any]", why: BaseException) -> None:
    if not future.done():
        future.set_exception(StoreUnavailable(_words(why)))


def _settle(future: "asyncio.Future[Any]", answer: Any) -> None:
    if isinstance(answer, (*LOST, *_MOVED, redis.exceptions.BusyLoadingError)):
        future.set_exception(StoreUnavailable(_words(answer)))
    elif isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
