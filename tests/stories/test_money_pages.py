"""The pages about money: a user's balance, an expert's earnings, what operators see and set."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from billing import ledger, meter
from directory.expert import PoolOptions
from ground.clock import SystemClock
from tests import processor as tp
from tests.ports import free_port
from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Person, Scene
from tests.stories.test_directory import PHONE, scrolls_sideways, violations
from tests.stories.venue import Books, Process

pytestmark = pytest.mark.browser
NOW = SystemClock().now_ms
PREPAID = PoolOptions(prepaid=True, fee_bps=2000, deposits=[1000, 2500, 5000], deposit_max=20_000)
PHONE_OPTIONS: dict[str, Any] = {**PHONE}
COSTLY = msgspec.structs.replace(ADA, rate=150, mode_rates={"audio": 300}, modes=["chat", "audio"])


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def till(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Books]:
    """A server with a card processor beside it."""
    folder, port = tmp_path_factory.mktemp("till"), free_port()
    async with tp.processor(f"http://127.0.0.1:{port}/v1/processor/webhook") as processor:
        keys = {"KEY": processor.key, "WEBHOOK_SECRET": processor.secret, "API": processor.api}
        environment = {f"OPENLINE_STRIPE_{name}": value for name, value in keys.items()}
        process = Process(folder / "log", port, "serve", "--state", str(folder), **environment)
        try:
            await process.ready()
            books = await Books.open(port, environment, state_dir=str(folder))
            yield books
            await books.close()
        finally:
            process.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def market(browser: Browser, till: Books, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene in a pool that charges for time."""
    failed = request.session.testsfailed
    async with AsyncExitStack() as stack:
        scene = Scene(browser, till, stack)
        await scene.begin([COSTLY, BRUNO], "The tax line", options=PREPAID)
        yield scene
        if request.session.testsfailed > failed:
            await scene.keep_pictures(tmp_path)
        else:
            scene.assert_quiet()


async def paid_in(scene: Scene, user: str, amount: int, *, key: str = "before") -> None:
    async with scene.books.database.begin() as tx:
        await ledger.deposit(tx, scene.pool, user, amount, "EUR", key=f"{user}:{key}", now=NOW())


async def talked(scene: Scene, user: str, expert: str, session: str, ran_ms: int) -> None:
    """A session that was held and charged, at 1.50 a minute."""
    terms = {"rate": 150, "free_ms": 0, "cap_ms": 3_600_000, "minimum_ms": 1, "fee_bps": 2000, "currency": "EUR"}
    async with scene.books.database.begin() as tx:
        await meter.reserve(tx, scene.pool, f"o-{session}", user, expert, now=NOW(), **terms)  # type: ignore[arg-type]
        await meter.bind(tx, scene.pool, f"o-{session}", session)
        await meter.settle(tx, scene.pool, f"o-{session}", session, ran_ms=ran_ms, ended_by="user", ended_at=NOW())


async def page_of(person: Person, scene: Scene, path: str) -> None:
    await person.open(f"{scene.books.base}/p/{scene.pool}/{path}")


def money(text: str) -> re.Pattern[str]:
    """An amount as it stands on the page, whatever spaces are in it."""
    return re.compile(rf"^\s*{re.escape(text)}\s*$")


@pytest.mark.claim("A16", "A19")
@pytest.mark.timeout(90)
async def test_a_user_pays_in_keeps_the_card_and_has_the_rest_back(market: Scene) -> None:
    uma = await market.signed_in("user", "uma")
    await page_of(uma, market, "account")
    await expect(uma.part("balance")).to_have_text(money("€0.00"))
    await uma.page.locator('[value="other"]').check(force=True)
    for typed, said in (("lots", "not a clear amount"), ("12.345", "not a clear amount"), ("9", "From €10.00 to €200")):
        await uma.part("deposit-amount").fill(typed)
        await uma.part("deposit").click()
        await uma.sees(said)
        assert await uma.part("deposit-amount").input_value() == typed, "nothing typed is lost"
        assert await uma.part("deposit-amount").get_attribute("aria-invalid") == "true"
    await uma.part("deposit-amount").fill("25")
    await uma.part("keep-card").check()
    await uma.part("deposit").click()
    await uma.page.get_by_label("Test card").fill(tp.PAYS)
    await uma.page.get_by_label("Code").fill("123")
    await uma.page.get_by_label("Expiry").fill("12/34")
    await uma.button(re.compile("^Pay")).click()
    await uma.page.wait_for_url("**/account*")
    await uma.sees("Your payment has arrived")
    await expect(uma.part("balance")).to_have_text(money("€25.00"))
    assert "deposit=" not in uma.page.url, "a reload doesn't wait again"
    await expect(uma.page.locator('tr[data-kind="deposit"]')).to_contain_text("+€25.00")
    await expect(uma.part("card")).to_contain_text("4242")
    assert await violations(uma) == []

    await uma.part("reload-on").check()
    await uma.part("threshold").fill("5")
    await uma.part("reload-amount").fill("1")
    await uma.part("reload").click()
    await uma.sees("From €10.00 to €200.00")
    await uma.part("reload-amount").fill("20")
    await uma.part("reload").click()
    await uma.sees("Saved.")

    await uma.part("refund-amount").fill("30")
    await uma.part("refund").click()
    await uma.sees("From €0.01 to €25.00")
    await uma.part("refund-amount").fill("10.50")
    await uma.part("refund").click()
    await uma.sees("It goes back to the card it was paid with")
    await uma.part("refund-now").click()
    await expect(uma.part("balance")).to_have_text(money("€14.50"))
    await expect(uma.page.locator('tr[data-kind="refund"]')).to_contain_text("-€10.50")

    await uma.part("choice-1000").check(force=True)
    await uma.part("deposit").click()
    await uma.page.get_by_role("link", name="Back without paying").click()
    await uma.sees("The payment was called off")
    await expect(uma.part("reload-on")).to_be_checked()
    await expect(uma.part("balance")).to_have_text(money("€14.50"))
    await uma.part("forget").click()
    await uma.part("forget-now").click()
    await uma.sees("No card is kept")


