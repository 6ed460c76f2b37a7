"""What all sockets of a process share: the hub, the bounds, who is connected, and the sweep that keeps their time."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from server.connection import Connection, Who, member_key
from server.counts import Counts
from server.endings import Ending, Endings
from server.hub import Hub
from server.limits import Bounds, Buckets, Counted, is_own_machine
from server.origins import Gate
from wire.codes import CLOSES
from wire.messages import ClientMessage, Hello, ServerMessage, Watch, Welcome

if TYPE_CHECKING:
    from server.socket import Socket

_log = structlog.get_logger("openline.door")
SWEEP_S: Final = 1.0
# A stopping server sends its clients away over this time, so that they do not all come to its neighbour at once.
LEAVING_S: Final = 0.5

Identify = Callable[[Connection, Hello], Awaitable[Who]]


class Answers(Protocol):
    """What the door needs of `server.commands.Commands`. Each may raise Refusal and StoreUnavailable."""

    async def welcome(self, conn: Connection, hello: Hello) -> Welcome: ...
    async def watch(self, conn: Connection, watch: Watch) -> ServerMessage | None: ...
    async def handle(self, conn: Connection, message: ClientMessage) -> ServerMessage | None: ...
    async def gone(self, conn: Connection) -> None: ...
    async def resnapshot(self, conn: Connection) -> None: ...


class Door:
    """One per process and loop. `identify` turns a hello into the one who says it, or raises Refusal."""

    def __init__(
        self, hub: Hub, gate: Gate, commands: Answers, identify: Identify, bounds: Bounds | None = None
    ) -> None:
        self.hub = hub
        self.gate = gate
        self.commands = commands
        self.identify = identify
        self.bounds = bounds or Bounds()
        self.counts = Counts()
        self.sockets: dict[Socket, None] = {}
        self.stalled: dict[Socket, tuple[float, int]] = {}
        self.members = Counted(self.bounds.connections_per_member)
        self.addresses = Counted(self.bounds.connections_per_address)
        self.member_rates = Buckets(self.bounds.per_member)
        self.handshake_rates = Buckets(self.bounds.handshakes_per_address)
        self.endings = Endings()
        self.tasks: set[asyncio.Task[None]] = set()
        # uvicorn's own set: what is in it is told when the server stops, and waited for.
        self.open_sockets: set[Any] = set()
        self.stopping = False
        self.also_sweep: list[Callable[[float], None]] = []
        """What else looks at the sockets once a second; called with the loop's time."""
        self._empty = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    def enter(self, network: str) -> bool:
        """Whether one more socket may come from `network`; if so it is counted until `left`, else nowhere."""
        if self.stopping or len(self.sockets) >= self.bounds.connections:
            return False
        if is_own_machine(network):
            return True
        return not self.handshake_rates.take(network, self._loop.time()) and self.addresses.enter(network)

    def admit(self, conn: Connection, pool: str, who: Who) -> bool:
        """Sign `conn` in, unless the member holds as many connections as one may: then the newest is refused, so that
        two pages never drive each other out in turn."""
        if who.member and not self.members.enter(member_key(pool, who.role, who.member)):
            return False
        conn.sign_in(pool, who)
        return True

    def retire(self, socket: "Socket") -> None:
        """Nothing more will be answered on this socket: its member is no longer here through it."""
        self.hub.drop(socket)
        conn = socket.conn
        if conn.state == "signed_in":
            if conn.key:
                self.members.leave(conn.key)
            self.spawn(self.commands.gone(conn))
        conn.state = "closing"

    def left(self, socket: "Socket") -> None:
        """The transport is gone."""
        del self.sockets[socket]
        self.stalled.pop(socket, None)
        self.open_sockets.discard(socket)
        if not is_own_machine(socket.conn.address):
            self.addresses.leave(socket.conn.address)
        self._note_empty()

    def now(self) -> float:
        """Seconds, monotonic: the loop's clock."""
        return self._loop.time()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run `work` to its end, within the time of a command."""
        self.keep(self._bounded(work))

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end."""
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._note_empty()

    def sign_out(self, pool: str, role: str, member: str, reason: str, sign_in: str = "") -> None:
        """A sign-in ended, or all of a member ("", as when they are blocked): its sockets in this process are told and
        closed. Sockets that came with a token belong to no sign-in and end with all."""
        ending = Ending(pool, role, member, reason, sign_in)
        self.endings.note(ending, self._loop.time())
        for socket in list(self.sockets):
            conn = socket.conn
            if ending.concerns(conn.pool, conn.role, conn.member, conn.sign_in_id):
                socket.sign_out(reason)

    def send_away(self, socket: "Socket") -> None:
        """The process stops: "come again at once", at some time within `LEAVING_S`."""
        self.stopping = True
        delay = random.uniform(0, LEAVING_S)  # noqa: S311 - a spread, not a secret
        self._loop.call_later(delay, socket.close, CLOSES["server_going"])

    async def stop(self) -> None:
        """Send everybody away and wait until they are gone and what they began is done."""
        self.stopping = True
        for socket in list(self.sockets):
            self.send_away(socket)
        self._note_empty()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_S + self.bounds.close_s + SWEEP_S):
                await self._empty.wait()
        self._sweeper.cancel()

    def _note_empty(self) -> None:
        if self.stopping and not self.sockets and not self.tasks:
            self._empty.set()

    async def _bounded(self, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self.bounds.command_s):
                await work
        except Exception:
            _log.exception("background_work_failed")

    def _sweep(self) -> None:
        """Once a second: silence, pings, tokens that ended, readers that take nothing. One timer for all sockets."""
        now, now_ms = self._loop.time(), time.time_ns() // 1_000_000
        for socket in list(self.sockets):
            socket.tick(now, now_ms)
        for socket, (since, taken) in list(self.stalled.items()):
            if socket.taken() != taken:
                self.stalled[socket] = (now, socket.taken())
            elif now - since >= self.bounds.stall_s:
                socket.cut("stalled")
        self.endings.sweep(now)
        self.member_rates.sweep(now)
        self.handshake_rates.sweep(now)
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        for sweep in self.also_sweep:
            sweep(now)
