"""Every role, every message, objects that are not theirs: answered like objects that do not exist, and nothing moves.

Made from `wire.messages.ClientMessage`, so that a new message can't be forgotten.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, get_args

import httpx
import msgspec
import pytest
import pytest_asyncio

from directory.expert import PoolOptions
from identity.roles import may
from queueing.facts import PoolSnapshot
from sessions.feedback import Feedback, Given
from tests.chaos.town import Town
from tests.stories.talker import Talker, talking
from wire import messages
from wire.messages import ClientMessage

LONG = 600_000
SETTINGS = {"ring_ms": LONG, "ready_after_ms": LONG, "connect_ms": LONG, "wrap_up_ms": LONG, "line_limit": 9}
NOBODYS = {
    "offer": "o9zz-nowhere", "session": "s9zz-nowhere", "ticket": "t9zz-nowhere", "lines": ["nobody"],
    "feedback": "f-nowhere", "user": "nobody", "file": "d-nowhere", "reply": "r-nowhere",
}  # fmt: skip
"""Fields that name something private, with a value that names nothing."""
PUBLIC = {"expert": "ada", "experts": ["ada"], "leaving": "ada", "all": False}
"""Fields that name what everybody may see."""
PLAIN = {
    "mode": "chat", "seconds": 5, "reason": "because", "text": "hello", "n": 1, "before": 0, "limit": 10,
    "kind": "mute", "data": "", "status": "away", "to": "head", "stars": 1, "may_teach": True, "hidden": True,
    "words": "maths", "category": "", "language": "", "free_only": False, "rate_max": -1, "sort": "best", "offset": 0,
    "name": "Mal", "email": "mal@example.org", "wanted": True, "minutes": 5,
    "amount": 500, "back": "panel", "peer": "p1", "sdp": "v=0", "on": True,
    "number": "+4915112345678", "region": "DE", "by": "call", "code": "123456", "where": "phone",
    "type": "text/plain", "size": 4, "title": "Hello", "yes": True, "by_chat": False, "rate": 600,
    "rates": [600],
}  # fmt: skip
OTHERWISE: dict[type, dict[str, Any]] = {messages.TranscriptOf: {"by": "download"}}
"""Where a field of one message takes other values."""
HELLO = "hello"
KINDS = [kind for kind in get_args(ClientMessage) if kind.__struct_config__.tag != HELLO]
ATTACKERS = [
    ("here", "guest"), ("here", "user"), ("here", "expert"), ("here", "operator"),
    ("elsewhere", "guest"), ("elsewhere", "user"), ("elsewhere", "expert"), ("elsewhere", "operator"),
]  # fmt: skip


@dataclass
class Scene:
    """A session, an offer, a waiting ticket and feedback of others, and one attacker of each kind."""

    site: Town
    pool: str
    theirs: dict[str, Any]
    attackers: dict[tuple[str, str], Talker]
    people: dict[str, Talker]

    async def truth(self) -> tuple[PoolSnapshot, list[Given]]:
        """The pool as it is, but for the clock and the servers' leases, which move by themselves; and its feedback."""
        shot = await self.site.truth(self.pool)
        deadlines = [(name, at) for name, at in shot.deadlines if not name.startswith("lease:")]
        given = await Feedback(self.site.database).newest(self.pool)
        return msgspec.structs.replace(shot, at=0, deadlines=deadlines), given


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(site: Town) -> AsyncIterator[Scene]:
    options = PoolOptions(feedback_after_s=0)
    pool, other = [await site.new_pool("ada", "bob", "eve", options=options, **SETTINGS) for _ in range(2)]
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(site.expert(pool, name)) for name in ("ada", "bob")}
        for name in ("vic", "wim", "tom", "ned"):
            people[name] = await stack.enter_async_context(site.talker(pool, "user", name))
        theirs = await begin(people, site.ports[0])
        attackers = {}
        for place, role in ATTACKERS:
            where, member = (pool if place == "here" else other), "eve" if role == "expert" else "mal"
            token = "" if role == "guest" else site.token(where, role, member)  # type: ignore[arg-type]
            port = site.ports[0]
            attackers[place, role] = await stack.enter_async_context(talking(port, where, token, watch=False))
        yield Scene(site, pool, theirs, attackers, people)


