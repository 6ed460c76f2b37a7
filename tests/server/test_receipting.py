"""Receipts of real sessions hold, whatever happened in the line and in the session; and who may read them."""

import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from billing import holds, meter
from billing.receipts import store as kept
from billing.receipts.facts import Funded, Left, Matched, Moved, Receipt, Stopped
from billing.receipts.verify import Found, verify
from ground.errors import Refusal
from ground.store import Store
from identity.tokens import Identity, Member
from server.web.receipts import may_read
from sessions.store import find
from tests.databases import database_url, postgres_server
from tests.server.hall import Hall, Page
from tests.server.prepaid import OPTIONS, Call, call, pay_in, till
from wire import messages as m

__all__ = ["database_url", "postgres_server"]
READERS: tuple[tuple[Member, str, bool], ...] = (
    ("user", "ann", True), ("user", "ben", False), ("user", "ada", False), ("expert", "ada", True),
    ("expert", "ann", False), ("operator", "olga", True),
)  # fmt: skip
USERS = ("ann", "ben", "cas", "dee", "eli", "flo")


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path, database_url: str) -> AsyncIterator[Hall]:
    async with till(store, pool, tmp_path, database=database_url, step_away_max_ms=900_000) as made:
        for user in USERS:
            await pay_in(made.db, pool, user, 5_000)
        yield made


async def written(house: Hall) -> None:
    """The books hold everything."""
    assert await house.till.books.reached(house.pool, *await house.journal.tail(house.pool), 10)


async def receipt(house: Hall, session: str) -> tuple[Receipt, Found]:
    await written(house)
    async with house.db.read() as tx:
        body = await kept.receipt(tx, house.pool, session)
    assert body is not None
    found = verify(body.encode())
    assert not found.problem, (found, body)
    return msgspec.json.decode(body, type=Receipt), found


async def accepted(expert: Page, user: Page, rings: m.Offer) -> Call:
    """The offer that rings becomes a session in which both are connected."""
    house = expert.hall
    await expert.ask(m.Accept, offer=rings.offer)
    said = await user.until(m.Session, lambda one: one.state == "connecting" and one.seq > rings.seq)
    at = max(house.clock.now_ms(), said.at, await newest(house)) + 1_000
    await house.presence.renew(house.pool, house.process, now=at)
    for side, page in (("user", user), ("expert", expert)):
        await house.line.connected(house.pool, said.session, side, page.conn.member, now=at)
    return Call(house, user, expert, said.session, at)


async def newest(house: Hall) -> int:
    return (await house.line.snapshot(house.pool)).at


@pytest.mark.claim("A17")
async def test_a_move_overtakes_by_name_and_everybody_can_work_out_their_place(house: Hall) -> None:
    ada, olga = await house.expert("ada"), await house.page("operator", "olga")
    ann, ben, cas, dee = [await house.page("user", name) for name in USERS[:4]]
    await (await house.expert("eve")).ask(m.Declare, status="away")
    first = await call(ann, ada)
    tickets = [(await page.ask(m.Join, experts=["ada"])).ticket for page in (ben, cas, dee)]
    await olga.ask(m.Move, ticket=tickets[2], expert="ada", to="head", reason="urgent")
    await cas.ask(m.Switch, expert="eve")
    await cas.ask(m.Switch, expert="ada")
    await first.passes(40_000)
    await first.end()
    rings = await ada.until(m.Offer, lambda one: one.ticket == tickets[2] and one.state == "ringing")
    second = await accepted(ada, dee, rings)
    await second.passes(31_000)
    await second.end("expert")
    rings = await ada.until(m.Offer, lambda one: one.ticket == tickets[0] and one.state == "ringing")
    third = await accepted(ada, ben, rings)
    await third.passes(5_000)
    await third.end()

    told, found = await receipt(house, first.session)
    assert (found.positions, found.ran_ms, found.amount, found.fee, found.credit) == ([1], 40_000, 400, 80, 320)
    assert not {word for word in ("ann", "Ann", "ben", "Ben") if word in msgspec.json.encode(told).decode()}
    told, found = await receipt(house, second.session)
    assert found.positions == [3, 1] and [why for _ordinal, why in found.overtook] == ["operator"]
    kinds = [type(fact) for fact in told.facts]
    assert kinds.count(Moved) == 1 and kinds.count(Left) == 1, "cas went, and came back behind"
    told, found = await receipt(house, third.session)
    assert (found.positions, found.overtaken, found.amount) == ([1, 2, 1], ["operator"], 0)
    async with house.db.read() as tx:
        waiting = {
            row.ticket for row in await tx.execute(sa.select(kept.places).where(kept.places.c.to_pos < kept.NOWHERE))
        }
        facts = {row.ticket for row in await tx.execute(sa.select(kept.facts))}
    assert waiting - {""} <= set(tickets) and not facts & {tickets[0], tickets[2]}, "what is sealed is kept once"


