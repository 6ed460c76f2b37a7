"""What stays of sessions: transcripts by mail, whom one has met, an expert's replies and notes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ground.errors import Refusal
from ground.store import Store
from identity.accounts import Accounts
from identity.members import Members
from mail.outbox import Outbox
from server.desks.keeping import LETTER_MS, LETTERS
from server.transcripts import Transcripts
from sessions.conversation import Conversation
from sessions.notebook.replies import REPLIES_MAX
from tests.databases import database_url, postgres_server
from tests.server.hall import Hall, Page, conducted, hall
from tests.server.test_commands import refused, talk
from wire import messages as m

__all__ = ["database_url", "postgres_server"]


@pytest.fixture
async def house(store: Store, pool: str, tmp_path: Path, database_url: str) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path, {"wrap_up_ms": 1}, database_url) as made, conducted(made):
        yield made


async def met(house: Hall, user: str = "ann", expert: str = "ada") -> tuple[Page, Page, str]:
    """The two have talked, and the books know it."""
    one, page = await house.expert(expert), await house.page("user", user)
    session = await talk(one, page, expert)
    await page.ask(m.Say, session=session, text="my landlord wants the deposit")
    await page.ask(m.End, session=session)
    epoch, tail = await house.journal.tail(house.pool)
    assert await house.books.reached(house.pool, epoch, tail, 10)
    return one, page, session


async def test_a_transcript_goes_to_ones_own_address_and_to_no_operator(house: Hall) -> None:
    ada, _ann, _session = await met(house)
    await Accounts(house.db).open(house.pool, "user", "uma@line.example", "Uma", now=1)
    subject = (await Members(house.db).page(house.pool, "user"))[0][0].subject
    _ada, uma, session = await met(house, subject)
    for _ in range(2):
        assert isinstance(await uma.ask(m.TranscriptOf, session=session, by="mail", op="op-the-same"), m.Ok)
    (letter,), _more = await Outbox(house.db).page(house.pool)
    assert (letter.kind, letter.to) == ("transcript", "uma@line.example")
    assert letter.secret, "what two said is no operator's to read"
    (claimed,) = await Outbox(house.db).claim(house.clock.now_ms(), 9)
    assert "my landlord wants the deposit" in claimed.text and "Ada Lovelace" in claimed.subject
    assert await refused(ada, m.TranscriptOf, session=session, by="mail") == ("no_email", "")
    outbox = Outbox(house.db)
    assert await outbox.hand_over(claimed, house.clock.now_ms())
    await outbox.uncertain(claimed, house.clock.now_ms(), "cut")
    assert "landlord" in await letters_of(house)
    await outbox.tidy(house.clock.now_ms() + LETTER_MS)
    assert "landlord" not in await letters_of(house), "what was said lies about for no longer than a day"
    codes = [await _code(uma.ask(m.TranscriptOf, session=session, by="mail")) for _ in range(LETTERS)]
    assert codes[:-1] == [""] * (LETTERS - 1) and codes[-1] == "too_many_messages"


async def letters_of(house: Hall) -> str:
    """All texts that the outbox holds."""
    async with house.db.read() as tx:
        return "\n".join((await tx.execute(sa.text("SELECT text FROM mail_outbox"))).scalars())


async def _code(asked: Any) -> str:
    try:
        await asked
    except Refusal as refusal:
        return refusal.code
    return ""


async def test_replies_are_kept_changed_and_dropped_by_their_expert(house: Hall) -> None:
    ada, bob = await house.expert("ada"), await house.expert("bob")
    for _ in range(2):
        await ada.ask(m.KeepReply, reply="", title="Hello", text="Good day, what is it about?", op="op-the-same")
    (kept,) = (await ada.ask(m.Replies)).replies
    assert (kept.title, kept.text) == ("Hello", "Good day, what is it about?")
    await ada.ask(m.KeepReply, reply=kept.reply, title="Hi", text="Hi!")
    assert [one.text for one in (await ada.ask(m.Replies)).replies] == ["Hi!"]
    assert (await bob.ask(m.Replies)).replies == []
    for ask in (
        lambda: refused(bob, m.KeepReply, reply=kept.reply, title="x", text="x"),
        lambda: refused(bob, m.DropReply, reply=kept.reply),
    ):
        assert await ask() == ("no_such_reply", kept.reply)
    assert (await refused(ada, m.KeepReply, reply="", title="x", text=" "))[0] == "empty_text"
    for n in range(1, REPLIES_MAX):
        await ada.ask(m.KeepReply, reply="", title=f"{n}", text="x")
    assert (await refused(ada, m.KeepReply, reply="", title="one more", text="x"))[0] == "too_many_replies"
    await ada.ask(m.DropReply, reply=kept.reply)
    assert len((await ada.ask(m.Replies)).replies) == REPLIES_MAX - 1


async def test_a_note_is_about_whom_the_expert_has_met_and_for_that_expert_only(house: Hall) -> None:
    ada, _ann, _session = await met(house)
    bob = await house.expert("bob")
    assert (await ada.ask(m.NoteOn, user="ann")).text == ""
    await ada.ask(m.KeepNote, user="ann", text="has a dog")
    note = await ada.ask(m.NoteOn, user="ann")
    assert note.text == "has a dog" and note.at > 0
    for user in ("ann", "nobody"):
        assert await refused(bob, m.NoteOn, user=user) == ("no_such_user", user)
        assert await refused(bob, m.KeepNote, user=user, text="x") == ("no_such_user", user)
    await ada.ask(m.KeepNote, user="ann", text="")
    gone = await ada.ask(m.NoteOn, user="ann")
    assert (gone.text, gone.at) == ("", 0)


async def test_a_note_can_be_made_while_the_session_goes_on_and_in_the_moment_after(house: Hall) -> None:
    ada, max_ = await house.expert("ada"), await house.page("user", "max")
    session = await talk(ada, max_, "ada")
    await ada.ask(m.KeepNote, user="max", text="in a hurry")
    assert (await ada.ask(m.NoteOn, user="max")).text == "in a hurry"
    await max_.ask(m.End, session=session)
    await ada.until(m.Session, lambda one: one.session == session and one.state == "ended")
    await ada.ask(m.KeepNote, user="max", text="was in a hurry")
    assert (await ada.ask(m.NoteOn, user="max")).text == "was in a hurry"


async def test_who_gave_no_name_has_one_in_the_transcript(house: Hall) -> None:
    ada, max_ = await house.expert("ada"), await house.page("user", "max")
    max_.conn.name = ""
    session = await talk(ada, max_, "ada")
    await max_.ask(m.Say, session=session, text="good day")
    await max_.ask(m.End, session=session)
    transcripts = Transcripts(house.db, Conversation(house.store, house.db), house.catalogue, house.fanout)
    told = await transcripts.of(house.pool, session, "expert", "ada", "de")
    assert told.partner == "Besucher" and told.text.startswith("Besucher und Ada Lovelace")
    assert "Besucher: good day" in told.text


async def test_the_expert_whom_one_met_last_is_asked_first(house: Hall) -> None:
    _bob, ann, _session = await met(house, "ann", "bob")
    _ada, ann, _session = await met(house, "ann", "ada")
    found = (await ann.ask(m.LastMet)).met
    assert [(one.expert, one.sessions) for one in found] == [("ada", 1), ("bob", 1)]
    assert found[0].at > found[1].at
    stranger = await house.page("user", "max")
    assert (await stranger.ask(m.LastMet)).met == []
    await house.expert("eve")
    joined = await ann.ask(m.Join, experts=["eve", "bob", "ada"])
    assert [place.expert for place in joined.places] == ["ada", "eve", "bob"]
    offer = await ann.until(m.Offer, lambda one: one.ticket == joined.ticket)
    assert offer.expert == "ada", "though all three were free"
    new = await stranger.ask(m.Join, experts=["eve", "bob"])
    assert [place.expert for place in new.places] == ["eve", "bob"]
