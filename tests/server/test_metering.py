"""The meter through the server: what it costs is told before, counted to the millisecond, and in the books once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from billing import ledger, meter
from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.store import Store
from identity.store import sign_ins
from sessions.conversation import Conversation
from tests.databases import database_url, postgres_server
from tests.server.hall import Hall, Page, until
from tests.server.prepaid import OPTIONS, RATE, balance, call, pay_in, ringing, till
from wire import messages as m

__all__ = ["database_url", "postgres_server"]


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with till(store, pool, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def anywhere(store: Store, pool: str, tmp_path: Path, database_url: str) -> AsyncIterator[Hall]:
    """The same on each kind of database in turn."""
    async with till(store, pool, tmp_path, database=database_url) as made:
        yield made


async def refused(page: Page, kind: Any, /, **fields: Any) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        await page.ask(kind, **fields)
    return caught.value.code, caught.value.detail


async def owed(house: Hall, expert: str) -> int:
    async with house.db.read() as tx:
        return await ledger.owed_to(tx, house.pool, expert)


@pytest.mark.claim("A14", "A15", "A17")
async def test_a_session_is_charged_and_credited_to_the_millisecond(anywhere: Hall) -> None:
    house, pool = anywhere, anywhere.pool
    await pay_in(house.db, pool, "ann", 5_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    assert (await ann.until(m.Wallet)).balance == 5_000
    quote = await ann.ask(m.Quote, expert="ada")
    assert (quote.rate, quote.balance, quote.enough_s, quote.minimum_s, quote.enough) == (RATE, 5_000, 500, 60, True)
    talk = await call(ann, ada)
    assert [place.rate for said in ann.heard(m.MyTicket) for place in said.places][-1] == RATE
    assert await balance(house.db, pool, "ann") == (5_000, 5_000)
    assert (await ann.until(m.Wallet, lambda said: said.held > 0)).balance == 0
    for page, fee_bps in ((ann, 0), (ada, 2_000)):
        clock = await page.until(m.Meter, lambda said: said.running_since > 0)
        assert (clock.running_since, clock.ends_at, clock.fee_bps) == (talk.began, talk.began + 500_000, fee_bps)
        assert (clock.rate, clock.budget_ms, clock.currency, clock.frozen) == (RATE, 500_000, "EUR", "")
    await talk.passes(61_234)
    assert await refused(ann, m.BillOf, session=talk.session) == ("not_settled", talk.session)
    await talk.end()
    bill, earned = await talk.billed(), await talk.billed("expert")
    assert (bill.outcome, bill.ms, bill.amount, bill.balance, bill.partner) == (
        "charged", 61_234, 612, 4_388, "Ada Lovelace",
    )  # fmt: skip
    assert (bill.fee, bill.credit) == (0, 0), "what is whose of it is between the expert and the pool"
    assert (earned.amount, earned.fee, earned.credit, earned.balance, earned.partner) == (612, 122, 490, 490, "Ann")
    assert await balance(house.db, pool, "ann") == (4_388, 0) and await owed(house, "ada") == 490
    assert (await ann.until(m.Wallet, lambda said: said.balance == 4_388)).held == 0
    over = await ann.until(m.Meter, lambda said: said.running_since == 0 and said.ran_ms > 0)
    assert (over.ran_ms, over.ends_at) == (61_234, 0)
    assert (await ann.ask(m.BillOf, session=talk.session)).bill == bill
    assert (await ada.ask(m.BillOf, session=talk.session)).bill == earned


@pytest.mark.claim("A20")
async def test_thirty_seconds_are_nowhere_and_a_millisecond_more_is_on_both_sides(anywhere: Hall) -> None:
    house, pool = anywhere, anywhere.pool
    await pay_in(house.db, pool, "ann", 5_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    for ms, outcome, amount in ((30_000, "short", 0), (30_001, "charged", 300)):
        talk = await call(ann, ada)
        await talk.passes(ms)
        await talk.end()
        bill, earned = await talk.billed(), await talk.billed("expert")
        assert (bill.outcome, bill.ms, bill.amount) == (outcome, ms, amount)
        assert (earned.outcome, earned.credit) == (outcome, amount - amount // 5)
        assert (await balance(house.db, pool, "ann"), await owed(house, "ada")) == ((5_000 - amount, 0), earned.credit)


@pytest.mark.claim("A18")
async def test_at_zero_the_session_ends_and_a_deposit_moves_zero(house: Hall) -> None:
    pool = house.pool
    await pay_in(house.db, pool, "ann", 1_000)
    warned: list[str] = []

    async def note(_pool: str, user: str) -> None:
        warned.append(user)

    house.metering.on_minute.append(note)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await talk.passes(90_000)
    await until(lambda: _is(warned == ["ann"]))
    await _pay_in_and_hold(house, "ann", 500)
    await house.metering.funded(pool, "ann")
    for page in (ann, ada):
        clock = await page.until(m.Meter, lambda said: said.budget_ms == 150_000)
        assert (clock.ran_ms, clock.ends_at) == (clock.at - talk.began, talk.began + 150_000)
    await talk.passes(65_000)
    ended = await ada.until(m.Session, lambda said: said.state == "ended")
    assert (ended.reason, ended.ended_at) == ("balance_spent", talk.began + 150_000)
    bill = await talk.billed()
    assert (bill.ms, bill.amount, bill.balance) == (150_000, 1_500, 0)
    assert await balance(house.db, pool, "ann") == (0, 0)


async def test_a_deposit_that_nobody_told_is_told_by_whoever_leads(house: Hall) -> None:
    """The process that took the deposit was killed after its transaction."""
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await _pay_in_and_hold(house, "ann", 700)
    clock = await ann.until(m.Meter, lambda said: said.budget_ms == 170_000)
    assert clock.ends_at == talk.began + 170_000


@pytest.mark.claim("A18", "A19")
async def test_who_has_too_little_is_told_before_and_let_in_after_a_deposit(house: Hall) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    assert (await ann.ask(m.Quote, expert="ada")).enough is False
    assert await refused(ann, m.Join, experts=["bob", "ada"]) == ("balance_too_low", "1")
    assert await refused(ann, m.Connect, expert="ada") == ("balance_too_low", "1")
    await pay_in(house.db, house.pool, "ann", 599)
    assert await refused(ann, m.Join, experts=["ada"]) == ("balance_too_low", "1")
    quote = await ann.ask(m.Quote, expert="bob")
    assert (quote.rate, quote.enough_s, quote.enough, quote.deposits) == (0, -1, True, OPTIONS.deposits)
    await pay_in(house.db, house.pool, "ann", 1, "second")
    await house.metering.funded(house.pool, "ann")
    assert (await ann.until(m.Wallet, lambda said: said.balance == 600)).held == 0
    offer = await ringing(ann, ada)
    assert isinstance(await ada.ask(m.Accept, offer=offer.offer), m.Ok)
    for unknown in ("nobody", "x" * 60):
        assert await refused(ann, m.Quote, expert=unknown) == ("unknown_expert", unknown)
    assert await refused(ann, m.Quote, expert="bob", mode="audio") == ("mode_not_offered", "bob")


@pytest.mark.claim("A10")
async def test_the_rate_is_that_of_the_expert_and_the_mode_and_stays_as_it_was_told(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 100_000)
    ann, operator = await house.page("user", "ann"), await house.page("operator", "olga")
    ada, eve = await house.expert("ada"), await house.expert("eve")
    for console in (ada, eve):
        await console.ask(m.Declare, status="away")
    joined = await ann.ask(m.Join, experts=["ada", "eve"], mode="audio")
    assert {place.expert: place.rate for place in joined.places} == {"ada": RATE, "eve": 10 * RATE}
    dearer = msgspec.structs.replace((await house.catalogue.open(house.pool)).experts["ada"], rate=9_999)
    await house.profiles.put_experts(house.pool, [dearer])
    await house.news.profile(house.pool, "ada")
    await until(lambda: _is(house.catalogue._pages[house.pool].experts["ada"].rate == 9_999))
    assert {place.rate for place in (await ann.until(m.MyTicket)).places} == {RATE, 10 * RATE}
    await operator.ask(m.Move, ticket=joined.ticket, expert="eve", to="head", reason="first")
    await ada.ask(m.Declare, status="online")
    rings = await ada.until(m.Offer, lambda said: said.state == "ringing")
    await ada.ask(m.Accept, offer=rings.offer)
    assert (await ann.until(m.Meter)).rate == RATE


@pytest.mark.claim("A10")
async def test_a_yes_to_one_rate_is_none_to_a_higher_one(house: Hall) -> None:
    """A page that has not heard of the new rate yet may ask for what it shows, and no more is ever locked."""
    await pay_in(house.db, house.pool, "ann", 100_000)
    ann = await house.page("user", "ann")
    ada, eve = await house.expert("ada"), await house.expert("eve")
    low = RATE - 1
    assert await refused(ann, m.Connect, expert="ada", mode="audio", rate=low) == ("rate_higher", "ada")
    both = {"experts": ["ada", "eve"], "mode": "audio"}
    assert await refused(ann, m.Join, rates=[RATE, 10 * low], **both) == ("rate_higher", "eve")
    assert await refused(ann, m.Join, rates=[0], **both) == ("rate_higher", "ada")
    for console in (ada, eve):
        await console.ask(m.Declare, status="away")
    op = "op_aaaaaaaaaaaaaaaaaaaa"
    joined = await ann.ask(m.Join, experts=["ada"], mode="audio", rates=[RATE + 1], op=op)
    assert [place.rate for place in joined.places] == [RATE], "what it costs, not what was agreed to"
    again = await ann.ask(m.Join, experts=["ada"], mode="audio", rates=[low], op=op)
    assert again.ticket == joined.ticket, "a repeat is answered as the first time"
    assert await refused(ann, m.Switch, expert="eve", rate=low) == ("rate_higher", "eve")
    assert [place.expert for place in (await ann.until(m.MyTicket)).places] == ["ada"]
    switched = await ann.ask(m.Switch, expert="eve", rate=10 * RATE)
    assert {place.expert: place.rate for place in switched.places} == {"eve": 10 * RATE}


@pytest.mark.claim("A18")
async def test_money_that_is_gone_when_the_expert_accepts_ends_the_offer(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    offer = await ringing(ann, ada)
    async with house.db.begin() as tx:
        await ledger.refund(tx, house.pool, "ann", 900, "EUR", key="back", now=3)
    assert await refused(ada, m.Accept, offer=offer.offer) == ("balance_too_low", "")
    paused = await ann.until(m.MyTicket, lambda said: said.pause_reason == "balance_too_low")
    assert paused.state == "waiting" and await balance(house.db, house.pool, "ann") == (100, 0)
    await pay_in(house.db, house.pool, "ann", 900, "again")
    await house.metering.funded(house.pool, "ann")
    again = await ada.until(m.Offer, lambda said: said.state == "ringing" and said.offer != offer.offer)
    assert isinstance(await ada.ask(m.Accept, offer=again.offer), m.Ok)


async def test_a_frozen_wallet_lets_nobody_in(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    offer = await ringing(ann, ada)
    async with house.db.begin() as tx:
        await ledger.freeze(tx, house.pool, "ann", "EUR", reason="disputed", now=3)
    assert await refused(ada, m.Accept, offer=offer.offer) == ("wallet_frozen", "")
    await ann.ask(m.Leave)
    assert await refused(ann, m.Join, experts=["ada"]) == ("wallet_frozen", "")
    await house.metering.wallet_changed(house.pool, "ann")
    assert (await ann.until(m.Wallet, lambda said: said.frozen)).balance == 1_000


@pytest.mark.claim("A20")
async def test_calls_that_cost_nothing_are_few_a_day_unless_the_expert_ends_them(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 10_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    for side in ("expert", "user", "user", "user"):
        talk = await call(ann, ada)
        await talk.passes(20_000)
        await talk.end(side)
        assert (await talk.billed()).outcome == "short"
    assert await refused(ann, m.Join, experts=["ada"]) == ("too_many_free_calls", "ada")
    assert await balance(house.db, house.pool, "ann") == (10_000, 0)


@pytest.mark.claim("A20")
async def test_talk_beside_the_clock_is_counted_as_a_free_call(store: Store, pool: str, tmp_path: Path) -> None:
    """Who never says that they are connected, and whose clock stands still from the first moment, could talk."""
    async with till(store, pool, tmp_path, connect_ms=5_000) as house:
        await pay_in(house.db, pool, "ann", 10_000)
        ada, ann = await house.expert("ada"), await house.page("user", "ann")
        for comes in (ada, ann, ada):
            bill = await _connects_alone(house, ann, ada, comes)
            assert (bill.outcome, bill.ms) == ("short", 0)
        talk = await call(ann, ada)
        await house.line.evidence(pool, talk.session, "user", house.process, 1, now=talk.at + 1)
        await talk.passes(60_000)
        await talk.end()
        assert ((await talk.billed()).outcome, (await talk.billed()).ms) == ("short", 0)
        assert await refused(ann, m.Join, experts=["ada"]) == ("too_many_free_calls", "ada")


@pytest.mark.claim("A20")
async def test_the_free_beginning_of_a_session_is_given_a_few_times_a_day(
    store: Store, pool: str, tmp_path: Path
) -> None:
    """Else a call of a minute and a second would cost next to nothing, as often as somebody likes."""
    async with till(store, pool, tmp_path, msgspec.structs.replace(OPTIONS, free_minutes=1)) as house:
        await pay_in(house.db, pool, "ann", 10_000)
        ada, ann = await house.expert("ada"), await house.page("user", "ann")
        for free_s in (60, 60, 60, 0):
            assert (await ann.ask(m.Quote, expert="ada")).free_s == free_s
            talk = await call(ann, ada)
            await talk.passes(61_000)
            await talk.end()
            assert (await talk.billed()).amount == (10 if free_s else 610)
        visitor = {"id": "v1", "pool": pool, "role": "user", "subject": "vic", "account": "", "how": "visitor"}
        times = {"created_at": 1, "seen_at": 1, "expires_at": 2**52, "agent": "", "ended_why": ""}
        async with house.db.begin() as tx:
            await tx.execute(sign_ins.insert().values(visitor | times))
        vic = await house.page("user", "vic")
        assert (await vic.ask(m.Quote, expert="ada")).free_s == 0, "whoever drops a cookie is another visitor"
        assert await refused(vic, m.Join, experts=["ada"]) == ("balance_too_low", "1")


async def test_what_was_set_aside_for_an_offer_that_came_to_nothing_is_free_for_the_next(house: Hall) -> None:
    """At once for who joins again, though the books are a little behind; and in the end where a process has died."""
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    await ada.ask(m.Declare, status="away")
    joined = await ann.ask(m.Join, experts=["ada"])
    await house.line.step_away(house.pool, "ann", 1)
    await house.line.run_due(house.pool, now=house.clock.now_ms() + 2_000)
    await ada.ask(m.Declare, status="online")
    asked = await ann.until(m.Offer, lambda said: said.ticket == joined.ticket and not said.mine)
    await ann.ask(m.Accept, offer=asked.offer)
    assert await balance(house.db, house.pool, "ann") == (1_000, 1_000)
    await ann.ask(m.Leave)
    offer = await ringing(ann, ada)
    assert offer.offer != asked.offer
    await ann.ask(m.Leave)
    async with house.db.begin() as tx:  # a process set it aside and was killed; meanwhile the user left
        await meter.reserve(
            tx, house.pool, offer.offer, "ann", "ada", rate=RATE, free_ms=0, cap_ms=3_600_000, minimum_ms=60_000,
            fee_bps=0, currency="EUR", now=house.clock.now_ms(),
        )  # fmt: skip
    await until(lambda: _has(house, (1_000, 0)))


@pytest.mark.claim("A17")
async def test_the_clock_stands_still_while_a_side_is_not_heard_and_a_page_that_comes_again_sees_it(
    house: Hall,
) -> None:
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await house.line.evidence(house.pool, talk.session, "user", house.process, 1)
    for page in (ann, ada):
        clock = await page.until(m.Meter, lambda said: said.frozen == "user")
        assert (clock.running_since, clock.ends_at) == (0, 0)
    again = await house.page("user", "ann")
    assert (await again.until(m.Meter)).frozen == "user" and (await again.until(m.Wallet)).held == 1_000
    await house.line.evidence(house.pool, talk.session, "user", house.process, 0)
    runs = await again.until(m.Meter, lambda said: said.frozen == "" and said.running_since > 0)
    assert runs.ends_at == runs.running_since + 100_000 - clock.ran_ms


async def test_a_session_that_the_live_store_lost_is_charged_up_to_its_last_sign(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await talk.passes(41_000)
    at = talk.began + 40_500
    await Conversation(house.store).say(house.pool, talk.session, "user", "ann", "hi", now=at)
    assert await house.books.reached(house.pool, *await house.journal.tail(house.pool), 10)
    node = house.store.nodes.node(house.pool)
    await node.execute_command("DEL", *await node.execute_command("KEYS", f"ol:{{{house.pool}}}*"))
    await until(lambda: _has(house, (595, 0)))
    assert (await ann.ask(m.BillOf, session=talk.session)).bill.ms == 40_500


async def test_a_free_pool_knows_nothing_of_money(store: Store, pool: str, tmp_path: Path) -> None:
    async with till(store, pool, tmp_path, PoolOptions()) as house:
        ada, ann = await house.expert("ada"), await house.page("user", "ann")
        quote = await ann.ask(m.Quote, expert="ada")
        assert (quote.rate, quote.enough_s, quote.enough, quote.deposits) == (0, -1, True, [])
        talk = await call(ann, ada)
        await talk.passes(40_000)
        await talk.end()
        assert await refused(ann, m.BillOf, session=talk.session) == ("not_prepaid", talk.session)
        assert not ann.heard(m.Wallet) and not ann.heard(m.Meter) and not ann.heard(m.Billed)


async def test_the_bill_of_others_is_that_of_no_session(house: Hall) -> None:
    await pay_in(house.db, house.pool, "ann", 1_000)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    talk = await call(ann, ada)
    await talk.passes(40_000)
    await talk.end()
    await talk.billed()
    for role, member in (("user", "ben"), ("expert", "bob")):
        stranger = await house.page(role, member)
        for session in (talk.session, "s9-nowhere"):
            assert await refused(stranger, m.BillOf, session=session) == ("no_such_session", session)


async def _has(house: Hall, wanted: tuple[int, int]) -> bool:
    return await balance(house.db, house.pool, "ann") == wanted


async def _connects_alone(house: Hall, ann: Page, ada: Page, comes: Page) -> m.Bill:
    """Both accept, and only `comes` says that they are connected."""
    offer = await ringing(ann, ada)
    await ada.ask(m.Accept, offer=offer.offer)
    said = await ann.until(m.Session, lambda one: one.state == "connecting" and one.seq > offer.seq)
    await comes.ask(m.Connected, session=said.session)
    await house.presence.renew(house.pool, house.process, now=said.at + 4_000)
    await house.line.run_due(house.pool, now=said.at + 6_000)
    return (await ann.until(m.Billed, lambda one: one.bill.session == said.session)).bill


async def _pay_in_and_hold(house: Hall, user: str, amount: int) -> None:
    """A deposit as its webhook books it: open holds grow in the same transaction."""
    async with house.db.begin() as tx:
        await ledger.deposit(tx, house.pool, user, amount, "EUR", key=f"second:{user}", now=2)
        await meter.extend_open(tx, house.pool, user, 2)


async def _is(value: bool) -> bool:
    return value
