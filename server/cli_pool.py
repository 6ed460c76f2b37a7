"""`openline pool`: make pools, fill them from a file, list them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.cli_options import config_of, where
from server.cli_pool_calls import call_options, call_wishes, calls_shown
from server.cli_pool_money import in_minor_units, money_options, money_wishes, shown
from server.config import without_password

if TYPE_CHECKING:
    from ground.sql import Database, Tx

PROBLEMS_SHOWN = 50
ACTOR = "command line"
"""Who the audit says it was: whoever may run commands here."""


@asynccontextmanager
async def opened(**given: Any) -> "AsyncIterator[Database]":
    """The migrated database of the command's options. What keeps it shut ends the command in one line."""
    from ground.sql import Database

    url = config_of(**given).database
    try:
        db = await Database.open(url)
    except Exception as error:  # whatever the driver raises: one line, without the password
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise click.ClickException(f"cannot open the database {without_password(url)}: {text}") from None
    try:
        await db.migrate()
        yield db
    finally:
        await db.close()


@click.group()
def pool() -> None:
    """Pools: a set of experts with settings of their own."""


@pool.command()
@click.argument("pool_id", metavar="POOL")
@click.option("--name", help="What people read (default: the id).")
@where
def create(pool_id: str, name: str | None, **given: Any) -> None:
    """Make a pool.

    \b
    openline pool create support --name "Support"
    """

    async def work() -> None:
        from directory.profiles import Profiles

        async with opened(**given) as db:
            await Profiles(db).create_pool(pool_id, name or pool_id)
        click.echo(f"made pool {pool_id}")

    asyncio.run(work())


@pool.command("set")
@click.argument("pool_id", metavar="POOL")
@click.option("--currency", metavar="CODE", help="The currency of the rates (ISO 4217): EUR, USD ...")
@click.option("--visitors/--no-visitors", default=None, help="Whether people without an account may join a line.")
@click.option("--category", "categories", multiple=True, metavar="PATH", help='Of the tree: "Money/Taxes". Repeat it.')
@click.option("--no-categories", is_flag=True, help="No tree: experts name categories as they like.")
@click.option("--feedback-after", type=click.IntRange(0, 3600), help="Seconds that a session must last to be rated.")
@money_options
@call_options
@where
def set_(pool_id: str, **given: Any) -> None:
    """Change the options of a pool, and show them all. What is not named stays; categories are named all at once.

    \b
    openline pool set demo --currency USD --visitors --category Money --category Money/Taxes
    openline pool set demo --prepaid --fee 20 --minimum-minutes 2 --deposit 20 --deposit 50
    openline pool set demo --phone-region DE --phone-region AT --recording --recording-days 30

    With --prepaid the rates of the experts are charged from what users have paid in; without it everything is free
    and no page speaks of money. A new rate counts for who joins from now on, a new fee for sessions that begin then.
    """
    if given["categories"] and given["no_categories"]:
        raise click.UsageError("either --category or --no-categories")
    options = asyncio.run(_set(pool_id, _wishes(given), given))
    tree = [f"category\t{path}" for path in options.categories]
    for line in [*shown(options), *calls_shown(options), *tree]:
        click.echo(line)


def _wishes(given: dict[str, Any]) -> dict[str, Any]:
    """The options that were named, taken out of `given`."""
    categories = list(given.pop("categories"))
    if given.pop("no_categories"):
        wanted: list[str] | None = []
    else:
        wanted = categories or None
    named = {
        "currency": given.pop("currency"),
        "visitors": given.pop("visitors"),
        "feedback_after_s": given.pop("feedback_after"),
        "categories": wanted,
        **money_wishes(given),
        **call_wishes(given),
    }
    return {name: value for name, value in named.items() if value is not None}


async def _set(pool_id: str, wishes: dict[str, Any], given: dict[str, Any]) -> Any:
    from directory.profiles import Profiles
    from ground.clock import SystemClock
    from identity import audit
    from server.web.options import all_of, keeps_books, merged

    async with opened(**given) as db:
        profiles = Profiles(db)
        before = (await profiles.pool(pool_id)).options
        if not wishes:
            return before
        after = merged(before, in_minor_units(before, wishes))
        did = audit.Action(actor=ACTOR, action="set_options", object=f"pool:{pool_id}", reason=", ".join(wishes))

        async def noted(tx: "Tx") -> None:
            await audit.note(tx, pool_id, SystemClock().now_ms(), did)

        return (await profiles.put_options(pool_id, after, all_of(noted, keeps_books(pool_id, after)))).options


@pool.command("list")
@where
def list_(**given: Any) -> None:
    """Every pool with the number of its experts."""

    async def work() -> None:
        from directory.profiles import Profiles

        async with opened(**given) as db:
            profiles = Profiles(db)
            for made in await profiles.pools():
                click.echo(f"{made.pool}\t{len(await profiles.experts(made.pool))} experts\t{made.name}")

    asyncio.run(work())


@pool.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pool", "pool_id", required=True, help="The pool to fill; it must exist.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although others are bad.")
@where
def import_(file: Path, pool_id: str, skip_bad: bool, **given: Any) -> None:
    """Import experts from a CSV file; who is there already is updated.

    Every bad row is named by line, column and reason, and then nothing is imported, unless --skip-bad is given.
    The columns are id, name, headline, biography, categories, languages, modes, timezone, hours, exceptions,
    holidays, started_on, rate (minor units a minute), rate_chat and rate_audio (where a mode costs something else),
    email; lists are separated by semicolons, hours look like "mon-fri 09:00-17:00; sat 10:00-14:00", empty means always
    open.

    \b
    openline pool import demo/experts.csv --pool demo
    """
    report = asyncio.run(_import(file, pool_id, skip_bad, given))
    for problem in report.problems[:PROBLEMS_SHOWN]:
        column = f"{problem.column}: " if problem.column else ""
        click.echo(f"{file.name}, line {problem.line}: {column}{problem.reason}", err=True)
    if len(report.problems) > PROBLEMS_SHOWN:
        click.echo(f"... and {len(report.problems) - PROBLEMS_SHOWN} more", err=True)
    if report.problems and not (report.added or report.updated or skip_bad):
        raise click.ClickException("nothing was imported; correct the file, or leave out the bad rows with --skip-bad")
    click.echo(f"{report.added} added, {report.updated} updated, {report.skipped} skipped")


async def _import(file: Path, pool_id: str, skip_bad: bool, given: dict[str, Any]) -> Any:
    from directory.importer import import_experts
    from directory.profiles import Profiles

    data = await asyncio.to_thread(file.read_bytes)
    async with opened(**given) as db:
        return await import_experts(Profiles(db), pool_id, data, skip_bad=skip_bad)