@pytest.mark.claim("A14", "A15", "A16")
@pytest.mark.timeout(90)
async def test_an_expert_earns_and_is_paid_out(market: Scene, tmp_path: Path) -> None:
    await paid_in(market, "uma", 2000)
    await talked(market, "uma", "ada", "s1", 200_000)
    await talked(market, "uma", "ada", "s2", 30_000)
    ada = await market.signed_in("expert", "ada", "Ada Quill")
    ada.tolerates = "422"  # no IBAN
    await page_of(ada, market, "expert/earnings")
    await expect(ada.part("owed")).to_have_text(money("€4.00"))
    line = ada.page.locator('tr[data-kind="session"]')
    await expect(line).to_have_count(1)  # the short one left nothing
    await expect(line).to_contain_text("3:20 at €1.50 a minute")
    await expect(line).to_contain_text("charged €5.00, fee €1.00")
    await ada.part("holder").fill("Ada Quill")
    await ada.part("iban").fill("DE89 3704 0044 0532 0130 01")
    await ada.part("bank-save").click()
    await ada.sees("This is not an IBAN")
    assert await ada.part("holder").input_value() == "Ada Quill"
    await ada.part("iban").fill("DE89 3704 0044 0532 0130 00")
    await ada.part("bank-save").click()
    await expect(ada.part("bank")).to_contain_text("3000")
    assert "3704" not in await ada.page.content()
    assert await violations(ada) == []

    await paid_out(market, await market.signed_in("operator", "olga"), tmp_path)
    await ada.page.reload()
    await expect(ada.part("owed")).to_have_text(money("€0.00"))
    await expect(ada.page.locator('tr[data-kind="payout"]')).to_contain_text("-€4.00")


async def paid_out(market: Scene, olga: Person, folder: Path) -> None:
    """An operator pays Ada through the bank."""
    await page_of(olga, market, "operator/money")
    await expect(olga.page.locator('[data-sum="owed"]')).to_contain_text("€4.00")
    await expect(olga.page.locator('[data-sum="fees"]')).to_contain_text("€1.00")
    await expect(olga.page.locator('[data-sum="wallets"]')).to_contain_text("€15.00")
    await olga.part("tab-totals").press("ArrowRight")
    owed = olga.page.locator('[data-expert="ada"]')
    await expect(owed).to_contain_text("Bank account changed lately")
    await olga.part("make").click()
    await olga.sees("changed within the last three days")
    await olga.part("go").click()
    await expect(owed).to_contain_text("In an open batch")
    await expect(olga.part("make")).to_have_count(0)
    async with olga.page.expect_download() as download:
        await olga.part("csv").click()
    await (await download.value).save_as(folder / "bank.csv")
    assert "DE89370400440532013000" in (folder / "bank.csv").read_text("utf-8")
    await expect(olga.part("sepa")).to_have_count(0)
    await olga.part("holder").fill("The tax line")
    await olga.part("iban").fill("NL91ABNA0417164300")
    await olga.part("bank-save").click()
    await expect(olga.part("sepa")).to_be_visible()
    assert await violations(olga) == []
    await olga.part("paid").click()
    await olga.sees("Has the bank paid")
    await olga.part("go").click()
    await olga.sees("Nobody is owed anything")


