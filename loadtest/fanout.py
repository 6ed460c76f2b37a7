"""`bench fanout`: what one change to everybody costs, beside the bare send(2) loop and other servers.

All contestants are up at once and take turns, a block of changes each, so that what else the machine does falls on all
alike. A change is finished when the last watcher has it; the next begins after that, so nothing is merged.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import Literal

from loadtest import peers
from loadtest.caller import Caller, new_op
from loadtest.figures import Bar, Report, at_most, median, progress, spread
from loadtest.native import Client, Floor
from loadtest.private_server import PrivateServer
from loadtest.process import BenchError, LineProcess, cpu_ns
from wire.messages import Declare, Ok

EXPERTS = 12
FLOOR_RATIO = 1.4
SOCKET_IO_RATIO = 0.75
DELIVERIES = 100_000


class Contestant:
    """Somebody who can send one change to all watchers (`change` returns the step it is), and what that costs."""

    def __init__(self, name: str, client: Client, change: Callable[[], int], cpu: Callable[[], int]) -> None:
        self.name = name
        self.client = client
        self.costs: list[float] = []
        self._change = change
        self._cpu = cpu

    def block(self, changes: int) -> None:
        """Seconds of server CPU for 100,000 deliveries, over `changes` changes."""
        before = self._cpu()
        for _ in range(changes):
            self.client.wait(self._change())
        deliveries = changes * self.client.connections
        self.costs.append((self._cpu() - before) / 1e9 / deliveries * DELIVERIES)


class Toggle:
    """Experts who go away and come back in turn: each declaration changes one light."""

    def __init__(self, experts: Sequence[Caller]) -> None:
        self._turns = cycle([(expert, status) for status in ("away", "online") for expert in experts])

    def __call__(self) -> int:
        expert, status = next(self._turns)
        return expert.ask(_declare(status), Ok).seq


def _declare(status: str) -> Declare:
    chosen: Literal["away", "online"] = "away" if status == "away" else "online"
    return Declare(id=0, op=new_op(), status=chosen)


class Go:
    """A peer or the floor, told "go"."""

    def __init__(self, process: LineProcess) -> None:
        self._process = process
        self._step = 0

    def __call__(self) -> int:
        self._process.ask("go")
        self._step += 1
        return self._step


@contextmanager
def openline(watchers: int) -> Iterator[tuple[Contestant, PrivateServer, int]]:
    """The server with its watchers, and the size of the frame that tells one change."""
    with PrivateServer(EXPERTS) as server, server.staff("online") as experts, server.watchers(watchers) as client:
        client.opened().settle(500)
        toggle = Toggle(experts)
        client.mark(toggle())
        frames, size = client.settle(300)
        client.wait(toggle())
        more, longer = client.settle(300)
        payload = round((longer - size) / (more - frames)) - 2
        yield Contestant("openline", client, toggle, server.cpu_ns), server, payload


def enter_floor(stack: ExitStack, watchers: int, size: int) -> Contestant:
    floor = stack.enter_context(Floor(watchers, size))
    client = stack.enter_context(Client(floor.port, watchers)).opened()
    floor.answer()
    client.mark(0)
    return Contestant("send(2)", client, Go(floor), lambda: cpu_ns([floor.pid]))


def enter_peer(stack: ExitStack, name: str, peer: peers.Peer, watchers: int) -> Contestant:
    stack.enter_context(peer)
    client = stack.enter_context(Client(peer.port, watchers, *peer.client, hellos=peer.hellos)).opened()
    client.settle(500)
    client.mark(0)
    return Contestant(name, client, Go(peer), lambda: cpu_ns([peer.pid]))


def _enter_peers(stack: ExitStack, watchers: int, size: int, store_url: str) -> list[Contestant]:
    made: dict[str, Callable[[], peers.Peer]] = {
        "ws": lambda: peers.ws(size),
        "uWebSockets": lambda: peers.uwebsockets(size),
        "Socket.IO text": lambda: peers.socketio_text(size),
        "Socket.IO binary": lambda: peers.socketio_binary(size),
        "Django Channels": lambda: peers.channels(size, store_url),
    }
    entered = []
    for name, start in made.items():
        try:
            entered.append(enter_peer(stack, name, start(), watchers))
        except BenchError as missing:
            progress(f"  without {name}: {missing}")
    return entered


def _turns(contestants: Sequence[Contestant], blocks: int, changes: int) -> None:
    for contestant in contestants:
        contestant.block(2)
        contestant.costs.clear()
    for block in range(blocks):
        for contestant in contestants:
            few = contestant.name == "Django Channels"
            contestant.block(max(1, changes // 10) if few else changes)
        progress(f"  block {block + 1} of {blocks}: " + ", ".join(f"{c.name} {c.costs[-1]:.3f}" for c in contestants))


def measure(watchers: int, blocks: int, changes: int, with_peers: bool) -> tuple[list[Contestant], int]:
    progress(f"{watchers} watchers")
    with openline(watchers) as (ours, server, size), ExitStack() as stack:
        contestants = [ours, enter_floor(stack, watchers, size)]
        if with_peers:
            contestants += _enter_peers(stack, watchers, size, server.store_url)
        _turns(contestants, blocks, changes)
    return contestants, size


def _ratio(of: Contestant, to: Contestant) -> float:
    return median([a / b for a, b in zip(of.costs, to.costs, strict=True)])


def _rows(contestants: Sequence[Contestant]) -> list[list[str]]:
    floor = contestants[1]
    return [
        [c.name, f"{median(c.costs):.3f}", f"{_ratio(c, floor):.2f}", f"± {spread(c.costs) / 2:.0%}"]
        for c in contestants
    ]


def _bars(watchers: int, contestants: Sequence[Contestant]) -> list[Bar]:
    ours, floor = contestants[:2]
    bars = [at_most(f"server CPU, {watchers} watchers", _ratio(ours, floor), FLOOR_RATIO, "times bare send")]
    for peer in contestants[2:]:
        if peer.name == "Socket.IO text":
            name = f"server CPU beside Socket.IO, {watchers} watchers"
            bars.append(at_most(name, _ratio(ours, peer), SOCKET_IO_RATIO, "times Socket.IO text"))
    return bars


def run(*, quick: bool, with_peers: bool) -> Report:
    """Alternating blocks at 1,000 and 5,000 watchers. `quick`: fewer and shorter blocks."""
    report = Report("fanout", {"quick": quick, "sizes": {}}, [], [])
    for watchers in (1000, 5000):
        blocks, changes = (3, 30_000 // watchers) if quick else (9, 200_000 // watchers)
        contestants, size = measure(watchers, blocks, changes, with_peers)
        report.figures["sizes"][str(watchers)] = {
            "frame_bytes": size,
            "cpu_s_per_100k": {c.name: [round(cost, 4) for cost in c.costs] for c in contestants},
        }
        title = f"{watchers} watchers, frames of {size} bytes, {blocks} alternating blocks of {changes} changes"
        head = ["server", "CPU s per 100,000 deliveries", "times bare send", "run to run"]
        report.tables.append((title, head, _rows(contestants)))
        report.bars += _bars(watchers, contestants)
    return report
