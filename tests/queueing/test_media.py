"""What a media worker's word means for a session, told as stories: the clock, a death, telephones, transfers."""

import pytest

from queueing.facts import SessionFacts, Terms
from queueing.media import Media
from queueing.settings import PoolSettings
from tests.model.scene import Scene, refusal, scene

__all__ = ["scene"]
PAID = {"ada": Terms(rate=600, limit_ms=600_000)}


class Call:
    """A session of Uma with Ada whose media go through workers."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.media, self.name = scene, Media(scene.store), ""

    async def open(self, mode: str = "audio", **more: object) -> "Call":
        await self.scene.open("ada")
        await self.scene.join("uma", "ada", mode=mode, terms=PAID)
        if more.get("call_me"):
            await self.scene.line.call_me(self.scene.pool, "uma", on=True, now=self.scene.now)
        await self.scene.accept("ada", budget_ms=600_000)
        self.name = (await self.facts()).session
        return self

    async def facts(self) -> SessionFacts:
        return await self.scene.session("ada")

    async def bridge(self, worker: str = "m1", instead: str = "", *phones: str) -> str:
        answer = await self.media.bridge(
            self.scene.pool, self.name, worker, instead, [*phones], now=self.scene.now  # type: ignore[list-item]
        )  # fmt: skip
        return str(answer["worker"])

    async def heard(self, side: str, silent_ms: int = 0, worker: str = "m1") -> dict[str, object]:
        return await self.media.heard(
            self.scene.pool, self.name, side, worker, silent_ms, now=self.scene.now  # type: ignore[arg-type]
        )  # fmt: skip

    async def talk(self) -> None:
        await self.bridge()
        for side in ("user", "expert"):
            await self.heard(side)

    async def later(self, ms: int, *workers: str) -> None:
        """Time passes, with these workers alive."""
        end = self.scene.now + ms
        while self.scene.now < end:
            await self.scene.later(min(2_000, end - self.scene.now))
            for worker in workers:
                await self.scene.presence.renew(self.scene.pool, worker, now=self.scene.now)


@pytest.fixture
def call(scene: Scene) -> Call:
    return Call(scene)


@pytest.mark.claim("A17")
async def test_only_the_workers_word_starts_the_clock_of_a_metered_call(call: Call) -> None:
    await call.open()
    assert (await call.facts()).path == "bridged"
    for side, who in (("user", "uma"), ("expert", "ada")):
        await call.scene.line.connected(call.scene.pool, call.name, side, who, now=call.scene.now)
    assert (await call.facts()).state == "connecting"
    await call.talk()
    live = await call.facts()
    assert (live.state, live.running_since, live.worker) == ("live", call.scene.now, "m1")


async def test_free_audio_goes_directly_unless_the_pool_wants_it_bridged(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada", mode="audio")
    await scene.accept("ada")
    await scene.line.configure(scene.pool, PoolSettings(bridge_audio=1), now=scene.now)
    await scene.join("vic", "bob", mode="audio")
    await scene.accept("bob")
    assert [(await scene.session(expert)).path for expert in ("ada", "bob")] == ["direct", "bridged"]


@pytest.mark.claim("A17")
async def test_the_clock_stops_at_the_last_packet(call: Call) -> None:
    await call.open()
    await call.talk()
    await call.later(20_000, "m1")
    await call.heard("user", silent_ms=2_100)
    assert ((await call.facts()).ran_ms, (await call.facts()).frozen) == (17_900, "user")
    await call.later(5_000, "m1")
    await call.heard("user")
    assert (await call.facts()).running_since == call.scene.now
    await call.scene.go("user", "uma")  # the page is lost, the sound is not
    assert (await call.facts()).running_since


@pytest.mark.claim("A17")
async def test_a_workers_death_charges_nothing_and_another_carries_on(call: Call) -> None:
    await call.open()
    await call.talk()
    await call.later(10_000, "m1")
    died = call.scene.now
    await call.later(9_000)
    lost = await call.facts()
    assert (lost.cause, lost.worker, lost.state) == ("frozen", "", "live")
    assert lost.ran_ms == died - lost.live_at, "not longer than its last renewal"
    assert await call.bridge("m2") == "m2"
    assert await refusal(call.heard("user", worker="m1")) == "no_such_session"
    for side in ("user", "expert"):
        await call.heard(side, worker="m2")
    assert (await call.facts()).running_since == call.scene.now


@pytest.mark.claim("A17")
async def test_a_page_that_notices_a_workers_death_before_its_lease_ends_costs_nothing_either(call: Call) -> None:
    """Browsers hear nothing any more, ask it again for some seconds, and then get another."""
    await call.open()
    await call.talk()
    await call.later(10_000, "m1")
    died = call.scene.now
    await call.later(6_200)
    assert (await call.facts()).worker == "m1"
    assert await call.bridge("m2", "m1") == "m2"
    moved = await call.facts()
    assert (moved.worker, moved.ran_ms, moved.frozen) == ("m2", died - moved.live_at, "both")
    for side in ("user", "expert"):
        await call.heard(side, worker="m2")
    assert (await call.facts()).ran_ms == moved.ran_ms
    await call.later(2_900, "m2")
    assert await call.bridge("m3", "m2") == "m3", "nothing says that this one was dead"
    assert (await call.facts()).ran_ms == moved.ran_ms + 2_900


async def test_two_who_ask_at_once_get_the_same_worker(call: Call) -> None:
    await call.open()
    assert [await call.bridge("m1"), await call.bridge("m2"), await call.bridge("m2", "m1")] == ["m1", "m1", "m2"]


async def test_who_goes_on_by_chat_needs_no_media(call: Call) -> None:
    await call.open()
    for side, who in (("user", "uma"), ("expert", "ada")):
        await call.scene.line.connected(call.scene.pool, call.name, side, who, by_chat=True, now=call.scene.now)
    assert (await call.facts()).running_since == call.scene.now


@pytest.mark.claim("A17")
async def test_a_word_written_beside_the_sound_does_not_keep_the_clock_running_without_it(call: Call) -> None:
    """Else one line of chat from an expert, and nothing that becomes of their sound stops the clock any more."""
    await call.open()
    await call.talk()
    scene = call.scene
    await scene.conversation.say(scene.pool, call.name, "expert", "ada", "hello", now=scene.now)
    await call.later(10_000, "m1")
    await call.heard("expert", silent_ms=2_000)
    frozen = await call.facts()
    assert (frozen.frozen, frozen.ran_ms) == ("expert", 8_000)
    await scene.conversation.say(scene.pool, call.name, "expert", "ada", "my microphone is dead", now=scene.now)
    assert (await call.facts()).running_since == scene.now, "who writes instead goes on by chat"
    await call.heard("expert")
    await call.later(4_000, "m1")
    await call.heard("expert", silent_ms=2_000)
    assert (await call.facts()).frozen == "expert", "and is heard again, which counts again"


async def test_by_telephone_nobody_is_connected_by_chat(call: Call) -> None:
    """Else an expert could have the user's clock run while their own telephone rings, or is dead."""
    await call.open("phone")
    await call.bridge("m1", "", "user")
    scene = call.scene
    await scene.line.connected(scene.pool, call.name, "expert", "ada", by_chat=True, now=scene.now)
    await scene.conversation.say(scene.pool, call.name, "expert", "ada", "one moment", now=scene.now)
    await call.heard("user")
    assert (await call.facts()).state == "connecting"
    await call.heard("expert")
    assert (await call.facts()).running_since == scene.now
    await scene.conversation.say(scene.pool, call.name, "expert", "ada", "still here", now=scene.now)
    await call.later(2_000, "m1")
    await call.heard("expert", 2_000)
    frozen = await call.facts()
    assert (frozen.frozen, frozen.ran_ms) == ("expert", 0)


