"""Who watches what, and writing one change to all of them.

Each change is encoded once per sub-protocol and the same bytes go to every watcher, a chunk of watchers per turn of the
loop. What changes meanwhile waits, merged by key, and goes out in the next round as one batch per topic. The first
change on an idle hub goes at once; then the rounds keep a distance in proportion to what writing costs: writing takes
at most half of the loop's time, and a sixth when much changes, until the distance reaches `MAX_DISTANCE_S`.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from operator import attrgetter
from typing import Final

import structlog

from server.changes import Change
from server.outbox import Sink, prepare
from wire import messages
from wire.codec import Codec
from wire.messages import ServerMessage

_log = structlog.get_logger("openline.hub")
CHUNK: Final = 500
BUSY_CHUNK: Final = 50
BUSY_POSTS: Final = 8
"""So many changes since the last round: others are at work in this loop, and are let in more often."""
CALM_SHARE: Final = 1 / 2
BUSY_SHARE: Final = 1 / 6
"""How much of the loop writing may take: little when much changes, so that more changes share a round."""
MAX_DISTANCE_S: Final = 0.1
# What a fresh snapshot brings back, so that a slow reader may miss it.
DROPPABLE: Final = (
    messages.Lights,
    messages.LineChange,
    messages.Queue,
    messages.QueueChange,
    messages.Forecast,
    messages.TypingNow,
    messages.SessionInfo,
    messages.Beat,
)


class Topic:
    """One audience: its watchers by codec, and what waits to be told to them."""

    __slots__ = ("name", "pending", "sinks", "snapshot")

    def __init__(self, name: str) -> None:
        self.name = name
        self.sinks: dict[Codec, dict[Sink, None]] = {}
        self.snapshot: list[tuple[Codec, list[Sink]]] | None = None
        self.pending: dict[str, Change] = {}

    def audience(self) -> list[tuple[Codec, list[Sink]]]:
        """The watchers as lists that stay as they are while a fan-out walks them."""
        if self.snapshot is None:
            self.snapshot = [(codec, list(sinks)) for codec, sinks in self.sinks.items()]
        return self.snapshot

    def take(self) -> list[ServerMessage]:
        changes, self.pending = list(self.pending.values()), {}
        return Change.batch(changes)


class Hub:
    """One per process and loop; every method is called on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._topics: dict[str, Topic] = {}
        self._of: dict[Sink, set[str]] = {}
        self._dirty: dict[Topic, None] = {}
        self._work: Iterator[None] | None = None
        self._timer: asyncio.Handle | None = None
        self._not_before = 0.0
        self._spent = 0.0
        self.deliveries = 0
        self.frames = 0
        self.posts = 0
        self._posts_before = 0
        self._busy = False

    def subscribe(self, sink: Sink, topic: str) -> None:
        found = self._topics.get(topic)
        if found is None:
            found = self._topics[topic] = Topic(topic)
        found.sinks.setdefault(sink.codec, {})[sink] = None
        found.snapshot = None
        self._of.setdefault(sink, set()).add(topic)

    def unsubscribe(self, sink: Sink, topic: str) -> None:
        names = self._of.get(sink)
        if names is None or topic not in names:
            return
        names.discard(topic)
        if not names:
            del self._of[sink]
        self._leave(sink, topic)

    def drop(self, sink: Sink) -> None:
        """The sink has gone: forget it everywhere."""
        for topic in self._of.pop(sink, ()):
            self._leave(sink, topic)

    def topics(self, sink: Sink) -> frozenset[str]:
        return frozenset(self._of.get(sink, ()))

    def watchers(self, topic: str) -> int:
        found = self._topics.get(topic)
        return sum(map(len, found.sinks.values())) if found else 0

    def post(self, topic: str, change: Change) -> None:
        """Tell all who watch `topic`, soon. Changes of one key are merged until they are written."""
        found = self._topics.get(topic)
        if found is None:
            return
        self.posts += 1
        earlier = found.pending.get(change.key)
        found.pending[change.key] = change if earlier is None else earlier.merge(change)
        self._dirty[found] = None
        if self._timer is None:
            wait = self._not_before - self._loop.time()
            self._timer = self._loop.call_later(wait, self._step) if wait > 0 else self._loop.call_soon(self._step)

    def send(self, sink: Sink, message: ServerMessage) -> None:
        """Tell one watcher, at once."""
        self.frames += 1
        self.deliveries += 1
        codec = sink.codec
        sink.write_frame(prepare(codec.encode(message), is_text=codec.is_text), isinstance(message, DROPPABLE))

    def _leave(self, sink: Sink, name: str) -> None:
        topic = self._topics[name]
        sinks = topic.sinks[sink.codec]
        del sinks[sink]
        topic.snapshot = None
        if not sinks:
            del topic.sinks[sink.codec]
        if not topic.sinks:
            del self._topics[name]
            self._dirty.pop(topic, None)

    def _step(self) -> None:
        """One chunk of the round that is being written; between chunks the loop serves everybody else."""
        began = time.perf_counter()
        if self._work is None:
            self._work, self._spent = self._round(), 0.0
        more = next(self._work, _DONE) is not _DONE
        self._spent += time.perf_counter() - began
        self._timer = self._loop.call_soon(self._step) if more else self._rest()

    def _rest(self) -> asyncio.Handle | None:
        """The round is written: when may the next begin?"""
        self._work = None
        share = BUSY_SHARE if self._busy else CALM_SHARE
        wait = min(MAX_DISTANCE_S, self._spent / share - self._spent)
        self._not_before = self._loop.time() + wait
        return self._loop.call_later(wait, self._step) if self._dirty else None

    def _round(self) -> Iterator[None]:
        """Write what is dirty now; what becomes dirty meanwhile belongs to the next round."""
        dirty, self._dirty = self._dirty, {}
        self._busy = self.posts - self._posts_before >= BUSY_POSTS
        self._posts_before = self.posts
        chunk = BUSY_CHUNK if self._busy else CHUNK
        room = chunk
        for topic in dirty:
            for frame, droppable, sinks in self._frames(topic):
                self.frames += 1
                start = 0
                while start < len(sinks):
                    written = write_chunk(sinks[start : start + room], frame, droppable)
                    start += written
                    room -= written
                    self.deliveries += written
                    if room <= 0:
                        yield
                        room = chunk

    def _frames(self, topic: Topic) -> list[tuple[bytes, bool, list[Sink]]]:
        """What to write to whom. A change that can't be told must not stop the fan-out of all others."""
        try:
            told = topic.take()
            return [
                (prepare(codec.encode(message), is_text=codec.is_text), isinstance(message, DROPPABLE), sinks)
                for message in told
                for codec, sinks in topic.audience()
            ]
        except Exception:
            _log.exception("change_not_told", topic=topic.name)
            return []