@pytest.mark.claim("A18")
async def test_standstill_and_a_deposit_are_in_it(house: Hall) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await talk.passes(20_000)
    await house.line.evidence(house.pool, talk.session, "user", house.process, 1, now=talk.at + 1)
    await talk.passes(7_000)
    await house.line.evidence(house.pool, talk.session, "user", house.process, 0, now=talk.at)
    await pay_in(house.db, house.pool, "ann", 700, "second")
    async with house.db.begin() as tx:
        await meter.extend_open(tx, house.pool, "ann", 2)
    await house.metering.funded(house.pool, "ann")
    await ann.until(m.Meter, lambda said: said.budget_ms == 570_000)
    await talk.passes(15_000)
    await talk.end()
    told, found = await receipt(house, talk.session)
    assert (found.ran_ms, found.amount) == (35_000, 350)
    stops = [fact.side for fact in told.facts if isinstance(fact, Stopped)]
    budgets = [fact.budget_ms for fact in told.facts if isinstance(fact, Matched | Funded)]
    assert stops == ["user", ""] and budgets == [500_000, 570_000]

    logged = await find(house.db, house.pool, talk.session)
    for role, subject, may in READERS:
        who = Identity(pool=house.pool, role=role, subject=subject, name="", expires_at=0, token_id="")
        assert may_read(who, logged) is may, (role, subject)
    assert not may_read(who, None)


async def test_a_session_that_the_store_lost_has_a_receipt_up_to_its_last_sign(house: Hall) -> None:
    ada, ann, ben = await house.expert("ada"), await house.page("user", "ann"), await house.page("user", "ben")
    talk = await call(ann, ada)
    await ben.ask(m.Join, experts=["ada"])
    await talk.passes(12_000)
    await written(house)
    snapshot = await house.line.snapshot(house.pool)
    lost = msgspec.structs.replace(snapshot, sessions=[], tickets=[])
    await house.till.books.close_lost(lost, house.pool)
    _told, found = await receipt(house, talk.session)
    assert found.amount == 0 and found.ran_ms <= 12_000
    async with house.db.read() as tx:
        left = [row.ticket for table in (kept.places, kept.facts) for row in await tx.execute(sa.select(table))]
    assert left == [""], "but that places are kept here"


async def test_where_entries_are_missing_no_receipt_says_what_nobody_saw(house: Hall) -> None:
    ada = await house.expert("ada")
    ann, ben, cas, dee = [await house.page("user", name) for name in USERS[:4]]
    talk, pages = await call(ann, ada), {}
    for page in (ben, cas):
        pages[(await page.ask(m.Join, experts=["ada"])).ticket] = page
    await written(house)
    epoch, seq = await house.journal.tail(house.pool)
    await house.till.books.skip(house.pool, epoch, seq)
    pages[(await dee.ask(m.Join, experts=["ada"])).ticket] = dee
    await written(house)
    await house.till.books.close_lost(await house.line.snapshot(house.pool), house.pool)
    pages[(await ann.ask(m.Join, experts=["ada"])).ticket if await over(talk) else ""] = ann
    sealed = []
    for _ in list(pages):
        rings = await ada.until(m.Offer, lambda one: one.state == "ringing" and one.ticket in pages)
        talk = await accepted(ada, pages.pop(rings.ticket), rings)
        await over(talk)
        await written(house)
        async with house.db.read() as tx:
            sealed.append(await kept.receipt(tx, house.pool, talk.session) is not None)
            assert await holds.of_session(tx, house.pool, talk.session) is not None
    assert (sealed[:2], sealed[3]) == ([False, False], True), "who came when everybody was known again has one"
    _told, found = await receipt(house, talk.session)
    assert found.positions == [4, 3, 2, 1]


