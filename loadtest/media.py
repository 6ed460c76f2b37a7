"""`bench media`: what a media worker bears, beside aiortc's MediaRelay and a bare UDP relay in C.

All contestants are up at once on one core and take turns; the callers are on another core. The worker is one of a whole
server's, and its calls came about as all calls do: connect, accept, offer, ICE, DTLS.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psutil
from msgspec import Struct, field, to_builtins

from loadtest import peers
from loadtest.figures import Bar, Report, at_most, latencies_ms, median, progress, quantile, spread
from loadtest.media_calls import MediaClient, Pair, first_audio_ns, hang_up, make_and_end, pairs_of, set_up
from loadtest.private_server import PrivateServer
from loadtest.process import BenchError, LineProcess, rss_bytes

Table = tuple[str, list[str], list[list[str]]]
CAPACITY: Final = 400
"""Sessions that the worker takes: more than are made, so that none is refused."""
RELAYED: Final = 3
"""Calls of MediaRelay: with about a sixth of a core each, they load it as a hundred of ours do."""
OPUS_PACKETS: Final = 50
SETTLED_S, STAYS_S = 30.0, 2.0
LEAST_HEARD: Final = 0.95
RELAY_RATIO: Final = 1 / 40
DELAY_P50_MS, DELAY_P99_MS = 1.0, 15.0
FIRST_AUDIO_S: Final = 1.0
LEFT_KB: Final = 10.0


class Plan(Struct, frozen=True):
    """How much is done."""

    calls: int
    blocks: int
    seconds: float
    first_audio: int
    ended: int


FULL: Final = Plan(calls=100, blocks=5, seconds=5.0, first_audio=30, ended=1000)
QUICK: Final = Plan(calls=20, blocks=1, seconds=2.0, first_audio=6, ended=40)


class Contestant(Struct):
    """Somebody who carries calls: between which legs, and in which process. `tagged`: its packets come out as they
    went in, so that each can be known again."""

    name: str
    pid: int
    pairs: list[list[int]]
    tagged: bool = True
    shares: list[float] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def block(self, client: MediaClient, seconds: float) -> None:
        """Sound for so many seconds. Raises BenchError when too much of it is lost."""
        run = client.do("run", pairs=self.pairs, seconds=seconds, tagged=self.tagged, carrier=self.pid)
        self.shares.append(run["cpu_ns"] / 1e9 / run["seconds"] / len(self.pairs))
        self.runs.append(run)
        if run["heard"] < LEAST_HEARD * run["sent"]:
            found = f"{run['heard']} of {run['sent']} packets arrived, {run['deaf']} legs heard nothing"
            raise BenchError(f"{self.name}: {found}")

    def delays(self) -> list[int]:
        return [delay for run in self.runs for delay in run["delays_ns"]]

    def figures(self) -> dict[str, Any]:
        sent, heard = (sum(run[what] for run in self.runs) for what in ("sent", "heard"))
        return {
            "calls": len(self.pairs),
            "cpu_per_call": round(median(self.shares), 6),
            "calls_per_core": round(1 / median(self.shares), 1),
            "spread": round(spread(self.shares), 3),
            "sent": sent,
            "heard": heard,
            "delay": latencies_ms(self.delays()),
        }


class Worker:
    """What the media worker's process holds."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)

    def files(self) -> int:
        return int(self._process.num_fds())

    def ports(self) -> int:
        return len(self._process.net_connections("udp"))

    def threads(self) -> int:
        return int(self._process.num_threads())

    def rss(self) -> int:
        return rss_bytes(self.pid)

    def settled(self) -> int:
        """How many files it has open, once that number stays. Raises BenchError when it doesn't."""
        until, files, since = time.monotonic() + SETTLED_S, self.files(), time.monotonic()
        while time.monotonic() - since < STAYS_S:
            if time.monotonic() > until:
                raise BenchError(f"the worker's open files never stay: {files} now")
            time.sleep(0.1)
            if (now := self.files()) != files:
                files, since = now, time.monotonic()
        return files


