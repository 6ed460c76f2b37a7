"""What may be called, and how often: the book of numbers, codes, and the caps, on both databases."""

import asyncio

import pytest

from ground.errors import Refusal
from ground.sql import Database
from queueing.facts import Side
from sessions.phone import book, caps, codes, store
from sessions.phone.book import Book, Entry, callable_number
from sessions.phone.caps import CODES_OF_MEMBER, CODES_OF_NETWORK, CODES_OF_NUMBER, DAY_MS, Limits, Plan
from sessions.phone.numbers import Number

NOW = 1_800_000_000_000
KEY = b"k" * 32
LIMITS = Limits(each=3, pool=12, key=KEY)
MOBILE = Number("+4915112345678", "DE")


def plan(
    call: str, number: str = MOBILE.e164, member: str = "vic", purpose: caps.Purpose = "session", *,
    pool: str = "p", side: Side = "user", network: str = "",
) -> Plan:  # fmt: skip
    return Plan(call=call, pool=pool, side=side, member=member, number=number, purpose=purpose, network=network)


async def booked(db: Database, one: Plan, now: int = NOW, limits: Limits = LIMITS) -> str:
    """The code with which it is refused, else ""."""
    try:
        async with db.begin() as tx:
            await caps.book(tx, one, limits, now)
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.fixture
def numbers(database: Database) -> Book:
    return Book(database, KEY)


# ---------------------------------------------------------------- caps


async def test_a_number_and_a_user_are_called_so_often_in_a_day(database: Database) -> None:
    assert [await booked(database, plan(f"c{n}")) for n in range(4)] == ["", "", "", "too_many_calls"]
    assert await booked(database, plan("other", "+4930123456", "vic")) == "too_many_calls"
    assert await booked(database, plan("others", MOBILE.e164, "mal")) == "too_many_calls"
    assert await booked(database, plan("mine", "+4930123456", "mal")) == ""
    assert await booked(database, plan("late"), NOW + DAY_MS) == ""


async def test_a_repeat_is_the_same_call(database: Database) -> None:
    assert [await booked(database, plan("same")) for _ in range(9)] == [""] * 9
    async with database.begin() as tx:
        await caps.given_to(tx, "same", "w1")
    async with database.begin() as tx:
        assert await caps.book(tx, plan("same"), LIMITS, NOW) == "w1"
    assert await booked(database, plan("second")) == ""


async def test_a_number_confirmed_while_its_call_still_speaks_counts_as_confirmed(
    database: Database, numbers: Book
) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW, "de-AT")
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    assert (await numbers.of("p", "user", "vic")).language == "de-AT"
    assert await booked(database, plan("code", purpose="code")) == ""
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "user", "vic", "page", "op", NOW)
    await numbers.confirm("p", "user", "vic", "page", code, NOW + 1)
    await caps.over(database, "code", "told", NOW + 2)
    async with database.read() as tx:
        (row,) = await store.calls_of(tx, "p", "user", "vic")
    assert (row["outcome"], row["ended_at"]) == (store.CONFIRMED, NOW + 2)


@pytest.mark.claim("A2")
async def test_a_repeat_with_another_number_is_not_the_same_call(database: Database) -> None:
    """Else who changes the number while all lines are taken has one called that was never counted."""
    assert await booked(database, plan("c1")) == ""
    assert await booked(database, plan("c1", number="+4930765432")) == "too_many_calls"


async def test_a_block_of_numbers_gets_its_part_and_the_pool_its_whole(database: Database) -> None:
    """Rotating visitors, each with a fresh number of the same block."""
    block = [await booked(database, plan(f"b{n}", f"+4915112{n:06d}", f"v{n}")) for n in range(9)]
    assert block == [""] * 3 + ["too_many_calls"] * 6
    spread = [await booked(database, plan(f"s{n}", f"+4930{n:02d}5551", f"w{n}")) for n in range(10, 40)]
    assert spread.count("") == LIMITS.pool - 3
    assert await booked(database, plan("x", pool="q")) == ""