async def over(talk: Call) -> bool:
    await talk.passes(35_000)
    await talk.end()
    return True


class Day:
    """People who do anything at any time. Refusals are part of it."""

    def __init__(self, house: Hall, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.users: dict[str, Page] = {}
        self.experts: dict[str, Page] = {}
        self.ended: list[str] = []

    async def come(self) -> None:
        self.users = {name: await self.house.page("user", name) for name in USERS}
        self.experts = {name: await self.house.expert(name) for name in ("ada", "eve")}
        self.olga = await self.house.page("operator", "olga")

    async def step(self) -> None:
        page = self.users[self.dice.choice(USERS)]
        expert = self.dice.choice(("ada", "eve"))
        match self.dice.choice(
            ("join", "join", "both", "leave", "switch", "away", "back", "move", "meet", "meet", "end")
        ):
            case "join":
                await self._try(page, m.Join, experts=[expert])
            case "both":
                await self._try(page, m.Join, experts=["ada", "eve"])
            case "leave":
                await self._try(page, m.Leave, expert=self.dice.choice(("", expert)))
            case "switch":
                await self._try(page, m.Switch, expert=expert)
            case "away":
                await self._try(page, m.StepAway, seconds=600)
            case "back":
                await self._try(page, m.ComeBack)
            case "move":
                await self._move(expert)
            case "meet":
                await self._meet()
            case "end":
                await self._end()

    async def _try(self, page: Page, kind: Any, **fields: Any) -> None:
        with suppress(Refusal):
            await page.ask(kind, **fields)

    async def _move(self, expert: str) -> None:
        tickets = [one.ticket for one in (await self.house.line.snapshot(self.house.pool)).tickets]
        if tickets:
            to: Any = self.dice.choice(("head", "tail"))
            await self._try(self.olga, m.Move, ticket=self.dice.choice(tickets), expert=expert, to=to, reason="because")

    async def _meet(self) -> None:
        """Whatever rings is answered; who has met is connected."""
        for offer in (await self.house.line.snapshot(self.house.pool)).offers:
            if self.dice.random() < 0.2:
                await self._try(self.experts[offer.expert], m.Decline, offer=offer.offer, reason="no")
                continue
            await self._try(self.experts[offer.expert], m.Accept, offer=offer.offer)
            await self._try(self.users[offer.user], m.Accept, offer=offer.offer)
        snapshot = await self.house.line.snapshot(self.house.pool)
        for one in snapshot.sessions:
            if one.state == "connecting":
                for side, who in (("user", one.user), ("expert", one.expert)):
                    await self.house.line.connected(self.house.pool, one.session, side, who, now=snapshot.at)

    async def _end(self) -> None:
        snapshot = await self.house.line.snapshot(self.house.pool)
        for one in snapshot.sessions:
            if one.state != "ended":
                at = snapshot.at
                for _ in range(self.dice.choice((1, 14, 22))):
                    at += 2_000
                    await self.house.presence.renew(self.house.pool, self.house.process, now=at)
                await self.house.line.end(self.house.pool, one.session, "expert", one.expert, now=at)
                self.ended.append(one.session)
                return


async def test_every_receipt_of_a_day_of_anything_holds(store: Store, pool: str, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    async with till(store, pool, tmp_path, structs.replace(OPTIONS, free_calls=1000), declines_max=9) as house:
        for user in USERS:
            await pay_in(house.db, pool, user, 1_000_000)
        await _run(house, seed)


async def _run(house: Hall, seed: int) -> None:
    day = Day(house, seed)
    await day.come()
    for _ in range(150):
        await day.step()
    while any(one.state != "ended" for one in (await house.line.snapshot(house.pool)).sessions):
        await day._end()
    await written(house)
    async with house.db.read() as tx:
        held = [one for one in day.ended if await holds.of_session(tx, house.pool, one)]
        bodies = [await kept.receipt(tx, house.pool, one) for one in held]
    found = [verify((body or "").encode()) for body in bodies]
    wrong = [(one, body) for one, body in zip(found, bodies, strict=True) if one.problem]
    assert not wrong, (seed, wrong[0])
    print(len(held), "receipts,", sum(len(one.overtook) for one in found), "overtaken", seed)
    assert held and all(bodies), seed