@pytest.mark.claim("A2")
async def test_who_is_on_the_telephone_needs_no_page_and_ends_with_the_worker(call: Call) -> None:
    await call.open("phone")
    await call.bridge("m1", "", "user")
    await call.media.leg(call.scene.pool, call.name, "user", "m1", "ringing", now=call.scene.now)
    assert (await call.facts()).user_leg == "ringing"
    for side in ("user", "expert"):
        await call.heard(side)
    await call.scene.go("user", "uma")
    await call.later(90_000, "m1")
    assert (await call.facts()).state == "live"
    await call.later(9_000)
    over = await call.facts()
    assert (over.state, over.reason, over.by) == ("ended", "media_lost", "system")


@pytest.mark.claim("A2")
async def test_a_telephone_rings_for_whoever_has_closed_the_page(call: Call) -> None:
    scene = call.scene
    await scene.open("ada")
    await scene.declare("ada", "away", reason="tea")
    await scene.join("uma", "ada", mode="phone")
    assert await refusal(scene.line.call_me(scene.pool, "nobody", on=True, now=scene.now)) == "no_ticket"
    await scene.line.call_me(scene.pool, "uma", on=True, now=scene.now)
    await scene.go("user", "uma")
    await scene.later(300_000)
    await scene.declare("ada", "online")
    offer = await scene.offered("ada")
    assert (offer.user, offer.by_phone, offer.user_ok) == ("uma", True, False)
    assert offer.ring_until >= offer.ready_until == scene.now + 40_000
    await scene.accept("ada")
    await scene.accept("ada", "user")
    assert (await scene.session("ada")).mode == "phone"


