"""The worker process of the embedded telephone: `python -m sessions.phone.embedded.process FD`.

It holds the one baresip there can be in a process, and ends with its engine: the socket closes, and the kernel is asked
to end it when its parent is gone. What dies in here takes its calls along and nothing else.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any, Final

from baresip import BaresipError

from sessions.phone.embedded.link import (
    ORDERS,
    Alive,
    Dial,
    Down,
    HangUp,
    Join,
    Link,
    Order,
    Play,
    Ready,
    Start,
)
from sessions.phone.embedded.stack import Stack

TICK_S: Final = 0.01
"""Half a frame: what arrives waits 5 ms on average."""
ALIVE_S: Final = 1.0
CLOSE_S: Final = 2.0
DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class Worker:
    """The process's one task: orders to the stack, sound and news to the engine."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self._link = Link(ORDERS, self._told, self._over.set)
        self._stack: Stack | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, sock: socket.socket) -> None:
        """Until the engine is gone or the stack is."""
        await asyncio.get_running_loop().create_connection(lambda: self._link, sock=sock)
        ticking = asyncio.create_task(self._tick())
        await self._over.wait()
        ticking.cancel()
        if self._stack:
            with contextlib.suppress(BaresipError, TimeoutError):
                await asyncio.wait_for(self._stack.close(), CLOSE_S)

    def _told(self, order: Order) -> None:
        stack = self._stack
        match order:
            case Start() if stack is None:
                self._stack = Stack(order.trunk, self._link.send, self._over.set)
                self._do(self._start())
            case Dial() if stack:
                self._do(stack.dial(order.call, order.address, order.caller))
            case HangUp() if stack:
                self._do(stack.hang_up(order.call))
            case Join() if stack:
                stack.join(order.one, order.other)
            case Play() if stack:
                stack.play(order.at, order.sound)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self._over.set()  # what nobody foresaw: a fresh process is better than a half-broken one

    async def _start(self) -> None:
        assert self._stack
        try:
            await self._stack.start()
        except BaresipError as why:
            self._link.send(Down(f"{type(why).__name__}: {why}"[:200]))
            self._over.set()
        else:
            self._link.send(Ready())

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        next_alive = due = loop.time()
        while True:
            now = loop.time()
            if now >= next_alive:
                next_alive = now + ALIVE_S
                self._link.send(Alive())
            heard = self._stack.tick(now) if self._stack else None
            if heard:
                self._link.send_sound(heard)
            due = max(due + (TICK_S * 5 if self._stack is None or self._stack.idle else TICK_S), now)
            await asyncio.sleep(due - loop.time())


def main() -> None:
    """Serve the engine at the other end of the socket that was handed down."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us in order
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    with socket.socket(fileno=int(sys.argv[1])) as sock:
        sock.setblocking(False)
        asyncio.run(Worker().run(sock))
    os._exit(0)  # the stack's threads are not waited for


if __name__ == "__main__":
    main()