def _first_audio(client: MediaClient, pairs: Sequence[Pair], count: int) -> list[int]:
    """One call after the other; the very first, which loads what is loaded once, does not count."""
    return [first_audio_ns(client, pairs[n % len(pairs)]) for n in range(count + 1)][1:]


def _relayed(client: MediaClient, peer: LineProcess) -> Contestant:
    """Calls through aiortc's MediaRelay."""
    pairs = []
    for _ in range(RELAYED):
        offers = client.do("offers", count=2)
        answers = peer.ask_json({"offers": [sdp for _, sdp in offers]})
        pairs.append([leg for leg, _ in offers])
        client.connect(list(zip(pairs[-1], answers, strict=True)))
    return Contestant("aiortc's MediaRelay", peer.pid, pairs, tagged=False)


def _bare(client: MediaClient, relay: LineProcess) -> Contestant:
    """Calls through the relay in C."""
    legs = client.do("plain", ports=[int(port) for port in relay.answer()[1:]])
    return Contestant("bare UDP relay in C", relay.pid, _two_by_two(legs))


def _two_by_two(legs: Sequence[int]) -> list[list[int]]:
    return [[*each] for each in zip(legs[::2], legs[1::2], strict=True)]


@contextmanager
def _beside(client: MediaClient, calls: int) -> Iterator[list[Contestant]]:
    """Those that the worker is measured beside."""
    with peers.media_relay() as peer, peers.udp_relay(calls) as relay:
        client.do("opus", packets=peer.ask_json({"opus": OPUS_PACKETS}))
        yield [_bare(client, relay), _relayed(client, peer)]


def _turns(client: MediaClient, contestants: Sequence[Contestant], plan: Plan) -> None:
    for block in range(plan.blocks):
        for each in contestants:
            each.block(client, plan.seconds)
        shares = ", ".join(f"{each.name} {each.shares[-1]:.2%}" for each in contestants)
        progress(f"  block {block + 1} of {plan.blocks}, of a core per call: {shares}")


def _side_by_side(
    client: MediaClient, pairs: Sequence[Pair], worker: Worker, plan: Plan
) -> tuple[list[Contestant], float]:
    """The contestants after their turns, and KiB of the worker for each call that is up."""
    progress(f"{len(pairs)} calls")
    before = worker.rss()
    calls = set_up(client, pairs)
    each_kb = (worker.rss() - before) / len(calls) / 1024
    with _beside(client, len(calls)) as others:
        contestants = [Contestant("openline", worker.pid, [call.legs for call in calls]), *others]
        _turns(client, contestants, plan)
    hang_up(client, calls)
    return contestants, each_kb


class Left(Struct):
    """What ended calls left behind in the worker."""

    calls: int
    kb_each: float
    ports: int
    files: int
    threads: int


def _left_behind(client: MediaClient, pairs: Sequence[Pair], worker: Worker, calls: int) -> Left:
    """Calls made and ended, many of them early. The first of them count as the worker's own growing."""
    make_and_end(client, pairs)
    files, ports, threads, rss, made = worker.settled(), worker.ports(), worker.threads(), worker.rss(), 0
    while made < calls:
        made += make_and_end(client, pairs)
        progress(f"  {made} calls made and ended: {worker.rss() / 2**20:.1f} MiB, {worker.files()} files")
    more_files = worker.settled() - files
    left_kb = (worker.rss() - rss) / made / 1024
    return Left(made, left_kb, worker.ports() - ports, more_files, worker.threads() - threads)


def run(*, quick: bool) -> Report:
    """Everything on one server. `quick`: fewer calls, and one short turn each."""
    plan = QUICK if quick else FULL
    with PrivateServer(plan.calls, media=CAPACITY) as server, MediaClient() as client, pairs_of(server) as pairs:
        worker = Worker(server.media_pid)
        progress(f"{plan.first_audio} calls, one after the other")
        first = _first_audio(client, pairs, plan.first_audio)
        contestants, up_kb = _side_by_side(client, pairs, worker, plan)
        progress(f"{plan.ended} calls made and ended")
        left = _left_behind(client, pairs, worker, plan.ended)
    return _report(quick, first, contestants, up_kb, left)


