"""`openline token`, `openline link` and `openline account`: let somebody in from the command line, or keep them out."""

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


@click.group()
def account() -> None:
    """Accounts: the first operator, and whom nobody should let in."""


_role = click.option(
    "--role", type=click.Choice(["user", "expert", "operator"]), default="user", show_default=True, help="As what."
)


@account.command("create")
@click.option("--pool", required=True, help="The pool.")
@click.option("--email", required=True, help="The address; whoever reads its mail is the account's owner.")
@click.option("--name", help="The name that others see (default: what stands before the @).")
@_role
@click.option("--expert", default="", help="With --role expert: the id of the profile that they keep.")
@click.option("--base", metavar="URL", help="Where people reach the server. [OPENLINE_BASE_URL]")
@where
def create(pool: str, email: str, name: str | None, role: Any, expert: str, base: str | None, **given: Any) -> None:
    """Make a member with an account, and print a sign-in link that works once.

    \b
    openline account create --pool support --email olga@line.example --role operator
    """
    from directory.profiles import Profiles
    from identity.accounts import Accounts
    from server.cli_pool import opened
    from server.sign_in_links import base_of, sign_in_url

    if (role == "expert") != bool(expert):
        raise click.UsageError("an expert needs --role expert and the id of a profile with --expert")
    called = name or email.partition("@")[0]

    async def work() -> str:
        async with opened(**given) as db:
            await (Profiles(db).expert(pool, expert) if expert else Profiles(db).pool(pool))
            now = SystemClock().now_ms()
            subject = await Accounts(db).open(pool, role, email, called, now=now, expert=expert)
            return await sign_in_url(db, base or base_of(config_of(**given)), pool, role, subject, called)

    click.echo(asyncio.run(work()))


@account.command("block")
@click.option("--pool", required=True, help="The pool.")
@_role
@click.option("--subject", required=True, help="The id of the member.")
@click.option("--reason", required=True, help="Why; operators read it.")
@click.option("--undo", is_flag=True, help="Let them in again.")
@where
def block(pool: str, role: Any, subject: str, reason: str, undo: bool, **given: Any) -> None:
    """Let nobody in as this member any more. Open pages of theirs close within seconds.

    \b
    openline account block --pool support --role user --subject a-7g2k --reason "threats"
    """
    from identity.members import Members
    from identity.tokens import Identity
    from server.cli_pool import opened

    by = Identity(pool=pool, role="operator", subject="command-line", name="", expires_at=0, token_id="")

    async def work() -> None:
        async with opened(**given) as db:
            change = Members(db).unblock if undo else Members(db).block
            await change(pool, role, subject, reason, by=by, now=SystemClock().now_ms())

    asyncio.run(work())
    click.echo(f"{'let in again' if undo else 'blocked'}: {role} {subject} of {pool}")
