"""The meter as people see it: what a balance buys, a deposit on the way, the clock that drains, the bill."""

import asyncio
import re

import msgspec
import pytest
from playwright.async_api import Locator, expect

from billing import ledger, meter
from directory.editing import Changes
from directory.expert import PoolOptions
from ground.clock import SystemClock
from tests.processor import PAYS
from tests.stories.people import ADA, BRUNO
from tests.stories.scene import NET, Person, Scene
from tests.stories.test_directory import AXE, violations
from wire import messages

pytestmark = pytest.mark.browser
NOW = SystemClock().now_ms
RATE = 6000
"""A euro for a second: money runs out while one looks."""
OPTIONS = PoolOptions(prepaid=True, fee_bps=2000, deposits=[1200, 10_000], deposit_max=50_000)
FIGURES = """({ renderRoot }) => {
  const { renderRoot: meter } = renderRoot.querySelector("openline-meter");
  return [renderRoot.querySelector(".timer"), meter.querySelector(".left")].map((figures) => figures.textContent);
}"""
COSTLY = msgspec.structs.replace(ADA, rate=RATE)


async def market(scene: Scene, options: PoolOptions = OPTIONS, **settings: int) -> None:
    """A pool that charges for time: Ada costs a euro for a second, Bruno nothing."""
    await scene.begin([COSTLY, BRUNO], "The tax line", wrap_up_ms=60_000, **settings, options=options)


async def pays_in(scene: Scene, user: str, amount: int) -> None:
    async with scene.books.database.begin() as tx:
        await ledger.deposit(tx, scene.pool, user, amount, "EUR", key=f"story:{user}:{NOW()}", now=NOW())


async def is_left_with(scene: Scene, user: str, amount: int) -> None:
    """The rest goes back to the card: who could pay when joining may have less when it is their turn."""
    async with scene.books.database.begin() as tx:
        rest = (await ledger.balance_of(tx, scene.pool, user)).available - amount
        await ledger.refund(tx, scene.pool, user, rest, "EUR", key=f"story:back:{user}:{NOW()}", now=NOW())


async def set_aside(scene: Scene, user: str, offer: str, amount: int) -> None:
    """What the offer's session holds, less than the pool's least: so that a story about the end is a short one."""
    await is_left_with(scene, user, amount)
    async with scene.books.database.begin() as tx:
        await meter.reserve(
            tx, scene.pool, offer, user, "ada", rate=RATE, free_ms=0, cap_ms=3_600_000, minimum_ms=1, fee_bps=2000,
            currency="EUR", now=NOW(),
        )  # fmt: skip


async def ringing(expert: Person) -> str:
    offer: str = await expert.page.locator("openline-offer-card").evaluate("(card) => card.offer.offer")
    return offer


async def pays(user: Person, form: Locator) -> None:
    """Choose what is paid on the form, pay on the processor's page in the window that opens, and close that."""
    async with user.context.expect_page() as opening:
        await form.locator('[part~="pay"]').click()
    page = await opening.value
    for label, typed in (("Test card", PAYS), ("Expiry", "12/34"), ("Code", "123")):
        await page.get_by_label(label).fill(typed)
    await page.get_by_role("button", name=re.compile("^Pay")).click()
    await page.wait_for_url(re.compile(r"/paid$"))
    await page.close()


def seconds(figures: str) -> int:
    minutes, rest = figures.split(":")
    return int(minutes) * 60 + int(rest)


async def left(person: Person) -> int:
    return seconds(await person.part("left").inner_text())


async def whole(person: Person) -> int:
    """How long the session can be in all: what has run, and what is left."""
    figures = await person.page.locator("openline-session").evaluate(FIGURES)
    return sum(map(seconds, figures))


