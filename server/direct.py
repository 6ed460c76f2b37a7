"""What `openline bench` needs beside the socket, run as a process of its own: `python -m server.direct`.

`tokens` signs many tokens at once. `store` times the commands of a pool straight on the store, through the same client
that the server uses, so that what the door adds can be seen.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import click

from ground.clock import SystemClock
from ground.store import Store
from identity.tokens import Tokens
from queueing.line import Line
from server.cli_options import config_of, where
from server.config import Config
from server.embedded_run import at_hand

Step = Callable[[int], Awaitable[Any]]


@click.group()
def main() -> None:
    """For the benches."""


@main.command()
@click.option("--pool", required=True)
@where
def tokens(pool: str, **given: Any) -> None:
    """Reads lines "role id", prints a token for each, in order."""
    issuer, now = Tokens(config_of(**given).keys), SystemClock().now_ms()
    for line in sys.stdin:
        role, who = line.split()
        click.echo(issuer.issue(pool, role, who, now=now))  # type: ignore[arg-type]


@main.command()
@click.option("--pool", required=True)
@click.option("--calls", type=click.IntRange(1, 20_000), default=300, show_default=True)
@click.option("--pause-ms", type=click.FloatRange(0, 1000), default=0.0, help="Between two calls.")
@click.argument("experts", nargs=2)
@where
def store(pool: str, calls: int, pause_ms: float, experts: tuple[str, str], **given: Any) -> None:
    """Times PING, join, switch and leave one after the other, and joins all at once. Prints one JSON object."""
    click.echo(json.dumps(asyncio.run(_measure(config_of(**given), pool, calls, pause_ms / 1000, experts))))


async def _measure(config: Config, pool: str, calls: int, pause_s: float, experts: tuple[str, str]) -> dict[str, Any]:
    async with at_hand(config) as ready:
        live = await Store.open(ready.store)
        try:
            return await _times(live, pool, calls, pause_s, experts)
        finally:
            await live.close()


async def _times(live: Store, pool: str, calls: int, pause_s: float, experts: tuple[str, str]) -> dict[str, Any]:
    line = Line(live)
    first, second = experts
    steps: dict[str, Step] = {
        "ping": lambda _: live.ping(),
        "join": lambda i: line.join(pool, f"direct{i}", [first], op=f"join-{i:08}"),
        "switch": lambda i: line.switch(pool, f"direct{i}", second, op=f"switch-{i:08}"),
        "leave": lambda i: line.leave(pool, f"direct{i}", op=f"leave-{i:08}"),
    }
    times: dict[str, list[int]] = {name: [] for name in steps}
    for i in range(calls):
        for name, step in steps.items():
            await asyncio.sleep(pause_s)
            began = time.perf_counter_ns()
            await step(i)
            times[name].append(time.perf_counter_ns() - began)
    return {"times_ns": times, "per_s": await _together(line, pool, first)}


async def _together(line: Line, pool: str, expert: str, rounds: int = 40, at_once: int = 50) -> float:
    """Joins and leaves a second when many are under way: each turn of the loop is one pipeline."""
    began = time.perf_counter()
    for n in range(rounds):
        users = [f"crowd{n}-{i}" for i in range(at_once)]
        await asyncio.gather(
            *(line.join(pool, user, [expert], op=f"join-{user:>8}".replace(" ", "_")) for user in users)
        )
        await asyncio.gather(*(line.leave(pool, user, op=f"leave-{user:>8}".replace(" ", "_")) for user in users))
    return 2 * rounds * at_once / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