_DONE: Final = object()


def write_chunk(sinks: list[Sink], frame: bytes, droppable: bool, write: Callable[[int, bytes], int] = os.write) -> int:
    """Write `frame` to each of `sinks` and return how many they are.

    The one hot loop of the server, so it runs inside the interpreter's own C: a bare write(2) on each `fd`. Whoever has
    something waiting has no `fd` to write to, and drops out of the loop as an error to be handled one by one.
    """
    rest, size, done = iter(sinks), len(frame), 0
    while done < len(sinks):
        taken: list[int] = []
        error: OSError | None = None
        try:
            taken.extend(map(write, map(_FD, rest), repeat(frame)))
        except OSError as refused:
            error = refused
        if taken.count(size) != len(taken):
            for sink, written in zip(sinks[done:], taken, strict=False):
                if written != size:
                    sink.finish(frame, written)
        done += len(taken)
        if error is not None:
            _one_by_one(sinks[done], frame, droppable, error)
            done += 1
    return len(sinks)


_FD: Final = attrgetter("fd")


def _one_by_one(sink: Sink, frame: bytes, droppable: bool, error: OSError) -> None:
    if sink.fd < 0:
        sink.write_frame(frame, droppable)
    else:
        sink.finish(frame, 0 if isinstance(error, BlockingIOError | InterruptedError) else -1)