@pytest.mark.claim("A10", "A16", "A18", "A19", "A20")
@pytest.mark.timeout(90)
async def test_too_little_a_deposit_a_call_that_costs_nothing(scene: Scene) -> None:
    await market(scene)
    await scene.present("bruno")
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await expect(uma.card("ada").locator('[part~="rate"]')).to_have_text("€60.00 a minute")
    await expect(uma.card("bruno").locator('[part~="rate"]')).to_have_text("Free of charge")

    # One click on the card leads to what it costs, and that is too much: a deposit takes the place of the call.
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await expect(uma.part("low")).to_contain_text("You have €0.00, and this expert costs €60.00 a minute")
    await expect(uma.part("low")).to_contain_text("at least 1 min")
    await expect(uma.button("Connect now", uma.panel)).to_have_count(0)
    if AXE.exists():
        assert await violations(uma) == []
    await uma.part("low").get_by_role("button").click()
    form = uma.panel.locator("openline-deposit")
    await form.locator("label", has_text="Other amount").click()
    await form.locator('[part~="own"]').fill("a lot")
    await form.locator('[part~="pay"]').click()
    await expect(form.locator('[aria-invalid="true"]')).to_be_focused()
    await form.locator("label", has_text="€100.00").click()
    if AXE.exists():
        assert await violations(uma) == []
    await pays(uma, form)
    await expect(uma.part("came")).to_contain_text("€100.00 has arrived")
    await uma.part("done").click()
    await expect(uma.part("enough")).to_contain_text("Enough for 1 min 40 s")
    await expect(uma.part("enough")).to_contain_text("Your balance: €100.00 · €60.00 a minute")

    # Enough for a little over a minute: the ring runs on both sides, and both are warned when the last minute begins.
    await uma.button("Connect now", uma.panel).click()
    await ada.sees("Uma would like to talk")
    await set_aside(scene, "uma", await ringing(ada), 6600)
    await ada.part("accept").click()
    for person in (uma, ada):
        await person.connected()
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")
        await expect(person.part("clock-state")).to_have_text("Free up to 30 seconds.")
    for person in (uma, ada):
        await expect(person.part("meter")).to_have_attribute("data-clock", "last")
        await expect(person.part("clock-state")).to_have_text("Last minute")
    assert 56 <= await left(uma) <= 60
    await expect(uma.page.locator('openline-meter [role="alert"]')).to_contain_text("Less than one minute is left.")
    if AXE.exists():
        assert await violations(uma) == []
        assert await violations(ada) == []

    # Not half a minute: nothing is on either account.
    await uma.end()
    for person in (uma, ada):
        await expect(person.part("bill-rule")).to_have_text("This call was 30 seconds or less: it costs nothing.")
    await expect(uma.part("bill-balance")).to_have_text("€66.00")
    await expect(ada.part("bill-balance")).to_have_text("€0.00")


@pytest.mark.claim("A14", "A15", "A17", "A18", "A19")
@pytest.mark.timeout(120)
async def test_the_ring_drains_a_deposit_fills_it_and_zero_ends_it(scene: Scene) -> None:
    await market(scene)
    await pays_in(scene, "uma", 10_000)
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await uma.button("Connect now", uma.panel).click()
    await ada.sees("Uma would like to talk")
    await set_aside(scene, "uma", await ringing(ada), 2000)
    await ada.part("accept").click()
    await asyncio.gather(uma.connected(), ada.connected())

    # Both see the same clock, and it runs; the words of the chat stay where they are.
    await expect(uma.part("left")).to_have_text("0:15", timeout=8000)
    assert abs(await left(uma) - await left(ada)) <= 1
    await uma.page.locator('textarea[part~="composer"]').fill("Half a thought")
    assert 19 <= await whole(uma) <= 21
    await uma.part("deposit").click()
    form = uma.page.locator("openline-session openline-deposit")
    await expect(form.get_by_label("€12.00")).to_be_checked()
    await pays(uma, form)
    await expect(uma.part("came")).to_contain_text("€12.00 has arrived")
    await expect(uma.page.locator('openline-meter [role="status"]')).to_contain_text("The session is longer now")
    for person in (uma, ada):
        assert 31 <= await whole(person) <= 33
        share = float(await person.part("ring").get_attribute("data-share") or 0)
        assert abs(share - await left(person) / 32) < 0.07, "the ring is filled anew"
    await uma.part("done").click()
    await expect(uma.page.locator('textarea[part~="composer"]')).to_have_value("Half a thought")

    # Zero: the server ends it within a second, after exactly what was paid for.
    told = await scene.talker("user", "uma")
    ended = await told.until(messages.Billed, seconds=40)
    assert ended.bill.ms == 32_000
    await uma.sees("Your balance is used up, and the session has ended.")
    await ada.sees("The time that Uma had paid for is used up.")
    await expect(uma.part("bill-amount")).to_have_text("€32.00")
    await expect(uma.part("bill-balance")).to_have_text("€0.00")
    figures = {"bill-time": "0:32", "bill-amount": "€32.00", "bill-fee": "€6.40", "bill-credit": "€25.60"}
    for part, words in {**figures, "bill-balance": "€25.60"}.items():
        await expect(ada.part(part)).to_have_text(words)
    if AXE.exists():
        assert await violations(uma) == []
        assert await violations(ada) == []

    # Whoever loads the page anew still finds the bill, until it is put away.
    for person, part, words in ((ada, "bill-credit", "€25.60"), (uma, "bill-amount", "€32.00")):
        await person.page.reload()
        await expect(person.part(part)).to_have_text(words)
        await person.part("last-bill").get_by_role("button").click()
        await expect(person.part("last-bill")).to_have_count(0)


