"""A visitor becomes a user who has an account: nothing of the place in line is lost, or nothing changes."""

from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from tests.model.scene import Scene, refusal


async def three_in_line(scene: Scene) -> None:
    """Ada is away; the visitor came second of three."""
    await scene.open("ada")
    await scene.declare("ada", "away")
    for user in ("uma", "visitor", "wei"):
        await scene.join(user, "ada")
        await scene.later(1_000)


async def adopt(scene: Scene, visitor: str = "visitor", user: str = "vic") -> str:
    return await refusal(scene.line.adopt(scene.pool, visitor, user, name="Vic", now=scene.now))


async def test_the_place_the_ordinal_and_the_waiting_time_go_over(scene: Scene) -> None:
    await three_in_line(scene)
    before = await scene.ticket_of("visitor")
    await scene.come("vic")
    assert await adopt(scene) == ""
    assert await scene.waiting("ada") == ["uma", "vic", "wei"]
    after = await scene.ticket_of("vic")
    assert (after.ticket, after.lines, after.joined_at) == (before.ticket, before.lines, before.joined_at)
    assert (after.name, after.connected, after.cause) == ("Vic", True, "snapshot")
    assert await scene.ticket("visitor") is None
    # The visitor is nobody now: their connection may go, and they may come again as anybody.
    await scene.go("user", "visitor")
    assert (await scene.ticket_of("vic")).connected
    assert await refusal(scene.line.leave(scene.pool, "visitor", now=scene.now)) == "no_ticket"
    assert await refusal(scene.line.join(scene.pool, "visitor", ["ada"], now=scene.now)) == ""


async def test_it_is_one_entry_of_the_journal_and_a_repeat_does_nothing(scene: Scene) -> None:
    await three_in_line(scene)
    await scene.come("vic")
    for _ in range(2):
        answer = await scene.line.adopt(scene.pool, "visitor", "vic", op="once-and-only", now=scene.now)
        assert answer["state"] == "waiting"
    told = [fact for fact in await scene.facts() if isinstance(fact, TicketFacts) and fact.cause == "adopted"]
    assert [(fact.user, fact.state) for fact in told] == [("vic", "waiting")]


async def test_a_user_with_a_ticket_of_their_own_keeps_it_and_so_does_the_visitor(scene: Scene) -> None:
    await three_in_line(scene)
    assert await adopt(scene, user="wei") == "already_in_line"
    assert await adopt(scene, visitor="nobody") == "no_ticket"
    assert await scene.waiting("ada") == ["uma", "visitor", "wei"]


async def test_a_user_who_is_still_on_the_way_has_the_grace_time(scene: Scene) -> None:
    await three_in_line(scene)
    assert await adopt(scene) == ""
    assert not (await scene.ticket_of("vic")).connected
    await scene.later(59_000)
    await scene.come("vic")
    await scene.later(120_000)
    assert await scene.waiting("ada") == ["uma", "vic", "wei"]


async def test_a_user_who_never_comes_drops_after_the_grace_time(scene: Scene) -> None:
    await three_in_line(scene)
    await adopt(scene)
    await scene.later(61_000)
    assert await scene.waiting("ada") == ["uma", "wei"]


async def test_an_offer_rings_on_and_is_the_users(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("visitor", "ada")
    before = await scene.offered("ada")
    assert await adopt(scene) == ""
    after = await scene.offered("ada")
    assert (after.offer, after.user, after.name, after.ring_until) == (before.offer, "vic", "Vic", before.ring_until)
    mine = scene.line.accept(scene.pool, before.offer, "user", "visitor", now=scene.now)
    assert await refusal(mine) == "no_such_offer"
    await scene.come("vic")
    session = await scene.meet("ada")
    assert (session.user, session.state, session.matched_at) == ("vic", "live", scene.now)
    told = [fact.cause for fact in await scene.facts() if isinstance(fact, OfferFacts)]
    assert told == ["made", "adopted", "matched"]


async def test_an_expert_may_accept_while_the_user_is_on_the_way(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("visitor", "ada")
    await adopt(scene)
    await scene.accept("ada")
    session = await scene.session("ada")
    assert (session.user, session.gone_side) == ("vic", "user")
    await scene.come("vic")
    for side, who in (("user", "vic"), ("expert", "ada")):
        await scene.line.connected(scene.pool, session.session, side, who, now=scene.now)
    assert (await scene.session("ada")).state == "live"
    await scene.later(120_000)
    assert (await scene.session("ada")).state == "live"


async def test_a_session_goes_on(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("visitor", "ada")
    before = await scene.meet("ada")
    await scene.conversation.say(scene.pool, before.session, "user", "visitor", "hello", now=scene.now)
    assert await adopt(scene) == ""
    await scene.later(5_000)
    await scene.come("vic")
    after = await scene.session("ada")
    assert (after.session, after.user, after.live_at) == (before.session, "vic", before.live_at)
    assert (after.state, after.user_on, after.gone_side, after.cap_until) == ("live", True, "", before.cap_until)
    read = await scene.conversation.history(scene.pool, before.session, "user", "vic", now=scene.now)
    assert [line.text for line in read.lines] == ["hello"]
    refused = scene.conversation.history(scene.pool, before.session, "user", "visitor", now=scene.now)
    assert await refusal(refused) == "no_such_session"
    await scene.end("ada")
    told = [fact for fact in await scene.facts() if isinstance(fact, SessionFacts)]
    assert (told[-1].user, told[-1].reason) == ("vic", "ended")


async def test_who_overtook_the_visitor_still_says_so(scene: Scene) -> None:
    """The ticket keeps its id: what other sessions note about it stays true, and so does the order of coming."""
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("visitor", "ada")
    await scene.line.step_away(scene.pool, "visitor", 30, now=scene.now)
    await scene.join("wei", "ada")
    await scene.declare("ada", "online")
    await scene.come("vic")
    await adopt(scene)
    await scene.accept("ada")
    ticket = await scene.ticket_of("vic")
    assert (await scene.session("ada")).overtook == [(ticket.ticket, "stepped_away")]
    assert ticket.pause_reason == "stepped_away" and ticket.paused_until > scene.now


async def test_a_new_account_keeps_the_visitors_id_and_gives_the_ticket_its_name(scene: Scene) -> None:
    await three_in_line(scene)
    for _ in range(2):
        assert await adopt(scene, user="visitor") == ""
    assert (await scene.ticket_of("visitor")).name == "Vic"
    told = [fact for fact in await scene.facts() if isinstance(fact, TicketFacts) and fact.cause == "adopted"]
    assert [(fact.user, fact.connected) for fact in told] == [("visitor", True)]
