"""An operator has moved a place to a line that costs more: the page asks, and tells in time what is missing for it."""

import asyncio

import msgspec
import pytest
from playwright.async_api import expect

from billing import ledger
from directory.expert import PoolOptions
from ground.clock import SystemClock
from sessions.phone.store import change_number
from tests.server.phones import VIC
from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Person, Scene
from tests.stories.talker import Talker
from tests.stories.test_directory import violations
from wire import messages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
RATE, DEAR = 120, 300
OPTIONS = PoolOptions(prepaid=True, phone_regions=["DE"], deposits=[1200, 10_000], deposit_max=50_000)


async def wants_to_be_called(scene: Scene) -> tuple[Person, Talker]:
    """Vic stands in Ada's line and has left a number; Ada and Bruno are away."""
    experts = [msgspec.structs.replace(one, modes=["chat", "phone"]) for one in (ADA, BRUNO)]
    priced = [msgspec.structs.replace(one, rate=rate) for one, rate in zip(experts, (RATE, DEAR), strict=True)]
    await scene.begin(priced, options=OPTIONS, ready_after_ms=600_000)
    now = SystemClock().now_ms()
    async with scene.books.database.begin() as tx:
        await ledger.deposit(tx, scene.pool, "vic", 50_000, "EUR", key=f"story:{now}", now=now)
    ada, bruno, number = await asyncio.gather(
        scene.talker("expert", "ada"), scene.talker("expert", "bruno"), scene.talker("user", "vic")
    )
    for expert, name in ((ada, "ada"), (bruno, "bruno")):
        await expert.light(name, "offline")
        assert isinstance(await expert.ask(messages.Declare, status="away"), messages.Ok)
    await number.ask(messages.SetNumber, number=VIC)
    async with scene.books.database.begin() as tx:
        await change_number(tx, scene.pool, "user", "vic", verified_at=1)
    assert isinstance(await number.ask(messages.Join, experts=["ada"], mode="phone", rates=[RATE]), messages.Joined)
    vic = await scene.user("vic")
    await vic.reopen_panel()
    await vic.part("call-me").click()
    await vic.sees("We call you when it is your turn with Ada Quill.")
    return vic, bruno


async def is_moved(scene: Scene, user: Talker) -> None:
    ticket = (await user.until(messages.MyTicket, lambda told: told.state == "waiting")).ticket
    olga = await scene.talker("operator", "olga")
    moved = await olga.ask(messages.Move, ticket=ticket, expert="bruno", to="head", reason="Sooner there")
    assert isinstance(moved, messages.Ok), moved


@pytest.mark.claim("A2", "A18")
async def test_no_call_is_promised_at_a_price_that_was_not_agreed_to(scene: Scene) -> None:
    vic, _bruno = await wants_to_be_called(scene)
    told = await scene.talker("user", "vic")
    await vic.close_panel()
    await is_moved(scene, told)
    await expect(vic.part("bar")).to_contain_text("It needs your yes")
    await vic.reopen_panel()
    await expect(vic.part("dearer")).to_contain_text("Here it costs €3.00 a minute. Do you agree?")
    assert not await violations(vic)
    await vic.part("agree").click()
    await vic.sees("We call you when it is your turn with Bruno Salt.")
    assert (await told.until(messages.MyTicket, lambda one: one.agreed == DEAR)).call_me


@pytest.mark.claim("A18")
async def test_who_stays_on_the_page_is_asked_with_the_price(scene: Scene) -> None:
    vic, bruno = await wants_to_be_called(scene)
    await is_moved(scene, await scene.talker("user", "vic"))
    await expect(vic.part("dearer")).to_be_visible()
    await bruno.ask(messages.Declare, status="online")
    await expect(vic.panel.get_by_role("alertdialog")).to_contain_text(
        "Here it costs €3.00 a minute, more than you have agreed to so far."
    )
    assert not await violations(vic)
    await vic.panel.locator("button.main.tall").click()
    offer = await bruno.until(messages.Offer, lambda one: one.theirs and one.state == "ringing")
    assert not offer.by_phone


@pytest.mark.claim("A18")
async def test_the_balance_is_looked_at_again_for_the_line_that_costs_more(scene: Scene) -> None:
    experts = [msgspec.structs.replace(one, modes=["audio"]) for one in (ADA, BRUNO)]
    await scene.begin([experts[0], msgspec.structs.replace(experts[1], rate=DEAR)], options=OPTIONS)
    for name in ("ada", "bruno"):
        expert = await scene.talker("expert", name)
        await expert.light(name, "offline")
        assert isinstance(await expert.ask(messages.Declare, status="away"), messages.Ok)
    told = await scene.talker("user", "uma")
    assert isinstance(await told.ask(messages.Join, experts=["ada"], mode="audio", rates=[0]), messages.Joined)
    uma = await scene.user("uma", permissions=["microphone"])
    await uma.reopen_panel()
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "good", timeout=15_000)
    await is_moved(scene, told)
    balance = uma.page.locator("openline-preflight li", has_text="Balance")
    await expect(balance).to_contain_text("Too low for this call")
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "bad")