DEARER = f"""async (path) => {{
  const headers = {{ "Content-Type": "application/json" }};
  const answer = await fetch(path, {{ method: "PUT", headers, body: JSON.stringify({{ rate: {2 * RATE} }}) }});
  if (!answer.ok) throw new Error(await answer.text());
}}"""


@pytest.mark.claim("A18", "A19")
@pytest.mark.timeout(90)
async def test_a_rate_that_is_kept_and_a_balance_that_is_not(scene: Scene) -> None:
    """Who waits keeps the rate of when they joined; who can't pay in their turn is told, and keeps the place."""
    await market(scene)
    await pays_in(scene, "uma", 10_000)
    ada, uma, olga = await asyncio.gather(
        scene.expert("ada", name="Ada Quill"), scene.user("uma"), scene.signed_in("operator", "olga")
    )
    vera = await scene.talker("user", "vera")
    await pays_in(scene, "vera", 100_000)
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    await uma.button("Join the line: Ada Quill", uma.card("ada")).click()
    await uma.button("Join as next", uma.panel).click()
    await expect(uma.part("enough")).to_contain_text("Enough for 1 min 40 s")
    await expect(uma.part("enough")).to_contain_text("€60.00 a minute")

    # It costs more from now on, for others: the place keeps what it had.
    await olga.page.evaluate(DEARER, f"/v1/pools/{scene.pool}/experts/ada/profile")
    await expect(uma.part("enough")).to_contain_text("Your rate stays €60.00 a minute, as it was when you joined.")
    await expect(uma.panel.locator('header [part~="rate"]')).to_have_text("€60.00 a minute")
    await expect(uma.card("ada").locator('[part~="rate"]')).to_have_text("€120.00 a minute")

    # Her money goes back to the card, then it is her turn: both are told, the place is kept, and a deposit is enough.
    await is_left_with(scene, "uma", 500)
    session = await vera.until(messages.Session)
    assert isinstance(await vera.ask(messages.End, session=session.session), messages.Ok)
    await ada.sees("Uma would like to talk")
    await ada.part("accept").click()
    await ada.sees("The balance of this person is too low")
    await uma.sees("Your balance was too low when it was your turn", uma.panel)
    await uma.panel.locator(".pause").get_by_role("button", name="Make a deposit").click()
    form = uma.panel.locator("openline-deposit")
    await form.locator("label", has_text="€100.00").click()
    await pays(uma, form)
    await expect(uma.part("came")).to_contain_text("€100.00 has arrived")
    await ada.sees("Uma would like to talk")
    await uma.sees("Calling Ada Quill", uma.panel)


@pytest.mark.claim("A10", "A17", "A18")
@pytest.mark.timeout(90)
async def test_a_place_that_was_lost_and_a_network_that_is_gone(scene: Scene) -> None:
    """Who lost the place connects anew, and sees what it costs; offline, one's own clock says that it can't know."""
    await market(scene)
    await asyncio.gather(pays_in(scene, "uma", 100_000), pays_in(scene, "vera", 100_000))
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    vera, olga = await asyncio.gather(scene.talker("user", "vera"), scene.talker("operator", "olga"))
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    session = await vera.until(messages.Session)
    await uma.button("Join the line: Ada Quill", uma.card("ada")).click()
    await uma.button("Join as next", uma.panel).click()
    await uma.sees("You are next", uma.panel)
    ticket: str = await uma.panel.evaluate("(dialog) => dialog.getRootNode().host.hall.value.ticket.ticket")
    assert isinstance(await olga.ask(messages.Remove, ticket=ticket, reason="By mistake"), messages.Ok)
    await uma.sees("You are no longer in line", uma.panel)
    assert isinstance(await vera.ask(messages.End, session=session.session), messages.Ok)
    await uma.button("Connect now: Ada Quill", uma.panel).click()
    await expect(uma.part("enough")).to_contain_text("Enough for 16 min 40 s")
    await uma.button("Connect now", uma.panel).click()
    await ada.sees("Uma would like to talk")
    await ada.part("accept").click()
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")

    uma.tolerates = NET
    await uma.context.set_offline(True)
    await expect(ada.part("clock-state")).to_have_text("Clock stopped: waiting for Uma")
    await expect(uma.part("clock-state")).to_have_text("Not sure until the connection is back", timeout=8000)
    await uma.context.set_offline(False)
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")
    await uma.end()


NO_WINDOWS = "window.open = () => null;"


