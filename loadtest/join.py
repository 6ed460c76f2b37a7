"""`bench join`: joins, switches and leaves through one server process, and the same functions straight on the store."""

from collections.abc import Sequence
from typing import Any

from loadtest.caller import new_op
from loadtest.figures import Report, at_most, latencies_ms, progress, quantile
from loadtest.native import Client, Done, Planned
from loadtest.private_server import PrivateServer
from wire.codec import MSGPACK
from wire.messages import Join, Leave, Request, Switch

KINDS = ("join", "switch", "leave")
# Low load: far below what a core bears, so that nothing queues.
LOW_RATE = 100
USERS = 150
ACK_RATIO = 2.0


def _requests(experts: Sequence[str]) -> list[Request]:
    first, second = experts[:2]
    return [
        Join(id=2, op=new_op(), experts=[first]),
        Switch(id=3, op=new_op(), expert=second),
        Leave(id=4, op=new_op()),
    ]


def _rounds(experts: Sequence[str], rounds: int, ns_apart: int) -> list[Planned]:
    """Join, switch, leave by one user after another, `ns_apart`; 0: each user as fast as the answers come."""
    plan: list[Planned] = []
    for n in range(rounds):
        pair = [experts[(2 * (n % USERS)) % len(experts)], experts[(2 * (n % USERS) + 1) % len(experts)]]
        for request in _requests(pair):
            at_ns = 1 + len(plan) * ns_apart if ns_apart else 0
            plan.append(Planned(n % USERS, at_ns, MSGPACK.encode(request)))
    return plan


def _by_kind(done: Sequence[Done]) -> dict[str, list[int]]:
    """Latencies in ns of the requests that were granted, by kind."""
    times: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for i, one in enumerate(done):
        if one.tag in ("ok", "joined"):
            times[KINDS[i % 3]].append(one.answered - one.sent)
    return times


def _flat_out(server: PrivateServer, users: Client, rounds: int) -> dict[str, Any]:
    """Every user sends the next request when the last is answered: as many a second as one core gives."""
    before, store_before = server.cpu_ns(), server.store_cpu_ns()
    done = users.run(_rounds(server.experts, rounds, 0))
    took = max(one.answered for one in done) - min(one.sent for one in done)
    granted = sum(one.tag in ("ok", "joined") for one in done)
    return {
        "requests": len(done),
        "granted": granted,
        "per_s": round(granted / took * 1e9),
        "server_cpu_share": round((server.cpu_ns() - before) / took, 2),
        "store_cpu_share": round((server.store_cpu_ns() - store_before) / took, 2),
        "by_kind": {kind: latencies_ms(times) for kind, times in _by_kind(done).items()},
    }


def run(*, quick: bool) -> Report:
    """Low load for latency, flat out for throughput, and the store by itself."""
    low_rounds, calls, blocks = (150, 150, 1) if quick else (400, 400, 3)
    with PrivateServer(40) as server, server.staff("away"):
        tokens = server.tokens("user", [f"u{i}" for i in range(USERS)])
        with server.members(tokens) as users:
            users.opened().settle(500)
            progress("low load, and straight on the store, in turns")
            low: dict[str, list[int]] = {kind: [] for kind in KINDS}
            straight: dict[str, list[int]] = {}
            rates = []
            for _ in range(blocks):
                for kind, times in _by_kind(users.run(_rounds(server.experts, low_rounds, 10**9 // LOW_RATE))).items():
                    low[kind] += times
                alone = server.straight(calls, 1000 / LOW_RATE)
                rates.append(alone["per_s"])
                for kind, times in alone["times_ns"].items():
                    straight.setdefault(kind, []).extend(times)
            progress("flat out")
            flat = _flat_out(server, users, USERS * (8 if quick else 12))
    return _report(quick, low, straight, max(rates), flat)


def _report(
    quick: bool, low: dict[str, list[int]], straight: dict[str, list[int]], rate: float, flat: dict[str, Any]
) -> Report:
    report = Report("join", {"quick": quick, "flat_out": flat, "store_per_s": round(rate)}, [], [])
    report.figures["low_load"] = {kind: latencies_ms(times) for kind, times in low.items()}
    report.figures["store"] = {kind: latencies_ms(times) for kind, times in straight.items()}
    rows = []
    for kind in KINDS:
        ours, alone, full = latencies_ms(low[kind]), latencies_ms(straight[kind]), flat["by_kind"][kind]
        ratio = quantile(low[kind], 0.5) / quantile(straight[kind], 0.5)
        cells = [f"{f['p50_ms']:.3f} / {f['p99_ms']:.3f}" for f in (ours, alone, full)]
        rows.append([kind, cells[0], cells[1], f"{ratio:.2f}", cells[2]])
        report.bars.append(
            at_most(f"{kind}: acknowledgement at low load, p50", ratio, ACK_RATIO, "times the function call")
        )
    head = ["", f"ack at {LOW_RATE}/s p50 / p99 ms", "on the store p50 / p99 ms", "ratio p50", "flat out p50 / p99 ms"]
    report.tables.append(("one server process, nobody watching", head, rows))
    rates = [
        ["through the server", str(flat["per_s"]), f"{flat['server_cpu_share']:.2f}", f"{flat['store_cpu_share']:.2f}"]
    ]
    rates.append(["straight on the store, pipelined", f"{rate:.0f}", "", ""])
    report.tables.append(("flat out", ["", "requests a second", "cores: server", "cores: store"], rates))
    return report
