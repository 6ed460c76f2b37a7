"""What people write is shown as they wrote it, and never runs."""

import asyncio

import msgspec
import pytest
from playwright.async_api import expect

from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from wire import messages

pytestmark = pytest.mark.browser
PAYLOADS = (
    '<img src=x onerror="alert(1)">',
    "<script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "javascript:alert(4)",
    "${alert(5)} {{constructor.constructor('alert(6)')()}}",
    "a\u202etxt.exe\u202c \u2066z\u0301\u0301\u0301",
    "&lt;b&gt; &amp; <b>bold</b>",
)
NAME = PAYLOADS[0]


async def no_foreign_elements(person: Person) -> None:
    """No element that only a payload could have made, in any shadow root; no link that is not http."""
    found = await person.page.evaluate("""() => {
      const roots = [document], bad = [];
      while (roots.length) for (const one of roots.pop().querySelectorAll("*")) {
        if (one.shadowRoot) roots.push(one.shadowRoot);
        if (one.matches("img[src='x'], [onerror], [onload], body script, b b")) bad.push(one.outerHTML);
        if (one.matches("a[href]") && !/^https?:/.test(one.href)) bad.push(one.href);
      }
      return bad;
    }""")
    assert not found


@pytest.mark.claim("B12", "B27")
@pytest.mark.timeout(90)
async def test_hostile_names_reasons_and_messages_are_only_text(scene: Scene) -> None:
    odd = msgspec.structs.replace(ADA, headline=PAYLOADS[1], categories=[PAYLOADS[0], "Money"])
    await scene.begin([odd], f"Line {PAYLOADS[6]}", wrap_up_ms=1)
    ada, uma, olga = await asyncio.gather(
        scene.expert("ada", name="Ada Quill"), scene.user("uma", name=NAME), scene.operator()
    )
    everybody = (ada, uma, olga)

    await uma.sees(PAYLOADS[1], uma.card("ada"))
    await expect(uma.page.locator("h1")).to_have_text(f"Line {PAYLOADS[6]}")
    await ada.part("status-away").click()
    await ada.part("away-reason").fill(PAYLOADS[2])
    await ada.part("set-away").click()
    await expect(olga.page.locator('[data-expert="ada"]')).to_contain_text(PAYLOADS[2])
    await uma.card("ada").get_by_role("button", name="Ada Quill", exact=True).click()
    await uma.sees(PAYLOADS[2], uma.panel)
    await uma.button("Join", uma.panel).click()
    await expect(ada.part("waiter")).to_contain_text(NAME)
    await olga.part("expand").click()
    await expect(olga.part("waiter")).to_contain_text(NAME)

    await ada.part("status-online").click()
    await ada.sees(f"{NAME} would like to talk")
    await ada.part("accept").click()
    for number, payload in enumerate(PAYLOADS):
        await uma.say(payload)
        await expect(ada.part("message").last).to_have_text(payload, use_inner_text=False)
        await ada.say(payload)
        await expect(uma.part("message")).to_have_count(2 * number + 2)  # both say the same
        await expect(uma.part("message").last).to_have_text(payload)
    for person in everybody:
        await no_foreign_elements(person)

    await olga.part("end-session").click()
    await olga.part("reason").fill(PAYLOADS[1])
    await olga.part("confirm").click()
    await ada.sees(PAYLOADS[1])
    await uma.sees("An operator ended the session.")
    second = await scene.talker("user", "second", PAYLOADS[3])
    await second.ask(messages.Connect, expert="ada")
    await ada.sees(f"{PAYLOADS[3]} would like to talk")
    await ada.part("decline-reason").fill(PAYLOADS[4])
    await ada.part("decline").click()
    for person in everybody:
        await no_foreign_elements(person)
