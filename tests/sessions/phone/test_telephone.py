"""A worker's telephone: what is ordered twice is done once, and what nobody asks for any more is hung up."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground.errors import Refusal
from ground.store import Store
from queueing.facts import Side
from queueing.media import Media
from sessions.media.leg import Leg
from sessions.media.orders import AskKeys, Dial, Done, Keyed, Offer, RingResult, RingUser, StopRinging
from sessions.phone import turns
from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.phone.telephone import Telephone
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Peer, Phone, Script, on, until
from tests.sessions.phone.trunks import loopback


class Carried:
    """What the worker would carry. It closes the legs as that does."""

    def __init__(self) -> None:
        self.legs: dict[Side, Leg] = {}

    def put(self, side: Side, leg: Leg) -> None:
        self.legs[side] = leg

    def picked_up(self, side: Side) -> None:
        """Nothing is announced here."""


class Bench:
    def __init__(self, store: Store, pool: str) -> None:
        self.pool, self.carried = pool, Carried()
        self.engine = EmbeddedPhone(loopback())
        self.telephone = Telephone(self.engine, self._carry, Media(store), "m1")

    async def _carry(self, _pool: str, session: str) -> Carried:
        if session != "s1":
            raise Refusal("no_such_session", session)
        return self.carried

    def ring(self, peer: Peer, offer: str = "o1") -> RingUser:
        return RingUser(self.pool, offer, "t1", number(peer), "", 5)

    def dial(self, user: Peer, session: str = "s1", offer: str = "o1") -> Dial:
        return Dial(self.pool, session, offer, number(user), "", "", 5, apart=True)


def number(peer: Peer) -> str:
    return f"sip:{peer.user}@{LOOPBACK}:{peer.port}"


@pytest_asyncio.fixture
async def bench(store: Store, pool: str) -> AsyncIterator[Bench]:
    made = Bench(store, pool)
    yield made
    for leg in made.carried.legs.values():
        await leg.close()
    await made.telephone.close()


@pytest.mark.baresip
async def test_a_turn_is_rung_once_and_its_call_goes_over_to_the_session(bench: Bench, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        both = await asyncio.gather(*(bench.telephone.order(bench.ring(phone)) for _ in range(2)))
        assert both == [RingResult("answered")] * 2 and bench.engine.free_lines() == 9
        assert [await bench.telephone.order(bench.dial(phone)) for _ in range(2)] == [Done()] * 2
        await until(lambda: bench.carried.legs["user"].heard_at > 0)
        assert bench.engine.free_lines() == 9, "the call of the turn is the call of the session"
        assert await bench.telephone.order(bench.ring(phone)) == RingResult("answered"), "a late order rings nothing"
        assert await bench.telephone.order(StopRinging(bench.pool, "o1")) == Done()
        assert not phone.at("CALL_CLOSED") and bench.engine.free_lines() == 9
        over = time.monotonic()
        bench.telephone.over(bench.pool, "s1")
        assert await phone.sees("CALL_CLOSED") - over < 1


@pytest.mark.baresip
async def test_a_turn_that_has_passed_rings_no_more(bench: Bench, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        ringing = asyncio.create_task(bench.telephone.order(bench.ring(phone)))
        await phone.sees("CALL_INCOMING")
        over = time.monotonic()
        assert await bench.telephone.order(StopRinging(bench.pool, "o1")) == Done()
        assert await phone.sees("CALL_CLOSED") - over < 1
        assert await ringing == RingResult("hung_up")


@pytest.mark.baresip
async def test_who_picked_up_and_is_forgotten_is_not_kept_on_the_line(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "ASKED_S", 1.0)
    async with on(phone := Phone(tmp_path / "phone")):
        assert await bench.telephone.order(bench.ring(phone)) == RingResult("answered")
        await phone.sees("CALL_CLOSED", 4)
        await until(lambda: bench.engine.free_lines() == 10)


@pytest.mark.baresip
async def test_a_turn_rings_for_as_long_as_somebody_asks(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than it takes to be forgotten. Who asks hears now and then that it still rings."""
    monkeypatch.setattr(turns, "ASKED_S", 1.0)
    monkeypatch.setattr(turns, "STILL_S", 0.4)
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        rings = RingResult("ringing")
        for _ in range(8):
            assert await bench.telephone.order(bench.ring(phone)) == rings
        assert phone.at("CALL_INCOMING") and not phone.at("CALL_CLOSED")
        await phone.do("accept")
        while (said := await bench.telephone.order(bench.ring(phone))) == rings:
            pass
        assert said == RingResult("answered") and bench.engine.free_lines() == 9


@pytest.mark.baresip
async def test_keys_are_counted_and_signs_passed_over(bench: Bench, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        asked = asyncio.create_task(bench.telephone.order(AskKeys(number(phone), 3, "", 5)))
        await phone.sees("CALL_ESTABLISHED")
        await asyncio.sleep(0.3)
        for key in "1#23":
            await phone.do("sndcode", key)
        assert await asyncio.wait_for(asked, 5) == Keyed("answered", "123")
        await phone.sees("CALL_CLOSED", 1)


@pytest.mark.sipp
async def test_who_does_not_pick_up_presses_nothing(bench: Bench, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "refuse", "refuse", code="603")):
        assert await bench.telephone.order(AskKeys(number(script), 3, "", 5)) == Keyed("declined", "")


async def test_what_is_anothers_or_no_telephones_is_refused(bench: Bench) -> None:
    order = Dial(bench.pool, "s2", "o1", "+4930123456", "", "", 5, apart=False)
    with pytest.raises(Refusal, match="no_such_session"):
        await bench.telephone.order(order)
    with pytest.raises(Refusal, match="no_media"):
        await bench.telephone.order(Offer(bench.pool, "s1", "user", "p", "v=0"))
    with pytest.raises(Refusal, match="no_media"):
        await bench.telephone.order(AskKeys("0900 is no number in E.164", 3, "", 5))
