"""When the expert can't be had: five situations with five messages, and the refusal behind them."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.async_api import expect

from directory.expert import Expert
from tests.stories.scene import Scene
from tests.stories.talker import Talker
from wire import messages

TOKYO = "Asia/Tokyo"


def next_opening() -> tuple[str, datetime]:
    """Hours that begin in three days at nine (UTC), and when that is."""
    day = datetime.now(UTC) + timedelta(days=3)
    return f"{day:%a} 09:00-10:00".lower(), day.replace(hour=9, minute=0, second=0, microsecond=0)


async def meet(user: Talker, expert: Talker, name: str) -> messages.Session:
    """A user connects, the expert accepts, both are there."""
    assert isinstance(await user.ask(messages.Connect, expert=name), messages.Joined)
    offer = await expert.until(messages.Offer, lambda one: one.state == "ringing")
    assert isinstance(await expert.ask(messages.Accept, offer=offer.offer), messages.Ok)
    for side in (user, expert):
        session = await side.until(messages.Session)
        assert isinstance(await side.ask(messages.Connected, session=session.session), messages.Ok)
    return await user.until(messages.Session, lambda one: one.state == "live")


@pytest.mark.browser
@pytest.mark.claim("A3", "A7", "B9", "B33")
async def test_five_situations_have_five_messages(scene: Scene) -> None:
    hours, opening = next_opening()
    kinds = ("away", "offline", "closed", "busy", "full")
    people = [Expert(expert=kind, name=f"Ms {kind.title()}") for kind in kinds]
    people[2] = msgspec.structs.replace(people[2], hours=hours)
    await scene.begin(people, line_limit=1)
    away, _closed, busy, full = await asyncio.gather(*(scene.present(kind) for kind in kinds if kind != "offline"))
    await away.ask(messages.Declare, status="away", reason="Back after lunch")
    callers = await asyncio.gather(*(scene.talker("user", f"u{number}") for number in range(3)))
    await asyncio.gather(meet(callers[0], busy, "busy"), meet(callers[1], full, "full"))
    assert isinstance(await callers[2].ask(messages.Join, experts=["full"]), messages.Joined)

    uma = await scene.user("uma", timezone_id=TOKYO)
    local = opening.astimezone(ZoneInfo(TOKYO))
    said = {
        "away": ("Ms Away is away for now", "Back after lunch"),
        "offline": ("Ms Offline is offline", "There is no line at the moment"),
        "closed": ("Ms Closed is not available at this hour", f"{local:%A}, 6:00"),
        "busy": ("Ms Busy is on another call", "Join the line"),
        "full": ("The line of Ms Full is full", "Places come free"),
    }
    for kind, words in said.items():
        await uma.card(kind).get_by_role("button", name=f"Ms {kind.title()}", exact=True).click()
        for part in words:
            await uma.sees(part, uma.panel)
        can_wait = kind in ("away", "busy")
        await expect(uma.button(re.compile("^Join"), uma.panel)).to_have_count(1 if can_wait else 0)
        await uma.close_panel()


@pytest.mark.claim("A8", "B13", "B14", "B38", "B39", "B40")
async def test_a_busy_expert_is_refused_by_name_and_the_line_is_open(offstage: Scene) -> None:
    scene = offstage
    await scene.begin([Expert(expert="ada", name="Ada"), Expert(expert="bob", name="Bob")], line_limit=1)
    ada, bob = await asyncio.gather(scene.present("ada"), scene.present("bob"))
    uma, viktor, third, fourth = await asyncio.gather(
        *(scene.talker("user", name) for name in ("uma", "viktor", "third", "fourth"))
    )
    await asyncio.gather(meet(uma, ada, "ada"), meet(third, bob, "bob"))
    refused = await viktor.ask(messages.Connect, expert="ada")
    assert isinstance(refused, messages.Refused)
    assert refused.code == "expert_busy"
    joined = await viktor.ask(messages.Join, experts=["ada"])
    assert isinstance(joined, messages.Joined)
    assert [place.expert for place in joined.places] == ["ada"]
    assert len(joined.forecast) == 1

    # The other line is full: the switch is refused and the old place stays.
    assert isinstance(await fourth.ask(messages.Join, experts=["bob"]), messages.Joined)
    no = await viktor.ask(messages.Switch, expert="bob")
    assert no.code == "line_full"
    again = await viktor.ask(messages.Join, experts=["ada"])
    assert again.code == "already_in_line"
    assert isinstance(await fourth.ask(messages.Leave, expert=""), messages.Ok)
    moved = await viktor.ask(messages.Switch, expert="bob")
    assert [place.expert for place in moved.places] == ["bob"]