@pytest.mark.timeout(90)
async def test_an_operator_freezes_a_balance_and_gives_goodwill(market: Scene) -> None:
    await paid_in(market, "uma", 700)
    uma, olga = await market.signed_in("user", "uma"), await market.signed_in("operator", "olga")
    olga.tolerates = "409"  # too much goodwill
    await page_of(olga, market, "operator/money?wallet=uma#person")
    await expect(olga.part("person-balance")).to_have_text(money("€7.00"))
    await olga.part("freeze").click()
    await olga.part("money-reason").fill("A dispute")
    await olga.part("do-now").click()
    await expect(olga.part("frozen")).to_be_visible()
    await page_of(uma, market, "account")
    await uma.sees("Your balance is frozen")
    await expect(uma.part("deposit")).to_have_count(0)
    await olga.part("unfreeze").click()
    await olga.part("money-reason").fill("It is settled")
    await olga.part("do-now").click()
    await olga.part("credit").click()
    await olga.part("credit-amount").fill("201")
    await olga.part("money-reason").fill("For the noise on the line")
    await olga.part("do-now").click()
    await olga.sees("This amount is too small or too large")
    await olga.part("credit-amount").fill("3.20")
    await olga.part("do-now").click()
    await expect(olga.part("person-balance")).to_have_text(money("€10.20"))
    await uma.page.reload()
    await expect(uma.part("balance")).to_have_text(money("€10.20"))
    await uma.sees("For the noise on the line")
    await olga.part("tab-totals").click()
    await expect(olga.page.locator('[data-sum="wallets"]')).to_contain_text("€10.20")

    # Nobody loses money by going without having said so.
    uma.tolerates = "409|401"
    await uma.part("erase").click()
    await uma.part("confirm").fill("Uma")
    await uma.part("erase-now").click()
    await expect(uma.part("money-left")).to_contain_text("€10.20")
    await expect(uma.part("erase-now")).to_be_disabled()
    await uma.part("forfeit").check()
    await uma.part("erase-now").click()
    await uma.page.wait_for_url(re.compile(f"/p/{market.pool}$"))


@pytest.mark.claim("A10")
@pytest.mark.timeout(90)
async def test_an_operator_sets_what_is_charged_and_rates_for_each_mode(market: Scene) -> None:
    await market.books.profiles.put_options(market.pool, PoolOptions())
    olga = await market.signed_in("operator", "olga")
    await page_of(olga, market, "operator/money#options")
    await olga.part("prepaid").check()
    await olga.sees("the experts' prices are shown")
    await olga.part("fee").fill("101")
    await olga.part("minimum_minutes").fill("0")
    await olga.part("options").click()
    await olga.sees("A number from 0 to 100")
    await olga.sees("A whole number from 1 to 60")
    await olga.part("fee").fill("12.5 %")
    await olga.part("minimum_minutes").fill("2")
    await olga.part("deposit-3").fill("99")
    assert await violations(olga) == []
    await olga.part("options").click()
    await olga.sees("Saved.")
    options = (await market.books.profiles.pool(market.pool)).options
    assert (options.prepaid, options.fee_bps, options.minimum_minutes) == (True, 1250, 2)
    assert options.deposits == [1000, 2500, 5000, 9900]

    await page_of(olga, market, "expert/profile?expert=ada")
    await expect(olga.part("rate")).to_have_value("1.50")
    await expect(olga.part("rate-chat")).to_have_value("")
    await olga.part("rate-chat").fill("1.2.3")
    await olga.part("save").click()
    await olga.sees("This is not a clear amount")
    await olga.part("rate-chat").fill("0")
    await olga.part("rate-audio").fill("2.4")
    await olga.part("save").click()
    await olga.sees("Saved. Visitors see it now.")
    ada = await market.books.profiles.expert(market.pool, "ada")
    assert (ada.rate, ada.mode_rates) == (150, {"chat": 0, "audio": 240})
    reader = await market.signed_in("expert", "ada", "Ada Quill", locale="de-DE")
    await page_of(reader, market, "expert/profile")
    await reader.sees(re.compile("2,40\u00a0€ pro Minute"))
    await expect(reader.part("rate")).to_have_count(0)
    await page_of(reader, market, "x/ada?lang=de")
    await reader.sees("Preis · Audioanruf")
    await reader.sees("2,40\u00a0€ pro Minute")


@pytest.mark.timeout(90)
async def test_the_pages_fit_a_phone_and_run_from_right_to_left(market: Scene) -> None:
    await paid_in(market, "uma", 123_456)
    await talked(market, "uma", "ada", "s1", 3_000_000)
    uma = await market.signed_in("user", "uma", **PHONE_OPTIONS, locale="ar-EG", color_scheme="dark")
    await page_of(uma, market, "account")
    await expect(uma.part("balance")).to_be_visible()
    await expect(uma.page.locator('tr[data-kind="session"]')).to_be_visible()
    assert await uma.page.evaluate("document.documentElement.dir") == "rtl"
    assert await violations(uma) == [] and not await scrolls_sideways(uma)
    olga = await market.signed_in("operator", "olga", **PHONE_OPTIONS, locale="de-DE")
    await page_of(olga, market, "operator/money?wallet=uma")
    for tab, ready in (("totals", "sums"), ("payouts", "holder"), ("person", "statement"), ("options", "options")):
        await olga.part(f"tab-{tab}").click()
        await expect(olga.part(ready)).to_be_visible()
        assert not await scrolls_sideways(olga), tab
