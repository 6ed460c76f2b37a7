"""`bench match`: from "the expert goes free" until both sides are told of the offer.

An expert who is away has one user waiting; the expert comes back. The clock runs from the write of that declaration
to the arrival of the later of the two offers. Beside it: PING of the store through the client that the server uses.
"""

import time

from loadtest.caller import Caller, kept_alive, new_op
from loadtest.figures import Report, at_most, latencies_ms, progress, quantile
from loadtest.private_server import PrivateServer
from wire.messages import Declare, Join, Joined, Leave, Offer, Ok

PAIRS = 12
PING_RATIO = 4.0
# Below the rate limits of one connection: each round is two declarations.
ROUND_S = 0.02


def _round(expert: Caller, user: Caller, name: str) -> int:
    """Nanoseconds from the expert's declaration to the later of the two offers."""
    user.ask(Join(id=0, op=new_op(), experts=[name]), Joined)
    expert.drain()
    user.drain()
    declare = expert.number(Declare(id=0, op=new_op(), status="online"))
    began = time.perf_counter_ns()
    expert.send(declare)
    # Whichever socket is read first, the clock stops when the later offer has been read.
    for side in (expert, user):
        while side.until(Offer).state != "ringing":
            continue  # the end of the round before may still be on its way
    took = time.perf_counter_ns() - began
    user.ask(Leave(id=0, op=new_op()), Ok)
    expert.ask(Declare(id=0, op=new_op(), status="away"), Ok)
    return took


def run(*, quick: bool) -> Report:
    """Rounds by pairs in turn, in alternation with the store's own figures."""
    rounds, blocks = (60, 3) if quick else (200, 5)
    times: list[int] = []
    pings: list[int] = []
    with PrivateServer(PAIRS) as server, server.staff("away") as experts:
        users = [server.caller(token) for token in server.tokens("user", [f"u{i}" for i in range(PAIRS)])]
        with kept_alive(users):
            for block in range(blocks):
                for n in range(rounds):
                    pair = n % PAIRS
                    times.append(_round(experts[pair], users[pair], server.experts[pair]))
                    time.sleep(ROUND_S)
                pings += server.straight(60 if quick else 150, ROUND_S * 1000)["times_ns"]["ping"]
                progress(f"  block {block + 1} of {blocks}: {latencies_ms(times)}")
        for user in users:
            user.close()
    return _report(quick, times, pings)


def _report(quick: bool, times: list[int], pings: list[int]) -> Report:
    ours, ping = latencies_ms(times), latencies_ms(pings)
    ratio = quantile(times, 0.5) / quantile(pings, 0.5)
    rows = [
        [name, str(f["n"]), f"{f['p50_ms']:.3f}", f"{f['p99_ms']:.3f}"]
        for name, f in (("both sides told", ours), ("PING", ping))
    ]
    report = Report("match", {"quick": quick, "told": ours, "ping": ping}, [], [])
    report.tables.append(("from free to told", ["", "rounds", "p50 ms", "p99 ms"], rows))
    report.bars.append(at_most("expert free → both sides told, p50", ratio, PING_RATIO, "times PING of the store"))
    return report
