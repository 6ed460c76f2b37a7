"""An expert's replies and notes: taken along by who may, forgotten with whom they are about and with who wrote them."""

from ground.sql import Database
from sessions.erasure import erase_expert, erase_user, export_expert, export_user
from sessions.notebook.notes import Noted, Notes
from sessions.notebook.replies import Kept, Replies

POOL = "support"


async def test_a_note_goes_with_its_user_and_with_its_expert(database: Database) -> None:
    notes, replies = Notes(database), Replies(database)
    for expert in ("ada", "bob"):
        for user in ("uma", "max"):
            await notes.keep(POOL, expert, user, f"{expert} on {user}", 5)
            await notes.keep("other", expert, user, "elsewhere", 5)
        await replies.keep(POOL, expert, "", "Hello", "Good day", op="op-1", now=7)
    assert (await export_user(database, POOL, "uma"))["notes"] == [
        {"expert": "ada", "text": "ada on uma", "at": 5}, {"expert": "bob", "text": "bob on uma", "at": 5},
    ]  # fmt: skip
    told = await export_expert(database, POOL, "ada")
    assert told["replies"] == [{"title": "Hello", "text": "Good day", "at": 7}]
    assert [note["user"] for note in told["notes"]] in (["uma", "max"], ["max", "uma"])
    async with database.begin() as tx:
        await erase_user(tx, POOL, "uma")
        await erase_user(tx, POOL, "")
    assert await notes.about(POOL, "ada", "uma") == Noted()
    assert (await notes.about(POOL, "bob", "max")).text == "bob on max"
    async with database.begin() as tx:
        await erase_expert(tx, POOL, "bob")
    assert await notes.about(POOL, "bob", "max") == Noted() and await replies.all(POOL, "bob") == []
    assert (await notes.about(POOL, "ada", "max")).text == "ada on max"
    assert [type(one) for one in await replies.all(POOL, "ada")] == [Kept]
    assert (await notes.about("other", "bob", "max")).text == "elsewhere"


async def test_replies_stay_in_the_order_in_which_they_were_made(database: Database) -> None:
    replies = Replies(database)
    for n in range(4):
        await replies.keep(POOL, "ada", "", f"{n}", "x", op=f"op-{n}", now=n)
    kept = await replies.all(POOL, "ada")
    await replies.keep(POOL, "ada", kept[1].reply, "one", "y", op="op-9", now=9)
    await replies.drop(POOL, "ada", kept[2].reply)
    assert [one.title for one in await replies.all(POOL, "ada")] == ["0", "one", "3"]
    await replies.keep(POOL, "ada", "", "new", "x", op="op-8", now=9)
    assert [one.title for one in await replies.all(POOL, "ada")] == ["0", "one", "3", "new"]
