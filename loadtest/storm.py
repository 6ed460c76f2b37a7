"""`bench storm`: users join at a steady rate before a crowd of watchers, through the whole server.

Every joiner has a connection of their own and joins once, on a schedule that does not wait for answers. A watcher has
a join when it has a frame whose journal id is at least the join's. At the end every watcher's lights, rebuilt from
every frame it got, must be the truth that a newcomer is told.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from loadtest.caller import Caller, new_op
from loadtest.fanout import DELIVERIES, Contestant, enter_floor
from loadtest.figures import Report, at_most, latencies_ms, median, progress
from loadtest.native import Client, Done, Planned
from loadtest.private_server import PrivateServer
from loadtest.process import BenchError
from wire.codec import MSGPACK
from wire.messages import Join, Light, Lights, Snapshot, Watch

WATCHERS = 1000
# An away expert's line may be joined and nobody is matched, so that only joins are measured. 100 places each.
EXPERTS = 40
RATES = (20, 100, 400)
FRAME_BYTES = 116
FLOOR_CHANGES = 20
CPU_RATIO = 0.4
ACK_P99_MS = 10.0


class Phase:
    """What one rate brought."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.done: list[Done] = []
        self.cpu_ns = 0
        self.store_cpu_ns = 0
        self.behind: list[int] = []
        self.missing = 0
        self.frames = 0
        self.floor: list[float] = []

    def floor_ratio(self) -> float:
        """CPU per logical update and watcher, over that of the bare send."""
        ours = self.cpu_ns / 1e9 / (len(self.done) * WATCHERS) * DELIVERIES
        return ours / median(self.floor)

    def figures(self) -> dict[str, Any]:
        return {
            "joins": len(self.done),
            "ack": latencies_ms([done.answered - done.sent for done in self.done if done.answered]),
            "last_watcher": latencies_ms(self.behind),
            "cpu_ms_per_join": round(self.cpu_ns / 1e6 / len(self.done), 3),
            "store_cpu_ms_per_join": round(self.store_cpu_ns / 1e6 / len(self.done), 3),
            "cpu_per_update_and_watcher_x_send": round(self.floor_ratio(), 3),
            "frames_per_watcher": round(self.frames / WATCHERS, 1),
            "not_answered_joined": sum(done.tag != "joined" for done in self.done),
            "not_at_every_watcher": self.missing,
        }