async def test_nobody_at_the_telephone_twice_gives_the_place_up(call: Call) -> None:
    scene = call.scene
    await scene.open("ada")
    await scene.join("uma", "ada", mode="phone")
    await scene.decline("ada", "user")
    await scene.line.call_me(scene.pool, "uma", on=True, now=scene.now)
    await scene.go("user", "uma")
    await scene.later(60_000)
    assert await scene.ringing("ada") == "uma"
    await scene.decline("ada", "user")
    assert await scene.ticket("uma") is None


@pytest.mark.claim("A18")
async def test_picking_up_the_telephone_is_no_yes_to_a_rate_that_was_never_shown(call: Call) -> None:
    scene = call.scene
    await scene.open("ada", "bob")
    for expert in ("ada", "bob"):
        await scene.declare(expert, "away", reason="tea")
    ticket = (await scene.join("uma", "ada", mode="phone", terms=PAID))["ticket"]
    await scene.line.call_me(scene.pool, "uma", on=True, now=scene.now)
    await scene.go("user", "uma")
    dear = {"bob": Terms(rate=9_000, limit_ms=600_000)}
    await scene.line.move(scene.pool, ticket, "bob", "head", "help", "operator:olga", terms=dear, now=scene.now)
    await scene.declare("bob", "online")
    assert await scene.ringing("bob") == "", "nobody is called about it"
    await scene.later(60_000)
    assert await scene.waiting("bob") == ["uma"], "the place is kept"
    await scene.come("uma")
    offer = await scene.offered("bob")
    assert (offer.by_phone, offer.user_ok, offer.rate) == (False, False, 9_000), "the page asks"


@pytest.mark.claim("A18")
async def test_who_agrees_to_what_their_line_costs_by_now_is_called_there(call: Call) -> None:
    scene = call.scene
    await scene.open("ada", "bob")
    for expert in ("ada", "bob"):
        await scene.declare(expert, "away", reason="tea")
    ticket = (await scene.join("uma", "ada", mode="phone", terms=PAID))["ticket"]
    dear = {"bob": Terms(rate=9_000, limit_ms=600_000)}
    await scene.line.move(scene.pool, ticket, "bob", "head", "help", "operator:olga", terms=dear, now=scene.now)
    asking = scene.line.call_me(scene.pool, "uma", on=True, rate=8_999, now=scene.now)
    assert await refusal(asking) == "rate_higher", "less than it costs was shown"
    await scene.line.call_me(scene.pool, "uma", on=True, rate=9_000, now=scene.now)
    await scene.go("user", "uma")
    await scene.declare("bob", "online")
    assert (await scene.offered("bob")).by_phone


async def test_recording_needs_both_and_one_ends_it(call: Call) -> None:
    await call.open()

    async def says(side: str, who: str, on: bool) -> list[str]:
        await call.media.record(call.scene.pool, call.name, side, who, on=on, now=call.scene.now)  # type: ignore[arg-type]
        return list((await call.facts()).recording)

    assert await says("expert", "ada", True) == ["expert"]
    assert await refusal(says("expert", "eve", True)) == "no_such_session"
    assert await says("user", "uma", True) == ["user", "expert"]
    assert await says("user", "uma", False) == []


async def test_a_transfer_puts_the_user_first_in_the_colleagues_line(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.declare("bob", "away", reason="tea")
    await scene.join("uma", "ada")
    session = await scene.meet("ada")
    first = (await scene.join("vic", "bob"))["ticket"]
    media = Media(scene.store)
    ask = (scene.pool, session.session)
    assert await refusal(media.answer_transfer(*ask, "uma", yes=True, expert="bob", now=scene.now)) == "no_transfer"
    assert await refusal(media.propose_transfer(*ask, "ada", "ada", now=scene.now)) == "same_expert"
    await media.propose_transfer(*ask, "ada", "bob", now=scene.now)
    assert (await scene.session("ada")).transfer_to == "bob"
    assert await refusal(media.answer_transfer(*ask, "vic", yes=True, expert="bob", now=scene.now)) == "no_such_session"
    assert await refusal(media.answer_transfer(*ask, "uma", yes=True, expert="eve", now=scene.now)) == "no_transfer"
    answer = await media.answer_transfer(*ask, "uma", yes=True, expert="bob", now=scene.now, op="operation-1")
    again = await media.answer_transfer(*ask, "uma", yes=True, expert="bob", now=scene.now, op="operation-1")
    assert answer == again
    over = await scene.session("ada")
    assert (over.state, over.reason, over.went_to) == ("ended", "transferred", "bob")
    assert await scene.waiting("bob") == ["uma", "vic"]
    await scene.declare("bob", "online")
    await scene.accept("bob")
    assert (await scene.session("bob")).overtook == [(first, "transferred")]
