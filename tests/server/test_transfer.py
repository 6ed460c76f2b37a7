"""A session is handed over to a colleague: with the user's consent, on the colleague's terms, first in that line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ground.store import Store
from sessions.conversation import Conversation
from tests.server.hall import Hall, Page, hall
from tests.server.prepaid import RATE, Call, balance, call, pay_in, till
from tests.server.test_commands import refused, talk
from wire import messages as m

YES = {"yes": True, "expert": "eve"}


@pytest.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        yield made


@pytest.fixture
async def prepaid(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with till(store, pool, tmp_path) as made:
        yield made


async def passed(going: Call, ms: int) -> None:
    """Time passes, and something is said then, by which the whole pool knows how late it is."""
    await going.passes(ms)
    said = (going.house.pool, going.session, "user", going.user.conn.member, "well")
    await Conversation(going.house.store).say(*said, now=going.at)
    await going.user.until(m.Said, lambda one: one.session == going.session)


async def proposed(house: Hall, mode: str = "chat") -> tuple[Page, Page, Page, str]:
    """Ann talks with Ada, who would like her to go on with Eve; Max waits for Eve, who is busy with somebody."""
    ada, eve, ann = await house.expert("ada"), await house.expert("eve"), await house.page("user", "ann")
    session = await talk(ada, ann, "ada")
    await talk(eve, await house.page("user", "zoe"), "eve")
    assert isinstance(await ada.ask(m.ProposeTransfer, session=session, expert="eve"), m.Ok)
    return ada, eve, ann, session


async def test_the_user_is_asked_and_goes_first(house: Hall) -> None:
    ada, _eve, ann, session = await proposed(house)
    max_ = await house.page("user", "max")
    await max_.ask(m.Join, experts=["eve"])
    told = await ann.until(m.Session, lambda one: one.transfer is not None)
    assert told.transfer == m.TransferOffer(expert="eve", name="Eve Curie", shut="")
    assert (await ann.ask(m.Quote, expert="eve", mode="chat")).rate == 0
    assert isinstance(await ann.ask(m.AnswerTransfer, session=session, **YES), m.Ok)
    for side in (ann, ada):
        over = await side.until(m.Session, lambda one: one.session == session and one.state == "ended")
        assert (over.reason, over.went_to) == ("transferred", "eve")
    ticket = await ann.until(m.MyTicket, lambda one: bool(one.places) and one.places[0].expert == "eve")
    assert (ticket.places[0].ahead, ticket.places[0].length, ticket.reason) == ([], 2, "transferred")
    queue = (await house.line.snapshot(house.pool)).tickets
    line = sorted((ordinal, one.user) for one in queue for expert, ordinal in one.lines if expert == "eve")
    assert [user for _ordinal, user in line] == ["ann", "max"]


async def test_the_user_may_stay_and_the_expert_may_think_again(house: Hall) -> None:
    ada, _eve, ann, session = await proposed(house)
    await ann.until(m.Session, lambda one: one.transfer is not None)
    await ann.ask(m.AnswerTransfer, session=session, yes=False)
    stays = await ada.until(m.Session, lambda one: one.session == session and one.transfer is None)
    assert stays.state == "live"
    assert await refused(ann, m.AnswerTransfer, session=session, **YES) == ("no_transfer", session)
    await ada.ask(m.ProposeTransfer, session=session, expert="eve")
    await ada.ask(m.ProposeTransfer, session=session, expert="")
    assert await refused(ann, m.AnswerTransfer, session=session, **YES) == ("no_transfer", session)


async def test_a_yes_to_one_colleague_is_none_to_another(house: Hall) -> None:
    """The expert changes the proposal in the moment of the click: perhaps to somebody who costs much more."""
    ada, _eve, ann, session = await proposed(house)
    bob = await house.expert("bob")
    await ann.until(m.Session, lambda one: one.transfer is not None and one.transfer.expert == "eve")
    await ada.ask(m.ProposeTransfer, session=session, expert="bob")
    for shown in ("eve", ""):
        assert await refused(ann, m.AnswerTransfer, session=session, yes=True, expert=shown) == ("no_transfer", session)
    await ann.until(m.Session, lambda one: one.transfer is not None and one.transfer.expert == "bob")
    assert isinstance(await ann.ask(m.AnswerTransfer, session=session, yes=True, expert="bob"), m.Ok)
    assert (await bob.until(m.Offer)).state == "ringing"


async def test_only_its_two_sides_and_only_to_whom_can_take_it(house: Hall) -> None:
    ada, eve, ann, session = await proposed(house)
    stranger = await house.page("user", "max")
    assert await refused(eve, m.ProposeTransfer, session=session, expert="bob") == ("no_such_session", session)
    assert await refused(stranger, m.AnswerTransfer, session=session, **YES) == ("no_such_session", session)
    for expert, code in (("ada", "same_expert"), ("nobody", "unknown_expert"), ("bob", "expert_offline")):
        assert await refused(ada, m.ProposeTransfer, session=session, expert=expert) == (code, expert)
    await ann.ask(m.End, session=session)
    assert await refused(ada, m.ProposeTransfer, session=session, expert="eve") == ("session_over", session)
    assert await refused(ann, m.AnswerTransfer, session=session, **YES) == ("session_over", session)


async def test_not_to_who_does_not_offer_the_mode(house: Hall) -> None:
    ada, bob, ann = await house.expert("ada"), await house.expert("bob"), await house.page("user", "ann")
    joined = await ann.ask(m.Join, experts=["ada"], mode="audio")
    offer = await ada.until(m.Offer, lambda one: one.ticket == joined.ticket)
    await ada.ask(m.Accept, offer=offer.offer)
    session = (await ann.until(m.Session)).session
    assert await refused(ada, m.ProposeTransfer, session=session, expert="bob") == ("mode_not_offered", "bob")
    assert bob.conn.member == "bob"


async def test_the_new_place_is_on_the_colleagues_terms_with_the_money_that_is_left(prepaid: Hall) -> None:
    """All of Ann's money is set aside for the session that goes on: what is left of it counts."""
    ada, eve, ann = await prepaid.expert("ada"), await prepaid.expert("eve"), await prepaid.page("user", "ann")
    await pay_in(prepaid.db, prepaid.pool, "ann", 10 * RATE)
    going = await call(ann, ada)
    assert await balance(prepaid.db, prepaid.pool, "ann") == (10 * RATE, 10 * RATE)
    await passed(going, 60_000)
    await ada.ask(m.ProposeTransfer, session=going.session, expert="eve")
    await ann.until(m.Session, lambda one: one.transfer is not None)
    quote = await ann.ask(m.Quote, expert="eve", mode="chat")
    assert quote.enough and 8 * RATE <= quote.balance <= 9 * RATE
    assert not (await ann.ask(m.Quote, expert="eve", mode="audio")).enough_s > 60 * 2
    assert (await ann.ask(m.Quote, expert="ada", mode="chat")).balance == 0, "of a line where nobody hands over to"
    for shown in (0, RATE - 1):  # a page that knows nothing of the price, and one that knew it before it rose
        low = {"rate": shown, **YES}
        assert await refused(ann, m.AnswerTransfer, session=going.session, **low) == ("rate_higher", "eve")
    assert isinstance(await ann.ask(m.AnswerTransfer, session=going.session, rate=quote.rate, **YES), m.Ok)
    bill = await going.billed()
    assert bill.outcome == "charged" and bill.amount >= RATE
    offer = await eve.until(m.Offer, lambda one: one.state == "ringing")
    (ticket,) = [one for one in (await prepaid.line.snapshot(prepaid.pool)).tickets if one.user == "ann"]
    ((expert, rate, _free, limit),) = ticket.terms
    assert (expert, rate) == ("eve", RATE) and 8 * 60_000 <= limit <= 9 * 60_000
    assert isinstance(await eve.ask(m.Accept, offer=offer.offer), m.Ok)


async def test_who_can_not_pay_for_the_colleague_stays(prepaid: Hall) -> None:
    ada, _eve, ann = await prepaid.expert("ada"), await prepaid.expert("eve"), await prepaid.page("user", "ann")
    await pay_in(prepaid.db, prepaid.pool, "ann", RATE + RATE // 2)
    going = await call(ann, ada)
    await passed(going, 40_000)
    await ada.ask(m.ProposeTransfer, session=going.session, expert="eve")
    await ann.until(m.Session, lambda one: one.transfer is not None)
    assert await refused(ann, m.AnswerTransfer, session=going.session, rate=RATE, **YES) == ("balance_too_low", "1")
    assert (await prepaid.line.snapshot(prepaid.pool)).sessions[0].state == "live"
