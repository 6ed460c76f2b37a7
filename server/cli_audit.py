"""`openline audit`: whether the books of money add up."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from server.cli_options import where

if TYPE_CHECKING:
    from billing.audit.audit import Report

EVERY_S = 2.0
"""How often a long run says how far it is."""


@click.command()
@click.option("--pool", default="", metavar="POOL", help="Only this pool (default: all).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@where
def audit(pool: str, as_json: bool, **given: Any) -> None:
    """Rebuild every balance from what was booked, and name what does not fit.

    Every account is recomputed from its transfers and open holds, every transaction held against the session or the
    command that it is for. It only reads, in one snapshot, while the server goes on. Exits with 1 when a single minor
    unit is not where it should be: then take a copy of the database before anything else, and look at what is named.

    \b
    openline audit
    openline audit --pool support --database postgresql://openline@db.example/openline --json
    """
    import msgspec

    report = asyncio.run(_examine(pool, given))
    click.echo(msgspec.json.encode(report).decode() if as_json else _text(report))
    raise SystemExit(1 if report.drifts else 0)


async def _examine(pool: str, given: dict[str, Any]) -> "Report":
    from billing.audit.audit import examine
    from server.cli_pool import opened

    async with opened(**given) as db:
        return await examine(db, pool, _progress())


def _progress() -> Callable[[str, int, int], None]:
    """Says on the error output how far it is, from time to time."""
    last = time.monotonic()

    def say(what: str, done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S:
            last = time.monotonic()
            click.echo(f"{what}: {done} of {of}", err=True)

    return say


def _text(report: "Report") -> str:
    seen = f"{report.accounts} accounts, {report.transfers} sides of transfers, {report.transactions} transactions"
    if not report.drifts:
        return f"in balance: {seen}"
    lines = [f"{drift.object}: {drift.rule}: expected {drift.expected}, found {drift.found}" for drift in report.drifts]
    return "\n".join([*lines, *(["and more"] if report.more else []), f"NOT IN BALANCE: {seen}"])