def _report(quick: bool, first: Sequence[int], contestants: Sequence[Contestant], up_kb: float, left: Left) -> Report:
    ours, bare, relayed = contestants
    runs = [run for each in (ours, bare) for run in each.runs]
    report = Report("media", {"quick": quick}, [], [])
    report.figures |= {
        "contestants": {each.name: each.figures() for each in contestants},
        "first_audio": latencies_ms(first) | {"p95_ms": round(quantile(first, 0.95) / 1e6, 3)},
        "kb_per_call": round(up_kb, 1),
        "left": to_builtins(left),
        "client": {
            "late_p99_ms": max(run["late_p99_ms"] for run in runs),
            "share": max(run["client_share"] for run in runs),
        },
    }
    report.tables = [_carried(contestants), _spoken(report.figures), _held(up_kb, left)]
    report.bars = [
        at_most("CPU per call", _ratio(ours, relayed), RELAY_RATIO, "times aiortc's MediaRelay"),
        *_delay_bars(ours, bare),
        at_most("accept to first audio, p95", quantile(first, 0.95) / 1e9, FIRST_AUDIO_S, "s"),
        at_most(f"memory left per ended call, {left.calls} calls", max(0.0, left.kb_each), LEFT_KB, "KiB"),
        at_most(f"UDP ports left, {left.calls} calls", left.ports, 0, "ports"),
    ]
    return report


def _ratio(of: Contestant, to: Contestant) -> float:
    return median([a / b for a, b in zip(of.shares, to.shares, strict=True)])


def _delay_bars(ours: Contestant, bare: Contestant) -> list[Bar]:
    """What the worker adds to the way through the kernel, twice, and a process that is woken."""
    calls, bars = len(ours.pairs), []
    for q, bar in ((0.5, DELAY_P50_MS), (0.99, DELAY_P99_MS)):
        added = (quantile(ours.delays(), q) - quantile(bare.delays(), q)) / 1e6
        bars.append(at_most(f"delay added at {calls} calls, p{q * 100:.0f}", added, bar, "ms"))
    return bars


def _carried(contestants: Sequence[Contestant]) -> Table:
    rows = []
    for each in contestants:
        found = each.figures()
        delay = f"{found['delay']['p50_ms']:.2f} / {found['delay']['p99_ms']:.2f}" if each.tagged else ""
        times = f"{_ratio(each, contestants[0]):.2f}"
        rows.append(
            [
                each.name, str(found["calls"]), f"{found['cpu_per_call']:.3%}", f"{found['calls_per_core']:.0f}", times,
                f"± {found['spread'] / 2:.0%}", delay, str(found["sent"] - found["heard"]),
            ]
        )  # fmt: skip
    head = ["", "calls", "of a core per call", "calls per core", "times openline's CPU", "run to run"]
    head += ["one-way delay p50 / p99 ms", "lost"]
    return "forwarding, 50 packets of 80 bytes a second each way", head, rows


def _spoken(figures: dict[str, Any]) -> Table:
    first, client = figures["first_audio"], figures["client"]
    cells = [f"{first[name]:.0f}" for name in ("n", "p50_ms", "p95_ms", "max_ms")]
    cells += [f"{client['share']:.0%}", f"{client['late_p99_ms']:.2f}"]
    head = ["calls", "p50 ms", "p95 ms", "max ms", "the callers' own CPU", "and lateness p99 ms"]
    return "from the expert's yes until both have heard each other", head, [cells]


def _held(up_kb: float, left: Left) -> Table:
    cells = [f"{up_kb:.1f}", str(left.calls), f"{left.kb_each:.2f}"]
    cells += [str(count) for count in (left.ports, left.files, left.threads)]
    head = ["KiB per call that is up", "calls ended", "KiB left of each", "ports left", "files left", "threads left"]
    return "the worker's memory", head, [cells]
