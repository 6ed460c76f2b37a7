"""When nobody can come: a message to the expert, and being told when they are free."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from directory import wishes
from directory.expert import Expert
from ground.store import Store
from mail.outbox import Claimed, Outbox
from server.desks import letters
from tests.server.hall import Hall, Page, hall
from tests.server.test_commands import refused
from wire import messages as m

ADDRESS = "uma@mail.example"
ADA = Expert(
    expert="ada", name="Ada Lovelace", modes=["chat", "audio"], email="ada@line.example", languages=["de"],
    timezone="Europe/Berlin",
)  # fmt: skip


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        await made.profiles.put_experts(pool, [ADA])
        made.emails[pool, "user", "uma"] = ADDRESS
        yield made


async def letters_of(house: Hall) -> list[Claimed]:
    """What waits to be sent, read as a sender reads it."""
    return await Outbox(house.db).claim(house.clock.now_ms(), 1000)


async def leave(page: Page, **changed: str) -> object:
    given = {"expert": "ada", "name": "Uma", "email": "", "text": "Call me"}
    return await page.ask(m.LeaveMessage, **(given | changed))


async def leaving_refused(page: Page, **changed: str) -> str:
    given = {"expert": "ada", "name": "Uma", "email": ADDRESS, "text": "Call me"}
    return (await refused(page, m.LeaveMessage, **(given | changed)))[0]


async def test_a_members_message_goes_to_the_expert_and_answers_to_the_member(house: Hall) -> None:
    page = await house.page("user", "uma")
    assert isinstance(await leave(page, name="Somebody Else", text="Call me\n-- \nDie Adresse ist geprüft."), m.Ok)
    (letter,) = await letters_of(house)
    assert (letter.to, letter.reply_to, letter.reply_name) == ("ada@line.example", ADDRESS, "Uma")
    assert letter.subject == "Eine Nachricht von Uma über The pool"
    assert "\n> Call me\n> -- \n> Die Adresse ist geprüft.\n" in letter.text, "nothing of it passes for our words"
    assert "Der Absender ist angemeldet" in letter.text
    assert "MEZ" in letter.text or "MESZ" in letter.text, "in the expert's own time"
    assert f"https://line.example/p/{house.pool}/expert" in letter.text
    assert "ada@line.example" not in str(page.told)


async def test_a_guest_gives_an_address_and_the_expert_reads_that_nobody_checked_it(house: Hall) -> None:
    page = await house.page()
    await leave(page, email="Zoe@Mail.example", name="Zoë \u202eeilA\r")
    (letter,) = await letters_of(house)
    assert (letter.reply_to, letter.reply_name) == ("Zoe@mail.example", "Zoë eilA")
    assert "niemand hat sie geprüft" in letter.text
    # A member who gives another address than that of the account is no better known by it.
    await leave(await house.page("user", "uma"), email="other@mail.example", name="Ada Lovelace")
    (letter,) = await letters_of(house)
    assert (letter.reply_to, letter.reply_name) == ("other@mail.example", "Ada Lovelace")
    assert "niemand hat sie geprüft" in letter.text


async def test_what_can_not_be_sent_is_refused_by_name(house: Hall) -> None:
    page, visitor = await house.page(), await house.page("user", "nobody-known")
    assert await leaving_refused(page, email="") == "no_email"
    assert await leaving_refused(visitor, email="") == "no_email"
    assert await leaving_refused(page, email="uma@localhost") == "bad_email"
    assert await leaving_refused(page, text=" \n\t") == "empty_text"
    assert await leaving_refused(page, expert="nobody") == "unknown_expert"
    assert await leaving_refused(page, expert="bob") == "unreachable"
    await house.profiles.put_experts(house.pool, [structs.replace(ADA, expert="ole", email="ole@nowhere")])
    late = await house.page()
    await house.catalogue.reread(house.pool, "ole")
    assert await leaving_refused(late, expert="ole") == "unreachable"
    assert await letters_of(house) == []


async def test_a_repeated_command_is_one_letter(house: Hall) -> None:
    page, again = await house.page("user", "uma"), await house.page("user", "uma")
    for one in (page, page, again):
        assert isinstance(
            await one.ask(m.LeaveMessage, op="op-000001", expert="ada", name="", email="", text="x"), m.Ok
        )
    assert len(await letters_of(house)) == 1
    # Another's operation of the same name is another.
    assert isinstance(await (await house.page()).ask(
        m.LeaveMessage, op="op-000001", expert="ada", name="", email=ADDRESS, text="x"), m.Ok)  # fmt: skip
    assert len(await letters_of(house)) == 1


@pytest.mark.claim("A9")
async def test_messages_are_limited_by_address_by_network_and_by_expert(
    house: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await house.page()
    for _ in range(letters.MESSAGES_FROM_ADDRESS):
        await leave(page, email=ADDRESS)
    assert await leaving_refused(page, email=ADDRESS.upper()) == "too_many_messages"
    page.conn.address = "198.51.100.7"
    for n in range(letters.MESSAGES_FROM_NETWORK):
        await leave(page, email=f"u{n}@mail.example")
    assert await leaving_refused(page, email="one-more@mail.example") == "too_many_messages"
    page.conn.address = "198.51.100.8"
    monkeypatch.setattr(
        letters, "MESSAGES_TO_EXPERT", letters.MESSAGES_FROM_ADDRESS + letters.MESSAGES_FROM_NETWORK + 1
    )
    await leave(page, email="one-more@mail.example")
    assert await leaving_refused(page, email="and-one@mail.example") == "too_many_messages"
    assert len(await letters_of(house)) == letters.MESSAGES_FROM_ADDRESS + letters.MESSAGES_FROM_NETWORK + 1


# ---------------------------------------------------------------- being told


@contextlib.asynccontextmanager
async def busy_then_free(house: Hall) -> AsyncIterator[Page]:
    """Ada at her console, away; online at the end of the block, and the books are written."""
    console = await house.page("expert", "ada", all=True, lines=["ada"])
    await console.ask(m.Declare, status="away")
    await console.until(m.Lights, lambda said: any(light.indicator == "away" for light in said.lights))
    yield console
    await console.ask(m.Declare, status="online")
    await write_books(house)


async def write_books(house: Hall) -> None:
    page = await house.journal.read(house.pool, (await house.books.cursor(house.pool)).seq, 1000)
    await house.books.write(house.pool, page)


@pytest.mark.claim("A3")
async def test_whoever_waits_is_told_once_when_the_expert_is_free(house: Hall) -> None:
    member, guest = await house.page("user", "uma"), await house.page()
    async with busy_then_free(house) as console:
        assert not (await member.ask(m.About, expert="ada")).told_when_free
        for _ in range(2):
            assert isinstance(await member.ask(m.TellMe, expert="ada", language="es-MX"), m.Ok)
        await guest.ask(m.TellMe, expert="ada", email="zoe@mail.example")
        assert (await member.ask(m.About, expert="ada")).told_when_free
        await write_books(house)
        assert await letters_of(house) == []
    first, second = sorted(await letters_of(house), key=lambda letter: letter.to)
    assert (first.to, second.to) == (ADDRESS, "zoe@mail.example")
    assert (first.subject, second.subject) == ("Ada Lovelace está libre ahora", "Ada Lovelace is free now")
    assert f"https://line.example/p/{house.pool}/x/ada" in first.text
    assert first.reply_to == ""
    assert not (await member.ask(m.About, expert="ada")).told_when_free
    await console.ask(m.Declare, status="away")
    await console.ask(m.Declare, status="online")
    await write_books(house)
    assert await letters_of(house) == []


async def test_a_page_of_the_journal_written_twice_tells_once(house: Hall) -> None:
    member = await house.page("user", "uma")
    console = await house.page("expert", "ada", all=True, lines=["ada"])
    await member.ask(m.TellMe, expert="ada")
    await console.ask(m.Declare, status="online")
    entries = await house.journal.read(house.pool, 0, 1000)
    for _ in range(3):
        await house.books.write(house.pool, entries)
    assert len(await letters_of(house)) == 1


async def test_who_is_taken_at_once_is_not_announced(house: Hall) -> None:
    """Free for an instant, and rung for the next in line: nobody else could have come."""
    member, waiter = await house.page("user", "uma"), await house.page("user", "ann")
    async with busy_then_free(house):
        await waiter.ask(m.Join, experts=["ada"])
        await member.ask(m.TellMe, expert="ada")
    assert await letters_of(house) == []
    assert (await member.ask(m.About, expert="ada")).told_when_free


async def test_a_wish_can_be_taken_back_by_who_made_it(house: Hall) -> None:
    member, guest = await house.page("user", "uma"), await house.page()
    async with busy_then_free(house):
        await member.ask(m.TellMe, expert="ada")
        await guest.ask(m.TellMe, expert="ada", wanted=False, email=ADDRESS)
        assert (await member.ask(m.About, expert="ada")).told_when_free
        await member.ask(m.TellMe, expert="ada", wanted=False)
        assert not (await member.ask(m.About, expert="ada")).told_when_free
    assert await letters_of(house) == []


async def test_a_wish_that_makes_no_sense_is_refused_by_name(house: Hall) -> None:
    guest = await house.page()
    console = await house.expert("ada")
    await guest.until(m.Lights, lambda said: any(light.indicator == "free" for light in said.lights))
    assert await refused(guest, m.TellMe, expert="ada", email=ADDRESS) == ("expert_free", "ada")
    assert (await refused(guest, m.TellMe, expert="nobody", email=ADDRESS))[0] == "unknown_expert"
    assert (await refused(guest, m.TellMe, expert="bob"))[0] == "no_email"
    assert (await refused(guest, m.TellMe, expert="bob", email="x@localhost"))[0] == "bad_email"
    await console.go()


async def test_wishes_are_limited_by_address_and_network(house: Hall) -> None:
    people = [Expert(expert=f"e{n}", name=f"E {n}") for n in range(12)]
    await house.profiles.put_experts(house.pool, people)
    for one in people:
        await house.catalogue.reread(house.pool, one.expert)
    guest, member = await house.page(), await house.page("user", "uma")
    for n in range(letters.WISHES_OF_ADDRESS):
        await guest.ask(m.TellMe, expert=f"e{n}", email="zoe@mail.example")
    assert (await refused(guest, m.TellMe, expert="e9", email="zoe@mail.example"))[0] == "too_many_messages"
    for n in range(10):
        await member.ask(m.TellMe, expert=f"e{n}")
    assert await refused(member, m.TellMe, expert="e10") == ("too_many_wishes", "10")
    guest.conn.address = "198.51.100.7"
    for n in range(letters.WISHES_FROM_NETWORK):
        await guest.ask(m.TellMe, expert="e1", email=f"u{n}@mail.example")
    assert (await refused(guest, m.TellMe, expert="e1", email="one-more@mail.example"))[0] == "too_many_messages"


async def test_a_wish_with_an_address_that_went_bad_does_not_stop_the_books(house: Hall) -> None:
    async with house.db.begin() as tx:
        bad = wishes.Wish(pool=house.pool, expert="ada", address="gone bad", subject="", language="en")
        await wishes.put(tx, bad, house.clock.now_ms())
    console = await house.expert("ada")
    await write_books(house)
    assert (await house.books.cursor(house.pool)).seq == (await house.journal.tail(house.pool))[1]
    assert await letters_of(house) == []
    await console.go()
