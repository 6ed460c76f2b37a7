"""The composition root: every room of one process, opened in order and closed in the reverse order."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from directory.news import News
from directory.profiles import Profiles
from ground.clock import Clock, SystemClock
from ground.errors import StoreUnavailable
from ground.ids import new_id
from ground.journal import Journal
from ground.leadership import Leadership
from ground.sql import Database
from ground.store import Store
from identity.links import Links
from identity.sign_outs import SignOuts
from identity.tokens import Identity, Tokens
from presence.presence import Presence
from queueing.line import Line
from server.attachments import Attachments
from server.books import Books
from server.catalogue import Catalogue
from server.commands import Commands, Ice
from server.conductor import Conductor
from server.config import Config
from server.connection import Connection, Who
from server.door import Door, Identify
from server.fanout import Fanout
from server.forecasts import OpenForecasts
from server.guard import Guard
from server.hub import Hub
from server.learning import Learning
from server.limits import Bounds
from server.origins import Gate
from server.profile_news import ProfileNews
from server.roster import Roster
from server.views import Names
from sessions.conversation import Conversation
from wire.messages import Hello, IceServer

# A view of the store that nothing confirmed for so long is no longer worth sending people to.
FRESH_S = 15.0
_log = structlog.get_logger("openline.house")


@dataclass(frozen=True, slots=True)
class House:
    """What the HTTP side needs of the rooms."""

    config: Config
    clock: Clock
    door: Door
    store: Store
    database: Database
    fanout: Fanout
    catalogue: Catalogue
    profiles: Profiles
    news: News
    tokens: Tokens
    links: Links
    guard: Guard

    async def sign_out(self, pool: str, role: str, member: str, reason: str) -> None:
        """End a sign-in: here at once, and in every other process as soon as the store can tell them."""
        self.door.sign_out(pool, role, member, reason)
        try:
            await SignOuts(self.store).announce(pool, role, member, reason)
        except StoreUnavailable as error:
            _log.warning("sign_out_not_announced", pool=pool, error=str(error))

    def ages(self) -> dict[str, float]:
        """Seconds since the store last confirmed each open pool's view."""
        now = time.time_ns() // 1_000_000
        return {live.pool: max(0.0, (now - live.confirmed_at) / 1000) for live in self.fanout.pools()}

    async def check_journal(self) -> None:
        """Raises RuntimeError when the view of an open pool is stale."""
        if any(age > FRESH_S for age in self.ages().values()):
            raise RuntimeError("stale")


@asynccontextmanager
async def open_house(config: Config, gate: Gate, bounds: Bounds | None = None) -> AsyncIterator[House]:
    """Everything of one server process, running. Raises StoreUnavailable or the database's own errors."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await Store.open(config.store)
        stack.push_async_callback(store.close)
        database = await Database.open(config.database)
        stack.push_async_callback(database.close)
        await database.migrate()
        line, presence, journal, profiles = Line(store), Presence(store), Journal(store), Profiles(database)
        roster, catalogue = Roster(profiles, line, presence, clock), Catalogue(profiles, database)

        async def open_pool(pool: str) -> Names:
            # A pool that somebody connects to is there, even before its conductor came round.
            names = await catalogue.names(pool)
            await roster.install(pool)
            return names

        hub, process = Hub(), new_id("w")
        fanout = Fanout(hub, line, journal, open_pool, clock)
        stack.push_async_callback(fanout.close)
        attachments = Attachments(presence, process)
        stack.push_async_callback(attachments.release)
        forecasts = OpenForecasts(hub, clock)
        fanout.on_open += [forecasts.run, Learning(database, forecasts).run]
        told = ProfileNews(catalogue)
        fanout.profile_changed = told.changed
        stack.push_async_callback(told.close)
        conductor = Conductor(process, profiles, roster, line, journal, Leadership(store), Books(database))
        tokens = Tokens(config.keys)
        guard = Guard(tokens, clock)
        news = News(store)
        commands = Commands(
            line=line, presence=presence, conversation=Conversation(store, database), fanout=fanout,
            forecasts=forecasts, attachments=attachments, catalogue=catalogue, ice=_ice(config),
            desks={},
        )  # fmt: skip
        for work in (attachments.keep(), catalogue.keep(), conductor.run()):
            stack.push_async_callback(_stop, _start(work))
        door = Door(hub, gate, commands, identifier(guard), bounds)
        fanout.signed_out = door.sign_out
        stack.push_async_callback(door.stop)
        yield House(
            config=config, clock=clock, door=door, store=store, database=database, fanout=fanout, catalogue=catalogue,
            profiles=profiles, news=news, tokens=tokens, links=Links(database), guard=guard,
        )  # fmt: skip


def identifier(guard: Guard) -> Identify:
    """Who says hello: the bearer of the message's token, else of the cookie of the role that the page wants, else a
    guest."""

    async def identify(conn: Connection, hello: Hello) -> Who:
        if hello.token:
            found: Identity | None = await guard.of_token(hello.token, hello.pool)
        else:
            # A page can't take away its HttpOnly cookie: one that is over makes a guest.
            found = await guard.of_cookie(conn.cookies, hello.pool, conn.wants, secure=conn.secure)
        return Who(found.role, found.subject, found.name, found.expires_at) if found else GUEST

    return identify


GUEST = Who("guest", "", "", 0)


def _ice(config: Config) -> Ice:
    """TURN credentials are for those who can be in a session; a guest has no call to make."""
    servers = [IceServer(urls=list(s.urls), username=s.username, credential=s.credential) for s in config.ice_servers]
    return lambda conn: [] if conn.role == "guest" else servers


def _start(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    task = asyncio.create_task(work)
    task.add_done_callback(_ended)
    return task


def _ended(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("house_task_failed", exc_info=task.exception())


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])