@pytest.mark.claim("A2")
async def test_a_thousand_at_once_get_no_more_than_one_after_the_other(database: Database) -> None:
    """What is spent under attack is bounded by the cap, whoever asks and however many at a time."""
    rush = [plan(f"r{n}", f"+49{3000 + n % 60:04d}{n:05d}", f"v{n}") for n in range(150)]
    assert (await asyncio.gather(*(booked(database, one) for one in rush))).count("") <= LIMITS.pool
    async with database.read() as tx:
        assert await store.count_calls(tx, "p", NOW - DAY_MS) == LIMITS.pool


async def test_an_expert_is_called_more_often_than_a_user_within_what_the_pool_may(database: Database) -> None:
    done = [await booked(database, plan(f"e{n}", member="ada", side="expert")) for n in range(LIMITS.pool + 1)]
    assert done == [""] * LIMITS.pool + ["too_many_calls"]


async def test_codes_are_few_for_each_member_number_and_network(database: Database) -> None:
    wide, pause = Limits(1000, 100_000, KEY), caps.CODE_PAUSE_MS

    async def asks(count: int, name: str, **fixed: str) -> int:
        got = 0
        for n in range(count):
            fields = {"number": f"+49{name}{n:05d}", "member": f"{name}{n}", "network": f"{name}{n}", **fixed}
            one = plan(f"{name}{n}", purpose="text", **fields)  # type: ignore[arg-type]
            got += not await booked(database, one, NOW + n * pause, wide)
        return got

    assert await asks(30, "3051", member="mal") == CODES_OF_MEMBER
    assert await asks(30, "3052", number="+4930525252") == CODES_OF_NUMBER
    assert await asks(30, "3053", network="192.0.2.7") == CODES_OF_NETWORK
    assert await asks(30, "3054", network="") == 30


async def test_a_telephone_does_not_ring_for_two_codes_at_once(database: Database) -> None:
    assert await booked(database, plan("one", purpose="code")) == ""
    assert await booked(database, plan("two", member="mal", purpose="text"), NOW + 1000) == "too_many_calls"
    assert await booked(database, plan("three", member="mal", purpose="code"), NOW + caps.CODE_PAUSE_MS) == ""


async def test_few_telephones_ring_for_codes_at_once(database: Database) -> None:
    wide = Limits(1000, 100_000, KEY)
    many = [plan(f"m{n}", f"+4930{n:02d}5551", f"v{n}", "code") for n in range(10, 18)]
    said = [await booked(database, one, NOW, wide) for one in many]
    assert said == [""] * caps.CODES_AT_ONCE + ["phone_full"] * 3
    await caps.over(database, "m10", "busy", NOW)
    assert await booked(database, many[-1], NOW, wide) == ""
    assert await booked(database, plan("talk", "+4930555551"), NOW, wide) == ""


async def test_old_calls_are_let_go(database: Database) -> None:
    await booked(database, plan("old"))
    await booked(database, plan("new"), NOW + caps.KEEP_MS)
    await caps.tidy(database, "p", NOW + caps.KEEP_MS + 1)
    async with database.read() as tx:
        assert [row["call"] for row in await store.calls_of(tx, "p", "user", "vic")] == ["new"]


# ---------------------------------------------------------------- numbers and codes


async def confirmed(numbers: Book, database: Database, member: str, now: int = NOW) -> None:
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "user", member, "page", f"op{now}", now)
    await numbers.confirm("p", "user", member, "page", code, now)