@pytest.mark.claim("A16", "A18", "A19")
@pytest.mark.timeout(90)
async def test_ways_to_a_deposit_that_are_not_straight(scene: Scene) -> None:
    """A browser that opens no windows has a link; a visitor learns what is missing; a refusal leads on."""
    await market(scene, msgspec.structs.replace(OPTIONS, visitors=True))
    await asyncio.gather(scene.present("ada"), scene.present("bruno"))
    uma, vera = await asyncio.gather(scene.user("uma", init=NO_WINDOWS), scene.person("Vera", locale="de-DE"))

    # Whoever is free first: what each costs is told, and where it is too much the refusal leads to the deposit.
    await uma.button("Choose several").click()
    for name in ("Ada Quill", "Bruno Salt"):
        await uma.page.get_by_role("checkbox", name=f"Choose {name}").check(force=True)
    await uma.button("Join: first who is free").click()
    await expect(uma.part("low")).to_contain_text("Your balance is too low")
    await uma.panel.locator(".question").get_by_role("button", name="Join the line").click()
    await uma.panel.get_by_role("alert").get_by_role("button", name="Make a deposit").click()
    form = uma.panel.locator("openline-deposit")
    await form.locator('[part~="pay"]').click()
    await expect(form.get_by_text("Your browser did not open another window")).to_be_visible()
    async with uma.context.expect_page() as opening:
        await form.get_by_role("link", name="Open the payment page").click()
    await expect((await opening.value).get_by_role("heading", name="12.00")).to_be_visible()

    # A visitor has no account that the money could stay with.
    await vera.open(f"{scene.books.base}/p/{scene.pool}")
    await expect(vera.card("ada").locator('[part~="rate"]')).to_have_text("60,00\u00a0€ pro Minute")
    await vera.button("Chat: Ada Quill", vera.card("ada")).click()
    await vera.button("Als Gast fortfahren", vera.panel).click()
    await vera.part("deposit").first.click()
    await vera.panel.locator('openline-deposit [part~="pay"]').click()
    await vera.sees("Für eine Einzahlung braucht es ein Konto")
    await expect(vera.panel.locator('openline-deposit [part~="sign-in"]')).to_have_attribute(
        "href", re.compile("/sign-in")
    )


async def test_a_colleague_who_costs_something_is_gone_on_with_at_the_price_that_was_shown(scene: Scene) -> None:
    await market(scene)
    await pays_in(scene, "uma", 100_000)
    bruno, uma = await asyncio.gather(scene.expert("bruno", name=BRUNO.name), scene.user("uma"))
    await scene.present("ada")
    await uma.button(f"Connect now: {BRUNO.name}", uma.card("bruno")).click()
    await bruno.part("accept").click()
    await asyncio.gather(uma.connected(), bruno.connected())
    await bruno.part("tool-transfer").click()
    await bruno.button("Ada Quill", bruno.part("sheet")).click()
    shown = uma.page.locator("openline-transfer")
    await expect(shown.locator('[part~="enough"]')).to_contain_text("€60.00 a minute")

    # It costs more by the time of the yes: that was a yes to something else.
    vera = await scene.talker("user", "vera")
    await scene.books.profiles.change(scene.pool, "ada", Changes(rate=2 * RATE), "operator")
    async with asyncio.timeout(15):
        while (await vera.ask(messages.Quote, expert="ada", mode="chat")).rate != 2 * RATE:
            await asyncio.sleep(0.1)
    yes = uma.button("Go on with Ada Quill")
    await yes.click()
    await uma.sees("The price is another by now")
    await expect(shown.locator('[part~="enough"]')).to_contain_text("€120.00 a minute")
    await yes.click()
    await uma.sees("Calling Ada Quill", uma.panel)


@pytest.mark.claim("A10", "A17")
async def test_who_was_shown_that_a_line_is_free_agrees_to_no_price(
    scene: Scene,
) -> None:
    await market(scene, msgspec.structs.replace(OPTIONS, prepaid=False))
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    rate = uma.card("ada").locator('[part~="rate"]')
    await expect(uma.button("Chat: Ada Quill", uma.card("ada"))).to_be_visible()
    await expect(rate).to_have_count(0)
    await scene.books.profiles.put_options(scene.pool, OPTIONS)
    await pays_in(scene, "uma", 100_000)
    vera = await scene.talker("user", "vera")
    async with asyncio.timeout(15):
        while (await vera.ask(messages.Quote, expert="ada", mode="chat")).rate != RATE:
            await asyncio.sleep(0.1)
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await uma.sees("The price is another by now", uma.panel)
    await expect(rate).to_have_text("€60.00 a minute")
    await expect(uma.part("enough")).to_contain_text("€60.00 a minute")
    await uma.button("Connect now", uma.panel).click()
    await ada.sees("Uma would like to talk")
