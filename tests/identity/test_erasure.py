"""Forgetting somebody, on both databases: whole, whatever dies on the way, and nobody else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from directory import wishes
from directory.expert import Expert
from directory.index.index import Index
from directory.profiles import Profiles
from directory.wishes import Wish
from ground.clock import SystemClock
from ground.errors import Refusal
from ground.journal import Journal
from ground.sql import Database, metadata
from ground.store import Store
from identity import audit, sign_ins
from identity.accounts import Accounts
from identity.erasure import Erasures
from identity.outside import store as outside
from identity.outside.logins import Logins
from identity.tokens import Identity
from mail import outbox
from mail.letter import Letter
from queueing.line import Line
from server.books import Books
from server.erasing import Eraser
from tests.model.scene import START, Scene

NOW = START


async def nothing() -> None:
    """No file of theirs lies anywhere."""


class Died(BaseException):
    """The process is gone."""


class Counted:
    """Lets `left` operations through; at the next one the process dies. (Dying after one is dying before the next.)"""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Died


class MortalStore:
    def __init__(self, inner: Store, count: Counted) -> None:
        self._inner, self._count = inner, count

    async def call(self, *given: Any, **more: Any) -> Any:
        self._count.spend()
        return await self._inner.call(*given, **more)


class MortalDatabase:
    def __init__(self, inner: Database, count: Counted) -> None:
        self._inner, self._count = inner, count
        self.kind = inner.kind

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        self._count.spend()
        async with self._inner.begin() as tx:
            yield tx

    read = begin


class Town:
    """A pool with Ada, who serves whoever comes, and books that follow."""

    def __init__(self, scene: Scene, db: Database, store: Store) -> None:
        self.scene, self.db, self.store = scene, db, store
        self.index, self.profiles, self.journal = Index(db), Profiles(db), Journal(store)

    def eraser(self, dies_at: int = 10_000) -> Eraser:
        count = Counted(dies_at)
        db: Any = MortalDatabase(self.db, count)
        store: Any = MortalStore(self.store, count)
        return Eraser(db, store, Line(store), Journal(store), Index(db), Profiles(db), SystemClock(), nothing)

    async def keep_books(self) -> None:
        books = Books(self.db)
        while True:
            cursor = await books.cursor(self.scene.pool)
            await books.write(self.scene.pool, await self.journal.read(self.scene.pool, cursor.seq, 100))
            await asyncio.sleep(0.02)

    async def serve(self, name: str) -> Identity:
        """Somebody with an account, who came as a visitor, chatted, and wrote and was written to."""
        scene, pool, email = self.scene, self.scene.pool, f"{name}@mail.example"
        subject = await Accounts(self.db).open(pool, "user", email, f"{name} quince", now=NOW)
        who = Identity(pool=pool, role="user", subject=subject, name=name, expires_at=0, token_id="", account=subject)
        visitor = Identity(pool=pool, role="user", subject=f"v-{name}", name="", expires_at=0, token_id="")
        await scene.join(visitor.subject, "ada", name=f"{name} quince")
        session = await scene.meet("ada")
        await scene.conversation.say(pool, session.session, "user", visitor.subject, f"{name} said", now=scene.now)
        await scene.line.adopt(pool, visitor.subject, subject, name=f"{name} quince", now=scene.now)
        await scene.end("ada")
        await scene.line.finish_wrap_up(pool, "ada", now=scene.now)
        await scene.join(subject, "bob", name=f"{name} quince")
        await Logins(self.db).note_adopted(visitor, who, now=NOW)
        async with self.db.begin() as tx:
            await sign_ins.begin(tx, who, "link", f"{name}s browser", NOW)
            await outside.add_login(tx, {"issuer": "https://i", "subject": f"{name}!", "account": subject, "at": NOW})
            await outbox.put(tx, Letter(pool="elsewhere", kind="x", to=email, subject="s", text=f"dear {name}"), NOW)
            await outbox.count(tx, f"wish-of:{email}", 9, NOW)
            wish = Wish(pool=pool, expert="ada", address=email, subject=subject, language="en")
            await wishes.put(tx, wish, NOW)
            await self.index.add_chat(tx, pool, "ada", session.session, subject, f"{name} said")
            done = audit.Action(actor="olga", action="invite", object=f"user:{email}", reason="r")
            await audit.note(tx, pool, NOW, done)
        return who

    async def written(self, word: str) -> bool:
        """Whether any row of any table holds `word`."""
        async with self.db.read() as tx:
            for table in metadata.sorted_tables:
                rows = await tx.execute(sa.select(table))
                if any(word in str(tuple(row)) for row in rows):
                    return True
        return False

    async def left_of(self, who: Identity) -> list[str]:
        """What the books still know of somebody. An ended sign-in and an empty account know an id."""
        known = [word for word in (who.name, f"v-{who.name}") if await self.written(word)]
        async with self.db.read() as tx:
            for table in metadata.sorted_tables:
                if table.name not in ("accounts", "sign_ins"):
                    rows = (await tx.execute(sa.select(table))).all()
                    known += [table.name for row in rows if who.subject in str(tuple(row))]
        return known


@pytest.fixture
async def town(database: Database, store: Store, pool: str) -> AsyncIterator[Town]:
    scene = Scene(store, pool)
    made = Town(scene, database, store)
    await made.profiles.create_pool(scene.pool, "The pool")
    await made.profiles.put_experts(scene.pool, [Expert(expert="ada", name="Ada"), Expert(expert="bob", name="Bob")])
    await scene.open("ada", "bob", line_limit=200, max_wait_ms=10**9)
    await scene.declare("bob", "away")
    books = asyncio.create_task(made.keep_books())
    yield made
    books.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await books


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


async def test_whatever_dies_the_next_one_brings_it_to_the_end(town: Town) -> None:
    stays = await town.serve("stays")
    erasures, finished, step = Erasures(town.db), False, 0
    while not finished:
        who = await town.serve(f"somebody{step}u")  # long enough that no random id holds it
        await until(lambda who=who: town.written(f"{who.name} said"))  # type: ignore[misc]
        erasure = await erasures.begin(who, now=NOW)
        try:
            finished = await town.eraser(step).finish(erasure)
            assert finished
        except Died:
            assert [left.erasure for left in await erasures.open()] in ([erasure.erasure], [])
            for left in await erasures.open():
                assert await town.eraser().finish(left)
        assert await town.left_of(who) == []
        assert await erasures.open() == []
        assert await town.scene.ticket(who.subject) is None
        step += 1
    assert step > 8, "too few places to die at"
    assert await town.written("stays said") and await town.written("stays@mail.example")
    assert (await town.scene.ticket_of(stays.subject)).state == "waiting"


async def test_what_was_done_may_be_done_again(town: Town) -> None:
    who = await town.serve("twice")
    erasures = Erasures(town.db)
    erasure = await erasures.begin(who, now=NOW)
    with pytest.raises(Refusal, match="no_account"):
        await erasures.begin(who, now=NOW)
    done = await asyncio.gather(*(town.eraser().finish(erasure) for _ in range(3)))
    assert done == [True] * 3
    assert await town.left_of(who) == []


async def test_a_letter_that_is_just_being_handed_over_is_waited_for(town: Town) -> None:
    who = await town.serve("later")
    box = outbox.Outbox(town.db)
    (claimed,) = await box.claim(NOW, 5)
    assert await box.hand_over(claimed, NOW)
    erasure = await Erasures(town.db).begin(who, now=NOW)
    assert not await town.eraser().finish(erasure)
    assert await Erasures(town.db).open()
    await box.sent(claimed, NOW)
    assert await town.eraser().finish(erasure)
    assert await town.left_of(who) == []


async def test_an_address_is_free_again_at_once_and_the_next_owner_is_somebody_else(town: Town) -> None:
    who = await town.serve("first")
    await Erasures(town.db).begin(who, now=NOW)
    again = await Accounts(town.db).open(who.pool, "user", "first@mail.example", "Second", now=NOW)
    assert again != who.subject


async def test_a_session_that_began_in_the_same_moment_is_ended(town: Town) -> None:
    who = await town.serve("busy")
    await town.scene.declare("bob", "online")
    await town.scene.accept("bob")
    erasure = await Erasures(town.db).begin(who, now=NOW)
    assert await town.eraser().finish(erasure)
    ended = await town.scene.session("bob") if await town.scene.facts() else None
    assert ended is None or ended.state == "ended"
    assert await town.scene.light("bob") == "free"
