"""A client that names its own price, minutes or amounts; that spends one balance twice; that asks for others' bills."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from billing import ledger
from directory.expert import Expert, PoolOptions
from directory.profiles import Profiles
from tests.chaos.town import Town
from wire import messages

RATE = 600
OP = "operation-of-mine"
TAMPERED: list[dict[str, Any]] = [
    {"t": "join", "op": OP, "experts": ["ada"], "rate": 0},
    {"t": "join", "op": OP, "experts": ["ada"], "price": 1, "minutes": 600},
    {"t": "join", "op": OP, "experts": ["ada"], "terms": {"ada": [0, 0, 10**9]}},
    {"t": "connect", "op": OP, "expert": "ada", "free_ms": 10**9},
    {"t": "join", "op": OP, "experts": ["ada"], "rates": [-1]},
    {"t": "connect", "op": OP, "expert": "ada", "rate": -2},
    {"t": "switch", "op": OP, "expert": "ada", "rate": "free"},
    {"t": "call_me", "op": OP, "on": True, "rate": 1e30},
    {"t": "accept", "op": OP, "offer": "o1-x", "budget_ms": 10**12},
    {"t": "accept", "op": OP, "offer": "o1-x", "fee_bps": 0},
    {"t": "connected", "session": "s1-x", "ran_ms": 0},
    {"t": "end", "op": OP, "session": "s1-x", "ran_ms": 1},
    {"t": "quote", "expert": "ada", "rate": 1},
    {"t": "bill_of", "session": "s1-x", "side": "expert"},
    *({"t": "deposit", "op": OP, "amount": amount} for amount in (-1, 0, 1e30, 10**30, 5.5, "500", True, None, [5])),
    {"t": "deposit", "op": OP, "amount": 500, "user": "vic"},
    {"t": "deposit", "op": OP, "amount": 500, "currency": "JPY"},
    {"t": "deposit", "op": OP, "amount": 500, "back": "//evil.example"},
    {"t": "wallet", "balance": 10**9},
    {"t": "billed", "amount": 0},
]


async def new_pool(site: Town) -> str:
    listed = [Expert(expert=name, name=name.title(), rate=RATE) for name in ("ada", "bob")]
    return await site.new_pool(*listed, options=PoolOptions(prepaid=True), ready_after_ms=600_000, wrap_up_ms=1)


async def pay_in(site: Town, pool: str, user: str, amount: int) -> None:
    async with site.database.begin() as tx:
        await ledger.deposit(tx, pool, user, amount, "EUR", key=f"deposit:{user}", now=1)


async def wallet(site: Town, pool: str, user: str) -> tuple[int, int]:
    async with site.database.read() as tx:
        found = await ledger.balance_of(tx, pool, user)
    return found.balance, found.pending


@pytest.mark.claim("A17", "A18")
async def test_price_and_minutes_are_not_the_clients_to_say(site: Town) -> None:
    pool = await new_pool(site)
    await pay_in(site, pool, "mal", 1_000)
    texts = [json.dumps({"id": 100 + n, **fields}) for n, fields in enumerate(TAMPERED)]
    texts += [
        f'{{"t":"deposit","id":{200 + n},"op":"{OP}","amount":{word}}}' for n, word in enumerate(("NaN", "1e999"))
    ]
    for start in range(0, len(texts), 4):  # a socket that sends more of them is closed
        async with site.talker(pool, "user", "mal", watch=False) as mal:
            for text in texts[start : start + 4]:
                mal.told.clear()
                await mal.socket.send(text, text=True)
                answer = await mal.until(messages.Refused)
                assert answer.code in ("malformed", "bad_field", "unknown_field", "unknown_message"), text
    assert await wallet(site, pool, "mal") == (1_000, 0)
    shot = await site.truth(pool)
    assert not shot.tickets and not shot.offers and not shot.sessions


@pytest.mark.claim("A18")
async def test_one_balance_pays_for_one_session_however_many_are_asked_for_at_once(site: Town) -> None:
    """Joins and connects of both experts, on many tabs at once, while the tabs also pay and leave."""
    pool = await new_pool(site)
    await pay_in(site, pool, "mal", RATE)
    async with AsyncExitStack() as stack:
        consoles = [await stack.enter_async_context(site.expert(pool, name)) for name in ("ada", "bob")]
        tabs = [await stack.enter_async_context(site.talker(pool, "user", "mal", watch=False)) for _ in range(5)]
        asks = [tab.ask(messages.Connect, expert=name) for name in ("ada", "bob") for tab in tabs]
        asks += [tab.ask(messages.Join, experts=["ada", "bob"]) for tab in tabs]
        granted = [one for one in await asyncio.gather(*asks) if isinstance(one, messages.Joined)]
        assert len(granted) == 1
        shot = await site.until(pool, lambda shot: shot.offers)
        offer = shot.offers[0].offer
        accepts = [page.ask(messages.Accept, offer=offer) for page in [*consoles, *tabs] * 5]
        await asyncio.gather(*accepts)
        shot = await site.truth(pool)
        assert [session.budget_ms for session in shot.sessions] == [60_000]
        assert await wallet(site, pool, "mal") == (RATE, RATE)


async def test_a_rate_is_locked_in_the_mode_of_the_ticket(site: Town) -> None:
    """A switch takes the rate of the mode that the ticket has, though the client has just had another."""
    pool = await new_pool(site)
    dear = Expert(expert="bob", name="Bob", modes=["chat", "audio"], rate=1, mode_rates={"audio": 6_000})
    ada = Expert(expert="ada", name="Ada", modes=["chat", "audio"], rate=1, mode_rates={"audio": 6_000})
    await Profiles(site.database).put_experts(pool, [dear, ada])
    await pay_in(site, pool, "mal", 100_000)
    async with site.expert(pool, "ada") as console, site.expert(pool, "bob") as other:
        for page in (console, other):
            await page.ask(messages.Declare, status="away")
        async with site.talker(pool, "user", "mal", watch=False) as mal:
            for mode, rate in (("chat", 1), ("audio", 6_000)):
                await mal.ask(messages.Join, experts=["ada"], mode=mode)
                switched = await mal.ask(messages.Switch, expert="bob")
                assert [place.rate for place in switched.places] == [rate]
                await mal.ask(messages.Leave)