async def begin(people: dict[str, Talker], port: int) -> dict[str, Any]:
    """Ned has talked with Ada and said how it was. Vic talks with her and has sent a file, Bob's console rings for Wim,
    Tom waits."""
    past = await talk(people["ned"], people["ada"])
    await people["ned"].ask(messages.End, session=past)
    await people["ned"].ask(messages.GiveFeedback, session=past, stars=5, text="good")
    await people["ada"].ask(messages.FinishWrapUp)
    given = (await people["ned"].ask(messages.FeedbackOf, expert="ada")).items[0]
    session = await talk(people["vic"], people["ada"])
    await people["vic"].ask(messages.Say, session=session, text="between us")
    file = await send(people["vic"], session, port)
    await people["ada"].ask(messages.KeepReply, reply="", title="Hello", text="Good day")
    reply = (await people["ada"].ask(messages.Replies)).replies[0].reply
    await people["wim"].ask(messages.Join, experts=["bob"])
    ringing = await people["bob"].until(messages.Offer)
    waiting = await people["tom"].ask(messages.Join, experts=["ada"])
    return {
        "session": session, "offer": ringing.offer, "ticket": waiting.ticket, "lines": ["ada"],
        "feedback": given.feedback, "user": "ned", "file": file, "reply": reply,
    }  # fmt: skip


async def send(vic: Talker, session: str, port: int) -> str:
    """A file that was said in the session."""
    at = await vic.ask(messages.FilePlace, session=session, name="it.txt", type="text/plain", size=4)
    address = f"http://localhost:{port}"
    headers = {"authorization": f"Bearer {at.ticket}", "origin": address}
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:
        assert (await http.put(at.path, content=b"true", headers=headers)).status_code == 200
    assert isinstance(await vic.ask(messages.Share, session=session, file=at.file), messages.Ok)
    return str(at.file)


async def talk(user: Talker, ada: Talker) -> str:
    """A live session of the two."""
    joined = await user.ask(messages.Join, experts=["ada"])
    offer = await ada.until(messages.Offer, lambda said: said.ticket == joined.ticket)
    await ada.ask(messages.Accept, offer=offer.offer)
    session = (await user.until(messages.Session)).session
    for side in (user, ada):
        await side.ask(messages.Connected, session=session)
    return session


def filled(kind: type[messages.Request], objects: dict[str, Any]) -> dict[str, Any]:
    """Values for every field of a message. A field that no table here knows fails: say whose objects it names."""
    known = objects | PUBLIC | PLAIN | OTHERWISE.get(kind, {})
    skipped = ("id", "op")
    return {field.name: known[field.name] for field in msgspec.structs.fields(kind) if field.name not in skipped}


def names_private(kind: type[messages.Request]) -> bool:
    return any(field.name in NOBODYS for field in msgspec.structs.fields(kind))


def anonymous(answer: Any, objects: dict[str, Any]) -> Any:
    """The answer without its number and without the name that was asked for."""
    asked = [*objects.values()]
    if isinstance(answer, messages.UserHistory):  # of a user of others: as of one whom nobody ever met
        return msgspec.structs.replace(answer, id=0, user="<asked>" if answer.user in asked else answer.user)
    assert isinstance(answer, messages.Refused)
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
    assert anonymous(foreign, scene.theirs) == anonymous(nobodys, NOBODYS)
    if not may(role, str(kind.__struct_config__.tag)):
        assert isinstance(foreign, messages.Refused)
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
    assert [line.text for line in page.lines] == ["between us", ""]
    at = await scene.people["ada"].ask(messages.FileOf, session=scene.theirs["session"], file=scene.theirs["file"])
    assert isinstance(at, messages.Fetch)
    assert [one.text for one in (await scene.people["ada"].ask(messages.Replies)).replies] == ["Good day"]
    assert isinstance(await scene.people["bob"].ask(messages.Accept, offer=scene.theirs["offer"]), messages.Ok)
    operator = scene.attackers["here", "operator"]
    moved = await operator.ask(messages.Remove, ticket=scene.theirs["ticket"], reason="asked to")
    assert isinstance(moved, messages.Ok)
