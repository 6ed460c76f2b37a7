"""A whole house without sockets: real store, real database, real commands; pages are sinks that remember frames."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from billing.receipts.signing import Signer
from directory.expert import Expert
from directory.index.index import Index
from directory.news import News
from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.ids import new_id
from ground.journal import Journal
from ground.leadership import Leadership
from ground.sql import Database
from ground.store import Store
from identity.tokens import Secret, Tokens
from presence.presence import Presence
from queueing.line import Line
from queueing.media import Media
from server.attachments import Attachments
from server.catalogue import Catalogue
from server.commands import Commands
from server.conductor import Conductor
from server.config_phone import PhoneSettings
from server.connection import Connection, Who
from server.desks.about import AboutDesk
from server.desks.chat import ChatDesk
from server.desks.feedback import FeedbackDesk
from server.desks.finding import FindingDesk
from server.desks.hours import HoursDesk
from server.desks.keeping import KeepingDesk
from server.desks.letters import LettersDesk
from server.desks.transfer import TransferDesk
from server.fanout import Fanout
from server.forecasts import OpenForecasts
from server.hub import Hub
from server.limits import Bounds
from server.listed import Listed
from server.origins import Came
from server.profile_news import ProfileNews
from server.roster import Roster
from server.switchboard import Switchboard
from server.telephone import Telephony
from server.till import Till
from server.transcripts import Transcripts
from server.views import Names
from sessions.conversation import Conversation
from sessions.fetching.tickets import Tickets
from tests.databases import open_migrated
from wire import messages
from wire.codec import MSGPACK, Codec

M = TypeVar("M", bound=messages.Message)
BASE = "https://line.example"
SECRET = b"of the receipts of the tests"
PHONE = PhoneSettings()
"""How texts are sent, and how much a pool may call."""
EXPERTS = [
    Expert(expert="ada", name="Ada Lovelace", modes=["chat", "audio"], categories=["maths"]),
    Expert(expert="bob", name="Bob Noyce", modes=["chat"]),
    Expert(expert="eve", name="Eve Curie", modes=["chat", "audio"]),
]


class Wire:
    """A transport that never has anything waiting."""

    def get_write_buffer_size(self) -> int:
        return 0


class Page:
    """One page: what it was told, and how it asks."""

    fd = -1

    def __init__(self, hall: "Hall", role: str, member: str) -> None:
        self.codec: Codec = MSGPACK
        self.transport = Wire()
        self.told: list[messages.ServerMessage] = []
        self.hall = hall
        self.conn = Connection(MSGPACK, Bounds(), Came("", False, ""), ("user",), "", 0.0)
        self.conn.sink = self
        self.conn.sign_in(hall.pool, Who(role, member, member.title(), 0))  # type: ignore[arg-type]
        self._request = 0
        self._arrived = asyncio.Event()

    def write_frame(self, frame: bytes, droppable: bool) -> None:
        size = frame[1]
        start = {126: 4, 127: 10}.get(size, 2)
        self.told.append(self.codec.decode_server(frame[start:]))
        self._arrived.set()

    def finish(self, frame: bytes, written: int) -> None:
        raise AssertionError("never clear")

    async def come(self, epoch: str = "", seq: int = 0) -> messages.Welcome:
        hello = messages.Hello(id=0, pool=self.hall.pool, epoch=epoch, seq=seq)
        return await self.hall.commands.welcome(self.conn, hello)

    async def watch(
        self, *experts: str, all: bool = False, lines: list[str] | None = None
    ) -> messages.ServerMessage | None:
        ask = messages.Watch(id=1, experts=list(experts), all=all, lines=lines or [])
        return await self.hall.commands.watch(self.conn, ask)

    async def go(self) -> None:
        self.conn.heard = asyncio.get_running_loop().time()
        self.hall.hub.drop(self)
        await self.hall.commands.gone(self.conn)

    async def ask(self, kind: Callable[..., Any], /, **fields: Any) -> Any:
        self._request += 1
        if "op" in kind.__struct_fields__:  # type: ignore[attr-defined]
            fields.setdefault("op", new_id("op"))
        return await self.hall.commands.handle(self.conn, kind(id=self._request, **fields))

    async def until(self, kind: type[M], holds: Callable[[M], bool] = lambda _message: True) -> M:
        """The latest message of `kind` that holds, as soon as there is one."""
        async with asyncio.timeout(10):
            while True:
                for message in reversed(self.told):
                    if isinstance(message, kind) and holds(message):
                        return message
                self._arrived.clear()
                await self._arrived.wait()

    def heard(self, kind: type[M]) -> list[M]:
        return [message for message in self.told if isinstance(message, kind)]


class Hall:
    """One server process."""

    def __init__(self, store: Store, db: Database, pool: str) -> None:
        self.store, self.db, self.pool = store, db, pool
        self.clock = SystemClock()
        self.process = new_id("w")
        self.line, self.presence, self.journal = Line(store), Presence(store), Journal(store)
        self.profiles = Profiles(db)
        self.roster = Roster(self.profiles, self.line, self.presence, self.clock)
        self.catalogue = Catalogue(self.profiles, db)
        self.hub = Hub()
        self.fanout = Fanout(self.hub, self.line, self.journal, self._open, self.clock)
        self.attachments = Attachments(self.presence, self.process)
        self.forecasts = OpenForecasts(self.hub, self.clock)
        self.fanout.on_open.append(self.forecasts.run)
        self.told = ProfileNews(self.catalogue)
        self.fanout.profile_changed = self.told.changed
        self.index = Index(db)
        self.till = Till(
            store, db, self.line, self.journal, self.catalogue, self.fanout, self.clock, BASE, Signer(SECRET)
        )
        self.books, self.metering = self.till.books, self.till.metering
        self.emails: dict[tuple[str, str, str], str] = {}  # of the members' accounts: (pool, role, subject)
        letters = LettersDesk(db, self.clock, BASE, self._email_of, lambda: None)
        self.news, conversation = News(store), Conversation(store, db)
        self.switchboard = Switchboard(store, self.journal, self.process, None, self.clock, lambda _conn: [])
        self.listed = Listed(self.profiles)
        self.phones = Telephony(
            db,
            self.line,
            self.switchboard,
            self.fanout,
            self.catalogue,
            self.listed,
            self.till,
            self.clock,
            PHONE,
            SECRET,
        )
        self.commands = Commands(
            line=self.line,
            presence=self.presence,
            conversation=conversation,
            fanout=self.fanout,
            forecasts=self.forecasts,
            attachments=self.attachments,
            catalogue=self.catalogue,
            terms=self.till.terms,
            accepting=self.till.accepting,
            wallet=self.till.news.wallet,
            ice=lambda _conn: [],
            check_phone=self.phones.desk.check,
            desks={
                **AboutDesk(db, self.clock, letters.wants).handlers(),
                **letters.handlers(),
                **FeedbackDesk(db, conversation, self.catalogue, self.news, self.clock, self.index.add_chat).handlers(),
                **FindingDesk(self.index, self.catalogue, self.clock).handlers(),
                **HoursDesk(self.presence).handlers(),
                **TransferDesk(Media(store), self.till.terms).handlers(),
                **self._chat(conversation).handlers(),
                **self._keeping(conversation).handlers(),
                **self.switchboard.handlers(),
                **self.phones.desk.handlers(),
                **self.till.handlers(conversation, pays_in=True),
            },
        )

    def _chat(self, conversation: Conversation) -> ChatDesk:
        """Without files: those need HTTP."""
        return ChatDesk(conversation, None, self._tickets(), self.clock, asyncio.get_running_loop().time)

    def _tickets(self) -> Tickets:
        return Tickets(Tokens([Secret(kid="k", value=b"s" * 32)]), self.db)

    def _keeping(self, conversation: Conversation) -> KeepingDesk:
        transcripts = Transcripts(self.db, conversation, self.catalogue, self.fanout)
        return KeepingDesk(
            self.db, transcripts, None, self._tickets(), self.clock, lambda: None, asyncio.get_running_loop().time,
            self.books.reached,
        )  # fmt: skip

    def conductor(self) -> Conductor:
        lead = Leadership(self.store)
        return Conductor(
            self.process, self.listed, self.roster, self.line, self.journal, lead, self.books, self.metering.keep,
            self.phones.dialler.keep,
        )  # fmt: skip

    async def _email_of(self, pool: str, role: str, subject: str) -> str:
        return self.emails.get((pool, role, subject), "")

    async def indexed(self) -> None:
        """The index is what the directory says."""
        while await self.index.catch_up(self.pool):
            continue

    async def _open(self, pool: str) -> Names:
        names = await self.catalogue.names(pool)
        await self.roster.install(pool)
        return names

    async def page(self, role: str = "guest", member: str = "", **watch: Any) -> Page:
        """A page that has come and looks at the whole pool."""
        page = Page(self, role, member)
        await page.come()
        await page.watch(**(watch or {"all": True}))
        return page

    async def expert(self, expert: str = "ada") -> Page:
        """An expert at the console, online."""
        page = await self.page("expert", expert, all=True, lines=[expert])
        await page.ask(messages.Declare, status="online")
        return page


@contextlib.asynccontextmanager
async def hall(
    store: Store, pool: str, folder: Path, settings: dict[str, int] | None = None, database: str = ""
) -> AsyncIterator[Hall]:
    """A house with the pool `pool` of three experts in its directory. `database` is the address of its books."""
    db = await open_migrated(database or f"sqlite:///{folder / 'books.db'}")
    made = Hall(store, db, pool)
    await made.profiles.create_pool(pool, "The pool", settings or {})
    await made.profiles.put_experts(pool, EXPERTS)
    try:
        yield made
    finally:
        await made.fanout.close()
        await made.phones.close()
        await made.told.close()
        await made.till.close()
        await made.attachments.release()
        await db.close()


@contextlib.asynccontextmanager
async def conducted(house: Hall) -> AsyncIterator[Conductor]:
    """Somebody keeps time and books."""
    conductor = house.conductor()
    task = asyncio.create_task(conductor.run())
    try:
        yield conductor
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)
