"""Every role, every message, objects that are not theirs: answered like objects that do not exist, and nothing moves.

Made from `wire.messages.ClientMessage`, so that a new message can't be forgotten.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
import pytest
import pytest_asyncio

from identity.roles import may
from queueing.facts import PoolSnapshot
from tests.chaos.town import Town
from tests.stories.talker import Talker, talking
from wire import messages
from wire.messages import ClientMessage

LONG = 600_000
SETTINGS = {"ring_ms": LONG, "ready_after_ms": LONG, "connect_ms": LONG, "wrap_up_ms": LONG, "line_limit": 9}
NOBODYS = {"offer": "o9zz-nowhere", "session": "s9zz-nowhere", "ticket": "t9zz-nowhere", "lines": ["nobody"]}
"""Fields that name something private, with a value that names nothing."""
PUBLIC = {"expert": "ada", "experts": ["ada"], "leaving": "ada", "all": False}
"""Fields that name what everybody may see."""
PLAIN = {
    "mode": "chat", "seconds": 5, "reason": "because", "text": "hello", "n": 1, "before": 0, "limit": 10,
    "kind": "mute", "data": "", "status": "away", "to": "head",
}  # fmt: skip
HELLO = "hello"
KINDS = [kind for kind in get_args(ClientMessage) if kind.__struct_config__.tag != HELLO]
ATTACKERS = [
    ("here", "guest"), ("here", "user"), ("here", "expert"), ("here", "operator"),
    ("elsewhere", "guest"), ("elsewhere", "user"), ("elsewhere", "expert"), ("elsewhere", "operator"),
]  # fmt: skip


@dataclass
class Scene:
    """A session, an offer and a waiting ticket of others, and one attacker of each kind."""

    site: Town
    pool: str
    theirs: dict[str, Any]
    attackers: dict[tuple[str, str], Talker]
    people: dict[str, Talker]

    async def truth(self) -> PoolSnapshot:
        """The pool as it is, but for the clock and the servers' leases, which move by themselves."""
        shot = await self.site.truth(self.pool)
        deadlines = [(name, at) for name, at in shot.deadlines if not name.startswith("lease:")]
        return msgspec.structs.replace(shot, at=0, deadlines=deadlines)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(site: Town) -> AsyncIterator[Scene]:
    pool, other = [await site.new_pool("ada", "bob", "eve", **SETTINGS) for _ in range(2)]
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(site.expert(pool, name)) for name in ("ada", "bob")}
        for name in ("vic", "wim", "tom"):
            people[name] = await stack.enter_async_context(site.talker(pool, "user", name))
        theirs = await begin(people)
        attackers = {}
        for place, role in ATTACKERS:
            where, member = (pool if place == "here" else other), "eve" if role == "expert" else "mal"
            token = "" if role == "guest" else site.token(where, role, member)  # type: ignore[arg-type]
            port = site.ports[0]
            attackers[place, role] = await stack.enter_async_context(talking(port, where, token, watch=False))
        yield Scene(site, pool, theirs, attackers, people)


async def begin(people: dict[str, Talker]) -> dict[str, Any]:
    """Vic talks with Ada, Bob's console rings for Wim, Tom waits for Ada."""
    await people["vic"].ask(messages.Join, experts=["ada"])
    offer = await people["ada"].until(messages.Offer)
    await people["ada"].ask(messages.Accept, offer=offer.offer)
    session = await people["vic"].until(messages.Session)
    for name in ("vic", "ada"):
        await people[name].ask(messages.Connected, session=session.session)
    await people["vic"].ask(messages.Say, session=session.session, text="between us")
    await people["wim"].ask(messages.Join, experts=["bob"])
    ringing = await people["bob"].until(messages.Offer)
    waiting = await people["tom"].ask(messages.Join, experts=["ada"])
    return {"session": session.session, "offer": ringing.offer, "ticket": waiting.ticket, "lines": ["ada"]}


