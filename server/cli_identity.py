"""`openline token` and `openline link`: let somebody in from the command line."""

import asyncio
from typing import Any

import click

from ground.clock import SystemClock
from server.cli_options import C, config_of, where

LINK_TTL_S = 3600
TOKEN_TTL_S = 900


def _who(command: C) -> C:
    for role in ("operator", "user", "expert"):
        command = click.option(f"--{role}", metavar="ID", help=f"Sign in this {role}.")(command)
    command = click.option("--name", default="", help="The name that others see.")(command)
    return click.option("--pool", required=True, help="The pool.")(command)


def _one_of(given: dict[str, Any]) -> tuple[Any, str]:
    """The role and id that were given, taken out of `given`."""
    named = [(role, given.pop(role)) for role in ("expert", "user", "operator")]
    chosen = [(role, who) for role, who in named if who]
    if len(chosen) != 1:
        raise click.UsageError("say who it is for: one of --expert, --user, --operator")
    return chosen[0]


@click.command()
@_who
@click.option("--ttl", type=click.IntRange(1, TOKEN_TTL_S), default=TOKEN_TTL_S, show_default=True, help="Seconds.")
@where
def token(pool: str, name: str, ttl: int, **given: Any) -> None:
    """Print a short-lived signed token, for the first message of a socket.

    \b
    openline token --pool demo --expert ada
    """
    from identity.tokens import Tokens

    role, who = _one_of(given)
    keys = config_of(**given).keys
    click.echo(Tokens(keys).issue(pool, role, who, name, now=SystemClock().now_ms(), ttl_s=ttl))


@click.command()
@_who
@click.option("--ttl", type=click.IntRange(60, 7 * 86_400), default=LINK_TTL_S, show_default=True, help="Seconds.")
@click.option("--base", metavar="URL", help="Where people reach the server (default http://localhost and the port).")
@where
def link(pool: str, name: str, ttl: int, base: str | None, **given: Any) -> None:
    """Print a sign-in link that works once.

    \b
    openline link --pool support --expert ada --base https://line.example
    """
    from server.cli_pool import opened
    from server.sign_in_links import sign_in_url

    role, who = _one_of(given)
    config = config_of(**given)

    async def work() -> str:
        async with opened(**given) as db:
            return await sign_in_url(db, base or f"http://localhost:{config.port}", pool, role, who, name, ttl_s=ttl)

    click.echo(asyncio.run(work()))
