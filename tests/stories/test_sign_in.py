"""The sign-in page: by mail, by password, a new account; with the keyboard, on a phone, in the dark, right to left."""

import re

import pytest
from playwright.async_api import Page, expect

from identity.accounts import Accounts
from server.sign_in_links import url_of
from tests.repo.house import ROOT
from tests.server.browsing import mailed, token_for
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene

pytestmark = pytest.mark.browser
WORD = "a horse of paper"
AXE = ROOT / "client_applet" / "node_modules" / "axe-core" / "axe.min.js"
REFUSED = "the server responded with a status of 40"


async def sign_up(uma: Person, email: str, password: str = "") -> None:
    await uma.text("Create an account").first.click()
    form = uma.page.locator("#sign-up")
    await form.get_by_label("Your name").fill("Uma <b>Umarsson</b>")
    await form.get_by_label("Email address").fill(email)
    await form.get_by_label("Password").fill(password)
    await form.get_by_role("button").click()


async def accessible(page: Page) -> None:
    """No violation that axe knows."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(
        "async () => (await axe.run()).violations.map((one) => one.id + ': ' + one.nodes[0].html)"
    )
    assert found == []


async def test_a_new_user_signs_up_by_mail_and_comes_back_with_the_password(scene: Scene) -> None:
    await scene.begin([ADA], "The tax line")
    uma = await scene.person("Uma")
    uma.tolerates = REFUSED
    page = await uma.open(f"{scene.books.base}/sign-in?pool={scene.pool}")
    await sign_up(uma, "uma@page.example", "short")
    await uma.sees("at least 10 characters", page.locator("#sign-up"))
    await expect(page.locator("#sign-up-word")).to_be_focused()
    await expect(page.locator("#sign-up-word")).to_have_attribute("aria-invalid", "true")
    await page.locator("#sign-up-word").fill(WORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    await uma.sees("uma@page.example")
    token = await token_for(scene.books.database, scene.pool, "uma@page.example")
    # Put into the tab that waits: the browser loads nothing anew.
    await page.evaluate("to => { location.href = to }", url_of(scene.books.base, token, scene.pool))
    await page.wait_for_url(f"**/p/{scene.pool}")
    assert token not in await page.evaluate("location.href")
    await page.get_by_role("link", name="Your account").click()
    await page.wait_for_url(f"**/p/{scene.pool}/account?role=user")

    other = await scene.person("Uma elsewhere")
    other.tolerates = REFUSED
    page = await other.open(f"{scene.books.base}/sign-in?pool={scene.pool}")
    await page.get_by_text("With a password").click()
    form = page.locator("#password")
    await form.get_by_label("Email address").fill("uma@page.example")
    await form.get_by_label("Password").fill("a horse of glass")
    await form.get_by_role("button").click()
    await other.sees("The address or the password is wrong", form)
    await form.get_by_label("Password").fill(WORD)
    await form.get_by_role("button").click()
    await page.wait_for_url(f"**/p/{scene.pool}")
    own = await page.evaluate(f"fetch('/v1/pools/{scene.pool}/account').then((answer) => answer.json())")
    assert (own["name"], len(own["sign_ins"])) == ("Uma <b>Umarsson</b>", 2)


async def test_an_operator_asks_for_a_link_with_the_keyboard_alone(scene: Scene) -> None:
    await scene.begin([ADA])
    await Accounts(scene.books.database).open(scene.pool, "operator", "olga@page.example", "Olga", now=1)
    olga = await scene.person("Olga")
    page = await olga.open(f"{scene.books.base}/sign-in?pool={scene.pool}&role=operator")
    await expect(page.get_by_text("Create an account")).to_have_count(2)
    await expect(page.locator("#with-sign-up")).to_be_hidden()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#link .problem")).to_have_text("Please type your email address.")
    await page.keyboard.type("olga")
    await page.keyboard.press("Enter")
    await expect(page.locator("#link .problem")).to_contain_text("not an email address")
    await page.keyboard.type("@page.example")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    ((kind, _text),) = await mailed(scene.books.database, scene.pool, "olga@page.example")
    assert kind == "sign_in"
    token = await token_for(scene.books.database, scene.pool, "olga@page.example")
    await page.goto(f"{scene.books.base}/sign-in#{token}")
    await page.wait_for_url(f"**/p/{scene.pool}/operator")


@pytest.mark.parametrize(
    ("locale", "said", "scheme"),
    [
        ("en-GB", "Sign in", "light"),
        ("de-AT", "Anmelden", "dark"),
        ("es-MX", "Entrar", "light"),
        ("ar-EG", "تسجيل الدخول", "dark"),
    ],
)
async def test_it_speaks_four_languages_on_a_phone(scene: Scene, locale: str, said: str, scheme: str) -> None:
    await scene.begin([ADA])
    kim = await scene.person("Kim", locale=locale, color_scheme=scheme, viewport={"width": 320, "height": 640})
    page = await kim.open(f"{scene.books.base}/sign-in?pool={scene.pool}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(said)
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await page.evaluate("document.documentElement.dir") == ("rtl" if locale.startswith("ar") else "ltr")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
    small = await page.evaluate(
        "[...document.querySelectorAll('button, input, summary')].filter((one) => one.offsetHeight < 44).length"
    )
    assert small == 0, "a finger hits it"
    await expect(page.locator("#provider")).to_be_hidden()
    await accessible(page)


async def test_a_link_that_is_no_good_says_why_and_offers_another_way(scene: Scene) -> None:
    await scene.begin([ADA])
    uma = await scene.person("Uma")
    uma.tolerates = REFUSED
    await Accounts(scene.books.database).open(scene.pool, "user", "uma2@page.example", "Uma", now=1)
    page = await uma.open(f"{scene.books.base}/sign-in?pool={scene.pool}#{'x' * 43}")
    await uma.sees("This link is not complete")
    await expect(page.locator("#link")).to_be_visible()
    page = await uma.open(f"{scene.books.base}/sign-in#{'x' * 43}")
    await uma.sees("This link is not complete")
    page = await uma.open(f"{scene.books.base}/sign-in")
    await uma.sees(re.compile("needs the name of a line"))
    await expect(page.locator("#ways")).to_be_hidden()
