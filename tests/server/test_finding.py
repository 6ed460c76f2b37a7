"""Find, from the message to the answer: words, filters, orders, pages, and what an answer must never hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from directory.expert import Expert, PoolOptions
from ground.store import Store
from server.connection import Connection
from server.desks.finding import speaks
from server.limits import Bounds, Buckets, Rate
from server.origins import Came
from tests.server.hall import Hall, Page, hall
from wire import messages
from wire.codec import MSGPACK

PEOPLE = [
    Expert(expert="tax", name="Tessa Ahn", categories=["Money/Taxes"], languages=["en", "de"], rate=300,
           biography="Tax returns for freelancers. VAT and annual accounts."),
    Expert(expert="pay", name="Pavel Bo", categories=["Money/Payroll"], languages=["en"], rate=100,
           biography="Payroll, wages and a little tax."),
    Expert(expert="pip", name="Pip Cole", categories=["Home/Plumbing"], languages=["de-CH"], rate=0,
           headline="Plumber", biography="Undichte Rohre und Heizungen."),
    Expert(expert="mon", name="Mona Dee", categories=["Moneylender"], languages=["es"], rate=200),
]  # fmt: skip


@pytest.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        await made.profiles.put_experts(pool, PEOPLE)
        await made.indexed()
        yield made


@pytest.fixture
async def guest(house: Hall) -> Page:
    return await house.page()


@pytest.fixture
async def buyer(house: Hall) -> Page:
    """Somebody in a pool that charges what its experts cost."""
    await house.profiles.put_options(house.pool, PoolOptions(prepaid=True))
    return await house.page()


async def find(page: Page, **asked: object) -> messages.Found:
    found: messages.Found = await page.ask(messages.Find, **asked)
    return found


def names(found: messages.Found) -> list[str]:
    return [one.profile.expert for one in found.experts]


@pytest.mark.claim("B15")
@pytest.mark.claim("B16")
async def test_a_question_is_answered_with_ranked_experts_and_why(guest: Page) -> None:
    found = await find(guest, words="Who does TAX returns?")
    assert names(found) == ["tax", "pay"]
    assert found.total == 2
    assert [(one.word, one.source) for one in found.experts[0].why] == [
        ("TAX", "expertise"), ("returns", "biography"), ("TAX", "biography"),
    ]  # fmt: skip
    assert {(one.word, one.source) for one in found.experts[1].why} == {("TAX", "biography")}
    assert names(await find(guest, words="undichtes Rohr")) == ["pip"]


@pytest.mark.claim("B6")
async def test_areas_of_expertise_are_found(guest: Page) -> None:
    assert names(await find(guest, words="plumbing")) == ["pip"]
    assert names(await find(guest, words="payrol")) == ["pay"]


@pytest.mark.claim("A12")
async def test_a_category_lists_what_is_in_it_and_below(guest: Page) -> None:
    found = await find(guest, category="Money")
    assert names(found) == ["pay", "tax"], "by name, where nothing else tells them apart"
    assert all(one.why == [] and one.light.expert == one.profile.expert for one in found.experts)
    assert names(await find(guest, category="Money/Taxes")) == ["tax"]
    assert names(await find(guest, category="money")) == []


@pytest.mark.claim("A10")
async def test_the_price_is_filtered_by_and_sorted_by_where_it_is_charged(house: Hall, buyer: Page) -> None:
    assert names(await find(buyer, rate_max=0, language="de")) == ["pip"]
    assert names(await find(buyer, words="tax", rate_max=100)) == ["pay"]
    (mona,) = (await find(buyer, language="es")).experts
    assert (mona.profile.rate, [(one.mode, one.rate) for one in mona.profile.rates]) == (200, [("chat", 200)])
    assert names(await find(buyer, sort="rate"))[-3:] == ["pay", "mon", "tax"]


async def test_where_nothing_is_charged_everything_is_free(guest: Page) -> None:
    assert (await find(guest, rate_max=0)).total == 7
    assert {one.profile.rate for one in (await find(guest)).experts} == {0}


async def test_filters_narrow_together_and_with_words(house: Hall, guest: Page) -> None:
    assert set(names(await find(guest, language="de"))) == {"tax", "pip"}
    assert names(await find(guest, words="tax", category="Home")) == []
    assert names(await find(guest, free_only=True)) == []
    await house.expert("pay")
    await guest.until(messages.Lights, lambda told: told.lights[0].indicator == "free")
    assert names(await find(guest, words="tax", free_only=True)) == ["pay"]


async def test_each_order_and_its_pages(guest: Page) -> None:
    everybody = ["ada", "bob", "eve", "mon", "pay", "pip", "tax"]
    assert names(await find(guest, sort="name")) == everybody
    first = await find(guest, sort="rate", limit=3)
    second = await find(guest, sort="rate", offset=3, limit=3)
    last = await find(guest, sort="rate", offset=6, limit=3)
    assert names(first) + names(second) + names(last) == names(await find(guest, sort="rate"))
    assert first.total == second.total == last.total == 7
    assert names(await find(guest, offset=50)) == []


async def test_who_can_serve_sooner_stands_first(house: Hall, guest: Page) -> None:
    """A free expert, one with a line, one who is away and one who is offline."""
    await house.expert("tax")
    await house.expert("pay")
    await house.expert("mon")
    away = await house.expert("bob")
    await away.ask(messages.Declare, status="away")
    users = [await house.page("user", f"u{n}") for n in range(3)]
    for user in users:
        await user.ask(messages.Join, experts=["pay"])
    await guest.until(messages.Lights, lambda told: any(one.waiting == 3 for one in told.lights))
    found = await find(guest, sort="wait")
    assert names(found)[:4] == ["mon", "tax", "pay", "bob"]
    waits = {one.profile.expert: one.wait for one in found.experts}
    assert waits["tax"].p80 == 0
    assert 0 < waits["pay"].p50 <= waits["pay"].p80
    assert waits["eve"].p50 == -1, "who is offline can't be joined"
    best = names(await find(guest, words="tax"))
    assert best == ["tax", "pay"]


async def test_an_equal_answer_comes_from_who_is_there(house: Hall, guest: Page) -> None:
    twins = [Expert(expert=name, name=name, biography="Roof repairs") for name in ("roof-a", "roof-b")]
    await house.profiles.put_experts(house.pool, twins)
    await house.indexed()
    await house.roster.install(house.pool)
    assert names(await find(guest, words="roof repairs")) == ["roof-a", "roof-b"], "read although new here"
    await house.expert("roof-b")
    await guest.until(
        messages.Lights, lambda told: any(one.expert == "roof-b" and one.indicator == "free" for one in told.lights)
    )
    assert names(await find(guest, words="roof repairs")) == ["roof-b", "roof-a"]


@pytest.mark.claim("B32")
async def test_a_chat_that_its_user_allowed_ranks_its_expert_higher_and_is_never_shown(
    house: Hall, guest: Page
) -> None:
    twins = [Expert(expert=name, name=name, biography="Roof repairs") for name in ("roof-a", "roof-b")]
    await house.profiles.put_experts(house.pool, twins)
    await house.indexed()
    async with house.db.begin() as tx:
        await house.index.add_chat(tx, house.pool, "roof-b", "s1", "u1", "Slates fell off my roof. My name is Quentin.")
    found = await find(guest, words="slates off the roof")
    assert names(found) == ["roof-b", "roof-a"]
    assert ("slates", "chats") in [(one.word, one.source) for one in found.experts[0].why]
    assert "uentin" not in repr(found) and "fell" not in repr(found)
    async with house.db.begin() as tx:
        await house.index.forget_user(tx, house.pool, "u1")
    found = await find(guest, words="slates off the roof")
    assert names(found) == ["roof-a", "roof-b"]
    assert "chats" not in repr(found)


async def test_everybody_may_ask(house: Hall) -> None:
    for role, member in (("guest", ""), ("user", "u1"), ("expert", "ada"), ("operator", "op")):
        assert names(await find(await house.page(role, member), words="tax")) == ["tax", "pay"]


async def test_whatever_is_asked_is_answered(guest: Page) -> None:
    for words in (
        '"',
        "name:ada OR *",
        "') OR 1=1 --",
        "\u202etax\u0301",
        "NEAR(tax, 5)",
        "\U0001f600" * 500,
        "a " * 250,
    ):
        assert (await find(guest, words=words)).total >= 0
    assert names(await find(guest, words='"tax" NOT returns*')) == ["tax", "pay"], "words, never commands"


def test_a_search_counts_as_several_messages() -> None:
    bounds = Bounds(per_connection=Rate(9, 1))
    conn = Connection(MSGPACK, bounds, Came("", False, ""), ("user",), "", 0.0)
    frame, other = MSGPACK.encode(messages.Find(id=1)), MSGPACK.encode(messages.Ping(id=2))
    told = [conn.receive(each, 0.0, Buckets(bounds.per_member)) for each in (frame, frame, frame, other)]
    assert [type(one) for one in told] == [messages.Find, messages.Find, messages.Refused, messages.Ping]
    assert told[2].retry_after_ms == pytest.approx(3000, abs=2)


@pytest.mark.parametrize(
    ("tag", "wanted", "fits"),
    [("de", "de", True), ("de-ch", "de", True), ("de", "de-ch", True), ("de-at", "de-ch", False), ("den", "de", False)],
)
def test_a_language_answers_its_kind(tag: str, wanted: str, fits: bool) -> None:
    assert speaks(tag, wanted) is fits