async def test_a_number_is_confirmed_by_its_code(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    with pytest.raises(Refusal, match="number_unverified"):
        callable_number(await numbers.of("p", "user", "vic"), ["DE"], verified=True)
    assert callable_number(await numbers.of("p", "user", "vic"), ["DE"], verified=False) == MOBILE.e164
    await confirmed(numbers, database, "vic")
    assert callable_number(await numbers.of("p", "user", "vic"), ["DE"], verified=True) == MOBILE.e164
    with pytest.raises(Refusal, match="region_not_called"):
        callable_number(await numbers.of("p", "user", "vic"), ["AT"], verified=True)
    with pytest.raises(Refusal, match="no_phone"):
        callable_number(await numbers.of("p", "user", "vic"), [], verified=True)


async def test_another_number_is_not_confirmed_by_the_first(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "user", "vic", "page", "op", NOW)
    await numbers.set_number("p", "user", "vic", Number("+4930123456", "DE"), NOW)
    with pytest.raises(Refusal, match="code_expired"):
        await numbers.confirm("p", "user", "vic", "page", code, NOW)
    await confirmed(numbers, database, "vic")
    await numbers.set_number("p", "user", "vic", Number("+4930123456", "DE"), NOW)
    assert (await numbers.of("p", "user", "vic")).verified_at == NOW
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    assert (await numbers.of("p", "user", "vic")).verified_at == 0


async def test_a_code_is_good_for_five_tries_and_ten_minutes_and_once(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "user", "vic", "page", "op", NOW)
    wrong = f"{(int(code) + 1) % 10**codes.DIGITS:06d}"

    async def tried(said: str, now: int = NOW, member: str = "vic") -> str:
        try:
            await numbers.confirm("p", "user", member, "page", said, now)
        except Refusal as refusal:
            return refusal.code
        return ""

    assert await tried(code, member="mal") == "code_expired"
    assert await tried(code, NOW + codes.LIFE_MS) == "code_expired"
    rush = await asyncio.gather(*(tried(wrong) for _ in range(12)))
    assert sorted(rush) == ["bad_code"] * 5 + ["code_expired"] * 7
    assert await tried(code) == "code_expired"
    await confirmed(numbers, database, "vic")
    assert await tried(code) == "code_expired"


async def test_what_the_page_shows_for_the_keys_confirms_nothing_from_the_page(
    numbers: Book, database: Database
) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    async with database.begin() as tx:
        keys = await numbers.new_code(tx, "p", "user", "vic", "keys", "op", NOW)
        assert await numbers.code(tx, "p", "user", "vic", "keys", "op") == keys
    with pytest.raises(Refusal, match="bad_code"):
        await numbers.confirm("p", "user", "vic", "page", keys, NOW)
    await numbers.confirm("p", "user", "vic", "keys", keys, NOW)
    assert (await numbers.of("p", "user", "vic")).verified_at == NOW


@pytest.mark.claim("A2")
async def test_keys_that_are_pressed_on_one_telephone_confirm_no_other(numbers: Book, database: Database) -> None:
    """While their own telephone rings, somebody enters the number of another, and presses the new keys on the old."""
    mine = Number("+4930123456", "DE")
    await numbers.set_number("p", "user", "mal", mine, NOW)
    async with database.begin() as tx:
        await numbers.new_code(tx, "p", "user", "mal", "keys", "first", NOW)
    await numbers.set_number("p", "user", "mal", MOBILE, NOW)
    async with database.begin() as tx:
        keys = await numbers.new_code(tx, "p", "user", "mal", "keys", "second", NOW)
    with pytest.raises(Refusal, match="code_expired"):
        await numbers.confirm("p", "user", "mal", "keys", keys, NOW, called=mine.e164)
    assert (await numbers.of("p", "user", "mal")).verified_at == 0
    await numbers.confirm("p", "user", "mal", "keys", keys, NOW, called=MOBILE.e164)
    assert (await numbers.of("p", "user", "mal")).verified_at == NOW


async def test_the_books_do_not_hold_the_code(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "user", "vic", "page", "op", NOW)
        row = await store.take_try(tx, "p", "user", "vic", 5, NOW)
    assert row is not None and code not in row["digest"]
    assert codes.is_right(KEY, code, row["digest"], "p", "user", "vic", MOBILE.e164, "page")
    for other in (("q", "user", "vic", MOBILE.e164, "page"), ("p", "user", "vic", MOBILE.e164, "keys")):
        assert not codes.is_right(KEY, code, row["digest"], *other)
    assert not codes.is_right(b"another key", code, row["digest"], "p", "user", "vic", MOBILE.e164, "page")


async def test_a_family_shares_a_telephone_and_a_crowd_does_not(numbers: Book, database: Database) -> None:
    for n in range(book.SHARED_MAX):
        await numbers.set_number("p", "user", f"v{n}", MOBILE, NOW)
        await confirmed(numbers, database, f"v{n}")
    await numbers.set_number("p", "user", "mal", MOBILE, NOW)
    with pytest.raises(Refusal, match="number_taken"):
        await confirmed(numbers, database, "mal")
    await confirmed(numbers, database, "mal", NOW + book.SHARED_MS)


@pytest.mark.claim("A2")
async def test_who_lets_go_of_a_number_has_had_it(numbers: Book, database: Database) -> None:
    """Else one telephone would do for ever new visitors, each with their free calls."""
    limits = Limits(each=99, pool=999, key=KEY)

    async def has(member: str, day: int) -> None:
        at = NOW + day * DAY_MS
        await numbers.set_number("p", "user", member, MOBILE, at)
        assert await booked(database, plan(f"code-{member}-{day}", member=member, purpose="text"), at, limits) == ""
        await confirmed(numbers, database, member, at)

    for n in range(book.SHARED_MAX):
        await has(f"v{n}", n)
        await numbers.forget("p", "user", f"v{n}")
    with pytest.raises(Refusal, match="number_taken"):
        await has("mal", book.SHARED_MAX)
    await has("v1", book.SHARED_MAX + 1)


async def test_an_expert_answers_on_a_confirmed_telephone(numbers: Book, database: Database) -> None:
    for wanted in ("no_number", "number_unverified"):
        with pytest.raises(Refusal, match=wanted):
            await numbers.answer_on("p", "ada", "phone", NOW)
        await numbers.set_number("p", "expert", "ada", MOBILE, NOW)
    async with database.begin() as tx:
        code = await numbers.new_code(tx, "p", "expert", "ada", "page", "op", NOW)
    await numbers.confirm("p", "expert", "ada", "page", code, NOW)
    await numbers.answer_on("p", "ada", "phone", NOW)
    assert (await numbers.of("p", "expert", "ada")).answers_on == "phone"


# ---------------------------------------------------------------- a person


async def test_who_is_forgotten_leaves_no_number_and_no_new_calls(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "vic", MOBILE, NOW)
    await confirmed(numbers, database, "vic")
    for n in range(LIMITS.each):
        await booked(database, plan(f"c{n}"))
    async with database.begin() as tx:
        told = await book.export(tx, "p", "user", "vic")
        assert told["phones"][0]["number"] == MOBILE.e164 and len(told["phone_calls"]) == LIMITS.each
        await book.forget_member(tx, "p", "user", "vic", "erased-1")
        assert await book.export(tx, "p", "user", "vic") == {"phones": [], "phone_calls": []}
        after = await book.export(tx, "p", "user", "erased-1")
    assert {call["number"] for call in after["phone_calls"]} == {""}
    assert await booked(database, plan("again", member="vic2")) == "too_many_calls"


async def test_a_visitors_number_goes_with_them_unless_they_have_one(numbers: Book, database: Database) -> None:
    await numbers.set_number("p", "user", "guest", MOBILE, NOW)
    await confirmed(numbers, database, "guest")
    async with database.begin() as tx:
        await book.adopt(tx, "p", "guest", "vic")
    assert (await numbers.of("p", "user", "vic")).verified_at == NOW
    assert await numbers.of("p", "user", "guest") == Entry()
    await numbers.set_number("p", "user", "guest2", Number("+4930123456", "DE"), NOW)
    async with database.begin() as tx:
        await book.adopt(tx, "p", "guest2", "vic")
    assert (await numbers.of("p", "user", "vic")).number == MOBILE.e164
    assert await numbers.of("p", "user", "guest2") == Entry()
