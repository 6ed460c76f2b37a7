"""The composition root: every room of one process, opened in order and closed in the reverse order."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from billing.receipts.signing import Signer
from directory.index.index import Index
from directory.news import News
from directory.profiles import Profiles
from ground.clock import Clock, SystemClock
from ground.errors import Refusal, StoreUnavailable
from ground.ids import new_id
from ground.journal import Journal
from ground.leadership import Leadership
from ground.sql import Database
from ground.store import Store
from identity.accounts import Accounts
from identity.arrivals import Arrivals
from identity.host_tokens import HostTokens
from identity.members import Members
from identity.oidc import Oidc
from identity.outside.logins import Logins
from identity.passwords import Passwords
from identity.sign_ins import SignIns
from identity.sign_outs import SignOuts
from identity.tokens import Identity, Tokens
from identity.web import Web
from mail.outbox import Outbox
from presence.presence import Presence
from queueing.line import Line
from queueing.media import Media
from server.attachments import Attachments
from server.catalogue import Catalogue
from server.commands import Commands, Ice
from server.conductor import Conductor
from server.config import Config
from server.connection import Connection, Who
from server.desks.about import AboutDesk
from server.desks.deposits import DepositsDesk
from server.desks.feedback import FeedbackDesk
from server.desks.finding import FindingDesk
from server.desks.hours import HoursDesk
from server.desks.letters import LettersDesk
from server.door import Door, Identify
from server.endings import watch
from server.erasing import Eraser
from server.evidence import Evidence
from server.fanout import Fanout, LivePool, OpenNames, ProfileChanged, SignedOut
from server.forecasts import OpenForecasts
from server.guard import Guard
from server.hub import Hub
from server.indexing import Indexing
from server.learning import Learning
from server.limits import Bounds
from server.listed import Listed
from server.mailer import Mailer, mailer_of
from server.metering import Metering
from server.origins import Gate
from server.paying import Paying, paying_of
from server.profile_news import ProfileNews
from server.recordings import recordings_of
from server.roster import Roster
from server.sign_in_links import base_of
from server.switchboard import Switchboard
from server.talk import Talk
from server.telephone import Telephony
from server.till import Till
from server.views import Names
from sessions.conversation import Conversation
from sessions.recording.keeping import Recordings
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
    index: Index
    tokens: Tokens
    guard: Guard
    accounts: Accounts
    mailer: Mailer
    arrivals: Arrivals
    sign_ins: SignIns
    members: Members
    oidc: Oidc
    logins: Logins
    eraser: Eraser
    metering: Metering
    paying: Paying | None
    signer: Signer
    recordings: Recordings | None
    talk: Talk

    async def sign_out(self, pool: str, role: str, member: str, reason: str, sign_in: str = "") -> None:
        """Close the sockets of a sign-in that the books say has ended, or of all of a member (""): here at once, and in
        every other process as soon as the store can tell them, or as they find it in the books (`endings.py`)."""
        self.fanout.signed_out(pool, role, member, reason, sign_in)
        try:
            await SignOuts(self.store).announce(pool, role, member, reason, sign_in)
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


def _opener(catalogue: Catalogue, roster: Roster) -> OpenNames:
    async def open_pool(pool: str) -> Names:
        # A pool that somebody connects to is there, even before its conductor came round.
        names = await catalogue.names(pool)
        await roster.install(pool)
        return names

    return open_pool


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
        index, hub, process = Index(database), Hub(), new_id("w")
        roster, catalogue = Roster(profiles, line, presence, clock), Catalogue(profiles, database)
        listed = Listed(profiles)
        fanout = Fanout(hub, line, journal, _opener(catalogue, roster), clock)
        stack.push_async_callback(fanout.close)
        signer = Signer(config.keys[0].value)
        till = Till(store, database, line, journal, catalogue, fanout, clock, base_of(config), signer)
        stack.push_async_callback(till.close)
        till.books.recordings = _recordings(stack, config, database, clock)
        paying = paying_of(config, database, clock, catalogue, till.metering)
        if paying is not None:
            stack.push_async_callback(paying.close)
            stack.push_async_callback(_stop, _start(paying.run()))
        attachments = Attachments(presence, process)
        stack.push_async_callback(attachments.release)
        forecasts = OpenForecasts(hub, clock)
        fanout.on_open += [forecasts.run, Learning(database, forecasts).run]
        told, switchboard = (
            ProfileNews(catalogue),
            Switchboard(store, journal, process, config.turn, clock, _ice(config)),
        )
        phones = Telephony(
            database, line, switchboard, fanout, catalogue, listed, till, clock, config.phone, config.keys[0].value
        )
        for part in (told, phones):
            stack.push_async_callback(part.close)
        conductor = Conductor(
            process, listed, roster, line, journal, Leadership(store), till.books, till.metering.keep,
            phones.dialler.keep,
        )  # fmt: skip
        tokens, sign_ins, words = Tokens(config.keys), SignIns(database), Passwords()
        web = Web()
        stack.push_async_callback(web.close)
        guard = Guard(tokens, clock, sign_ins, HostTokens(config.host_sites, web))
        news, conversation = News(store), Conversation(store, database)
        accounts, mailer = Accounts(database, words), _mailer(config, database, clock)
        letters, talk = (
            LettersDesk(database, clock, base_of(config), accounts.email_of, mailer.hint),
            Talk(config, database, clock, conversation, catalogue, fanout, till.books, mailer.hint),
        )
        commands = Commands(
            line=line, presence=presence, conversation=conversation, fanout=fanout,
            forecasts=forecasts, attachments=attachments, catalogue=catalogue, terms=till.terms,
            accepting=till.accepting, wallet=till.news.wallet, ice=_ice(config),
            check_phone=phones.desk.check,
            desks={
                **AboutDesk(database, clock, letters.wants).handlers(),
                **letters.handlers(),
                **FeedbackDesk(database, conversation, catalogue, news, clock, index.add_chat).handlers(),
                **HoursDesk(presence).handlers(),
                **switchboard.handlers(),
                **phones.desk.handlers(),
                **talk.handlers(Media(store), till.terms),
                **till.handlers(conversation, pays_in=paying is not None),
                **DepositsDesk(paying).handlers(),
                **FindingDesk(index, catalogue, clock).handlers(),
            },
        )  # fmt: skip
        indexing = Indexing(index, conductor.leading)
        fanout.profile_changed = _both(told.changed, indexing.changed)
        eraser = Eraser(database, store, line, journal, index, profiles, clock, talk.sweep)
        for work in (
            eraser.run(), switchboard.post.run(), attachments.keep(), catalogue.keep(), conductor.run(), mailer.run(),
            indexing.run(), talk.keep(),
        ):  # fmt: skip
            stack.push_async_callback(_stop, _start(work))
        door = Door(hub, gate, commands, identifier(guard, fanout), bounds)
        door.also_sweep.append(Evidence(line, process, fanout.pools).sweep)
        fanout.signed_out = _ender(door, guard)
        stack.push_async_callback(_stop, _start(watch(sign_ins, fanout.signed_out, clock)))
        stack.push_async_callback(door.stop)
        yield House(
            config=config, clock=clock, door=door, store=store, database=database, fanout=fanout, catalogue=catalogue,
            profiles=profiles, news=news, index=index, tokens=tokens, guard=guard,
            accounts=accounts, mailer=mailer, arrivals=Arrivals(database, words), sign_ins=sign_ins,
            members=Members(database), oidc=Oidc(config.oidc, web), logins=Logins(database), eraser=eraser,
            metering=till.metering, paying=paying, signer=signer,
            recordings=till.books.recordings, talk=talk,
        )  # fmt: skip


def _both(one: ProfileChanged, other: ProfileChanged) -> ProfileChanged:
    def changed(live: LivePool, expert: str) -> None:
        one(live, expert)
        other(live, expert)

    return changed


def _ender(door: Door, guard: Guard) -> SignedOut:
    """Closes the sockets of a sign-in that has ended."""

    def ended(pool: str, role: str, member: str, reason: str, sign_in: str) -> None:
        guard.blocked.forget()
        door.sign_out(pool, role, member, reason, sign_in)

    return ended


def identifier(guard: Guard, fanout: Fanout) -> Identify:
    """Who says hello: the bearer of the message's token, else of the cookie of the role that the page wants, else a
    guest."""

    async def identify(conn: Connection, hello: Hello) -> Who:
        if hello.token or conn.cookies:
            # This process hears of every end of a sign-in in the pool before it asks the books whether this one holds.
            with suppress(Refusal):  # whoever is no member isn't told which pools there are
                await fanout.open(hello.pool)
        if hello.token:
            found: Identity | None = await guard.of_token(hello.token, hello.pool)
        else:
            # A page can't take away its HttpOnly cookie: one that is over makes a guest.
            found = await guard.of_cookie(conn.cookies, hello.pool, conn.wants, secure=conn.secure)
        if found is None:
            return GUEST
        return Who(found.role, found.subject, found.name, found.expires_at, "" if hello.token else found.token_id)

    return identify


def _recordings(stack: AsyncExitStack, config: Config, database: Database, clock: Clock) -> Recordings | None:
    """Looked after from now on."""
    upkeep = recordings_of(config, database, clock)
    if upkeep is not None:
        stack.push_async_callback(_stop, _start(upkeep.run()))
    return upkeep.recordings if upkeep else None


def _mailer(config: Config, database: Database, clock: Clock) -> Mailer:
    return mailer_of(config.smtp, config.mail_from, Outbox(database), clock)


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
