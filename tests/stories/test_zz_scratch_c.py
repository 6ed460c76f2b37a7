import asyncio
import re
import pytest
from playwright.async_api import expect
from tests.stories.test_bridged import *  # noqa
from tests.stories.test_bridged import hall, books  # noqa

for _n in list(globals()):
    if _n.startswith("test_"): del globals()[_n]

async def test_pictures(scene, hall):
    await market(scene, uma=100_000, vera=100_000)
    ada, uma = await two(scene)
    async def shots(name):
        for kind, opts in (("light", ("light", (1180, 860))), ("dark", ("dark", (1180, 860))), ("phone", ("light", (390, 780)))):
            for person in (ada, uma):
                await person.page.set_viewport_size({"width": opts[1][0], "height": opts[1][1]})
                await person.page.emulate_media(color_scheme=opts[0], reduced_motion="reduce")
                await asyncio.sleep(0.3)
                await person.page.screenshot(path=f"/tmp/c/{name}-{kind}-{person.name.split()[0]}.png")
    async def arabic(name):
        for person in (ada, uma):
            await person.page.set_viewport_size({"width": 420, "height": 860})
            await person.page.evaluate("document.documentElement.lang='ar'; document.documentElement.dir='rtl'; document.querySelectorAll('openline-panel,openline-session,openline-console,openline-directory,openline-ticket-bar').forEach(e=>{e.lang='ar';e.requestUpdate&&e.requestUpdate()})")
            await asyncio.sleep(1.5)
            await person.page.screenshot(path=f"/tmp/c/{name}-ar-{person.name.split()[0]}.png")
    await asyncio.sleep(3)
    vera = await scene.talker("user", "vera")
    await vera.ask(messages.Connect, expert="ada")
    await ada.part("accept").click()
    s = await vera.until(messages.Session)
    await stands_in_line(uma, "You are next")
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "good", timeout=15_000)
    await uma.part("preflight").scroll_into_view_if_needed()
    await shots("pre")
    await vera.ask(messages.End, session=s.session)
    await ada.sees("Uma would like to talk")
    await ada.part("accept").click()
    for person in (ada, uma):
        await expect(person.part("quality")).to_have_attribute("data-quality", "good", timeout=20000)
    await ada.part("record").click()
    await uma.sees("Ada Quill would like to record this call.")
    await shots("asked")
    await uma.part("record").click()
    await expect(uma.part("recording")).to_have_attribute("data-recording", "on")
    await shots("on")
    await arabic("on")

async def test_bad(scene):
    await market(scene, uma=100_000, vera=100_000)
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=REFUSED + SHUT_IN),
        scene.user("uma", init=REFUSED + SHUT_IN))
    vera = await scene.talker("user", "vera")
    await vera.ask(messages.Connect, expert="ada")
    await ada.part("accept").click()
    await stands_in_line(uma, "You are next")
    for person in (ada, uma):
        await person.part("test-microphone").click()
        await expect(row(person, "Connection")).to_contain_text("Audio does not get through", timeout=15_000)
        for kind, opts in (("light", ("light", (1180, 860))), ("dark", ("dark", (1180, 860))), ("phone", ("light", (390, 780)))):
            await person.page.set_viewport_size({"width": opts[1][0], "height": opts[1][1]})
            await person.page.emulate_media(color_scheme=opts[0], reduced_motion="reduce")
            await person.part("preflight").scroll_into_view_if_needed()
            await asyncio.sleep(0.3)
            await person.page.screenshot(path=f"/tmp/c/bad-{kind}-{person.name.split()[0]}.png")
        await person.page.evaluate("document.documentElement.lang='ar'; document.documentElement.dir='rtl'; document.querySelectorAll('openline-panel,openline-console').forEach(e=>{e.lang='ar';e.requestUpdate&&e.requestUpdate()})")
        await asyncio.sleep(1.5)
        await person.page.screenshot(path=f"/tmp/c/bad-ar-{person.name.split()[0]}.png")
