"""`openline serve` and `openline demo`: one command around the store, the demo's people and the server processes."""

import asyncio
import shlex
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from directory.importer import import_experts, parse_bytes
from directory.profiles import Profiles
from ground.errors import Refusal
from ground.sql import Database
from identity.tokens import Member
from server.config import Config
from server.demo_money import endow, price, with_processor
from server.embedded_run import owned
from server.media_process import beside
from server.run import run
from server.sign_in_links import sign_in_url

POOL = "demo"
POOL_NAME = "The demo line"
EXPERTS = Path(__file__).resolve().parent.parent / "demo" / "experts.csv"
LOOK_AGAIN_S = 0.05


class Guest(NamedTuple):
    """Somebody whom the demo lets in."""

    role: Member
    subject: str
    name: str
    page: str


GUESTS = (
    Guest("user", "uma", "Uma", "The directory, as a user"),
    Guest("user", "viktor", "Viktor", "... as a second user (another browser)"),
    Guest("expert", "ada", "Ada Quill", "Ada's console, as the expert"),
    Guest("operator", "olga", "Olga", "The operator's room"),
)


def serve(config: Config) -> int:
    """Run the server, with its own store when no address is given. Returns the exit code."""
    with owned(config) as ready, beside(ready):
        return run(ready)


def demo(config: Config) -> int:
    """Run the server with the demo's pool, and print the links once it answers. Returns the exit code."""
    config = msgspec.structs.replace(config, port=config.port or _free_port(config.host), demo=True)
    over = threading.Event()
    with owned(config) as stored, with_processor(stored) as ready, beside(ready):
        links = asyncio.run(prepare(ready))
        threading.Thread(target=_announce, args=(ready, links, over), name="announce", daemon=True).start()
        try:
            return run(ready)
        finally:
            over.set()


async def prepare(config: Config) -> list[str]:
    """Make the pool and its experts if they are not there, and a fresh sign-in link for each guest."""
    db = await Database.open(config.database)
    try:
        await db.migrate()
        await _people(Profiles(db))
        await endow(db, POOL)
        base = f"http://localhost:{config.port}"
        return [await sign_in_url(db, base, POOL, guest.role, guest.subject, guest.name) for guest in GUESTS]
    finally:
        await db.close()


async def _people(profiles: Profiles) -> None:
    with suppress(Refusal):  # pool_exists: a later start
        await profiles.create_pool(POOL, POOL_NAME)
    listed = await asyncio.to_thread(EXPERTS.read_bytes)
    await price(profiles, POOL, parse_bytes(listed).rows)
    if await profiles.experts(POOL):
        return
    report = await import_experts(profiles, POOL, listed)
    if report.problems:
        raise ValueError(f"{EXPERTS}: line {report.problems[0].line}: {report.problems[0].reason}")


def _announce(config: Config, links: list[str], over: threading.Event) -> None:
    """Prints the links when the server answers, so that none of them leads nowhere."""
    while not _answers(config.port):
        if over.wait(LOOK_AGAIN_S):
            return
    click.echo("\nOpenline is up. Each link signs in once:\n")
    for guest, url in zip(GUESTS, links, strict=True):
        click.echo(f"  {guest.page:<40} {url}")
    click.echo("\nNo real money: Uma has 20 euros, and pays in more with card 4242 4242 4242 4242, any date to come.")
    click.echo("Everybody is offline until they say otherwise: press Online in Ada's console first.")
    where = f"--state {shlex.quote(str(config.state_dir))} --base http://localhost:{config.port}"
    click.echo(f"More: openline link --pool {POOL} --expert bruno {where}\nCtrl-C stops everything; nothing is lost.\n")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