def _plan(rate: int, first: int, count: int, experts: Sequence[str]) -> list[Planned]:
    frames = [
        MSGPACK.encode(Join(id=2, op=new_op(), experts=[experts[(first + i) % len(experts)]])) for i in range(count)
    ]
    return [Planned(first + i, 1 + i * 1_000_000_000 // rate, frame) for i, frame in enumerate(frames)]


def _phase(
    server: PrivateServer, watchers: Client, users: Client, floor: Contestant, plan: list[Planned], rate: int
) -> Phase:
    phase = Phase(rate)
    floor.block(FLOOR_CHANGES)
    frames, _ = watchers.settle(300)
    before, store_before = server.cpu_ns(), server.store_cpu_ns()
    phase.done = users.run(plan)
    later, _ = watchers.settle(300)
    phase.cpu_ns, phase.store_cpu_ns = server.cpu_ns() - before, server.store_cpu_ns() - store_before
    phase.frames = later - frames
    floor.block(FLOOR_CHANGES)
    phase.floor = floor.costs[-2:]
    times = watchers.times()
    for done in phase.done:
        count, _, last = times.get(done.seq, (0, 0, 0))
        phase.missing += count != WATCHERS
        if count == WATCHERS and done.tag == "joined":
            phase.behind.append(last - done.sent)
    return phase


def lights_of(frames: Sequence[bytes], story: Sequence[int], decoded: dict[int, Any]) -> dict[str, Light]:
    """The lights that a page shows that got these frames (`story`, by index), in this order."""
    lights: dict[str, Light] = {}
    for index in story:
        if index not in decoded:
            decoded[index] = MSGPACK.decode_server(frames[index])
        message = decoded[index]
        if isinstance(message, Snapshot):
            lights = {light.expert: light for light in message.lights}
        elif isinstance(message, Lights):
            lights |= {light.expert: light for light in message.lights}
    return lights


def _truth(guest: Caller) -> dict[str, Light]:
    """What a newcomer is told: the lights of the snapshot for the whole pool."""
    guest.send(guest.number(Watch(id=0, all=True)))
    while True:
        lights = guest.until(Snapshot).lights
        if lights:
            return {light.expert: light for light in lights}


def wrong_watchers(watchers: Client, truth: dict[str, Light]) -> int:
    """How many watchers show anything else than `truth`."""
    frames, stories = watchers.dump()
    decoded: dict[int, Any] = {}
    return sum(count for story, count in stories.items() if lights_of(frames, story, decoded) != truth)


def _rows(phases: Sequence[Phase]) -> list[list[str]]:
    rows = []
    for phase in phases:
        f = phase.figures()
        ack, last = f["ack"], f["last_watcher"]
        rows.append(
            [
                str(phase.rate), str(f["joins"]), f"{ack['p50_ms']:.2f} / {ack['p99_ms']:.2f}",
                f"{last['p50_ms']:.2f} / {last['p99_ms']:.2f}", f"{f['cpu_ms_per_join']:.3f}",
                f"{f['store_cpu_ms_per_join']:.3f}", f"{f['cpu_per_update_and_watcher_x_send']:.2f}",
                f"{f['frames_per_watcher']:.0f}",
            ]
        )  # fmt: skip
    return rows


def run(*, quick: bool) -> Report:
    """20, 100 and 400 joins a second before 1,000 watchers."""
    counts = [rate * (3 if quick else 7) for rate in RATES]
    with PrivateServer(EXPERTS) as server, server.staff("away"), ExitStack() as stack:
        progress(f"{WATCHERS} watchers, {sum(counts)} users")
        watchers = stack.enter_context(server.watchers(WATCHERS, "--record")).opened()
        names = [f"u{i}" for i in range(sum(counts))]
        users = stack.enter_context(server.members(server.tokens("user", names))).opened()
        floor = enter_floor(stack, WATCHERS, FRAME_BYTES)
        users.settle(500)
        watchers.settle(500)
        watchers.mark(0)
        phases: list[Phase] = []
        for rate, count in zip(RATES, counts, strict=True):
            first = sum(len(phase.done) for phase in phases)
            phases.append(_phase(server, watchers, users, floor, _plan(rate, first, count, server.experts), rate))
            progress(f"  {rate} a second: {phases[-1].figures()}")
        with server.caller() as guest:
            truth = _truth(guest)
        wrong = wrong_watchers(watchers, truth)
    return _report(quick, phases, truth, wrong)


def _report(quick: bool, phases: Sequence[Phase], truth: dict[str, Light], wrong: int) -> Report:
    joined = sum(done.tag == "joined" for phase in phases for done in phase.done)
    waiting = sum(light.waiting for light in truth.values())
    if not joined:
        raise BenchError(f"no join was answered: {phases[0].done[:3]}")
    lost = abs(joined - waiting) + sum(phase.missing for phase in phases)
    worst = phases[-1].figures()
    report = Report("storm", {"quick": quick, "rates": {str(p.rate): p.figures() for p in phases}}, [], [])
    report.figures |= {"joined": joined, "waiting_in_truth": waiting, "watchers_with_another_truth": wrong}
    head = ["joins/s", "joins", "ack p50 / p99 ms", "last watcher p50 / p99 ms", "CPU ms/join", "store ms/join"]
    head += ["times bare send", "frames/watcher"]
    report.tables.append((f"joins before {WATCHERS} watchers", head, _rows(phases)))
    refused = sum(done.tag != "joined" for phase in phases for done in phase.done)
    report.bars = [
        at_most("joins lost, refused or not at every watcher", lost + refused, 0, "joins"),
        at_most("watchers whose final state differs from the truth", wrong, 0, "watchers"),
        at_most("acknowledgement p99 at 400 a second", worst["ack"]["p99_ms"], ACK_P99_MS, "ms"),
        at_most(
            "CPU per logical update and watcher at 400 a second", phases[-1].floor_ratio(), CPU_RATIO, "times bare send"
        ),
    ]
    return report