def filled(kind: type[messages.Request], objects: dict[str, Any]) -> dict[str, Any]:
    """Values for every field of a message. A field that no table here knows fails: say whose objects it names."""
    known = objects | PUBLIC | PLAIN
    skipped = ("id", "op")
    return {field.name: known[field.name] for field in msgspec.structs.fields(kind) if field.name not in skipped}


def names_private(kind: type[messages.Request]) -> bool:
    return any(field.name in NOBODYS for field in msgspec.structs.fields(kind))


def anonymous(answer: Any, objects: dict[str, Any]) -> Any:
    """The answer without its number and without the name that was asked for."""
    asked = [*objects.values()]
    detail = "<asked>" if answer.detail in asked else answer.detail
    return msgspec.structs.replace(answer, id=0, detail=detail)


def is_rightful(place: str, role: str, kind: type[messages.Request]) -> bool:
    """Operators of this pool may do it, and everybody may do what names nothing private."""
    tag = str(kind.__struct_config__.tag)
    if not may(role, tag):
        return False
    if tag == "watch":
        return role == "operator"
    return not names_private(kind) or (place, role) == ("here", "operator")


@pytest.mark.parametrize("who", ATTACKERS, ids=["-".join(who) for who in ATTACKERS])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__struct_config__.tag)
async def test_what_is_not_theirs_does_not_exist(scene: Scene, who: tuple[str, str], kind: Any) -> None:
    place, role = who
    if is_rightful(place, role, kind):
        filled(kind, scene.theirs)
        return
    before, attacker = await scene.truth(), scene.attackers[place, role]
    foreign = await attacker.ask(kind, **filled(kind, scene.theirs))
    nobodys = await attacker.ask(kind, **filled(kind, NOBODYS))
    assert isinstance(foreign, messages.Refused) and isinstance(nobodys, messages.Refused)
    assert anonymous(foreign, scene.theirs) == anonymous(nobodys, NOBODYS)
    if not may(role, str(kind.__struct_config__.tag)):
        assert foreign.code == ("not_signed_in" if role == "guest" else "not_allowed")
    assert await scene.truth() == before


@pytest.mark.parametrize("role", ["user", "expert", "operator"])
async def test_a_token_of_another_pool_is_no_token_and_says_nothing_of_pools(scene: Scene, role: Any) -> None:
    elsewhere = scene.site.token("elsewhere", role, "eve")
    answers = []
    for pool in (scene.pool, "no-such-pool"):
        with pytest.raises(AssertionError) as refused:
            async with talking(scene.site.ports[0], pool, elsewhere):
                pass
        answers.append(str(refused.value).splitlines()[0])
    assert answers[0] == answers[1] and "code='bad_token'" in answers[0]


async def test_the_operation_of_another_is_not_mine_to_repeat(scene: Scene) -> None:
    op = uuid.uuid4().hex
    async with scene.site.talker(scene.pool, "user", "first") as first:
        theirs = await first.ask(messages.Join, experts=["ada"], op=op)
        mine = await scene.attackers["here", "user"].ask(messages.Leave, op=op)
        assert isinstance(mine, messages.Refused) and mine.code == "no_ticket"
        own = await scene.attackers["here", "user"].ask(messages.Join, experts=["ada"], op=uuid.uuid4().hex)
        assert own.ticket != theirs.ticket
        await scene.attackers["here", "user"].ask(messages.Leave)
        assert (await first.ask(messages.Join, experts=["ada"], op=op)).ticket == theirs.ticket
        await first.ask(messages.Leave)


async def test_the_objects_were_there_all_along(scene: Scene) -> None:
    """Runs last: whose objects they are can still use them."""
    page = await scene.people["vic"].ask(messages.History, session=scene.theirs["session"])
    assert [line.text for line in page.lines] == ["between us"]
    assert isinstance(await scene.people["bob"].ask(messages.Accept, offer=scene.theirs["offer"]), messages.Ok)
    operator = scene.attackers["here", "operator"]
    moved = await operator.ask(messages.Remove, ticket=scene.theirs["ticket"], reason="asked to")
    assert isinstance(moved, messages.Ok)
