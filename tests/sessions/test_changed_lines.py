"""Messages that are changed or taken back: by who said them, while the session goes on; both sides see it."""

import asyncio
from typing import Any

import msgspec

from ground import keys
from ground.journal import Journal
from ground.sql import Database, Stamp
from server.mirror import events_of
from sessions.facts import FileFacts, SaidFacts
from sessions.store import record, transcript
from tests.model.scene import Scene, refusal

PICTURE = FileFacts(file="d-1", name="roof.png", type="image/png", size=9, width=3, height=4)


async def talk(scene: Scene) -> str:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada")
    session = (await scene.meet("ada")).session
    for side, who, text in (("user", "uma", "helo"), ("expert", "ada", "good morning")):
        await scene.conversation.say(scene.pool, session, side, who, text, now=scene.now)
    return session


async def lines(scene: Scene, session: str) -> list[SaidFacts]:
    return (await scene.conversation.history(scene.pool, session, "expert", "ada", now=scene.now)).lines


async def test_both_sides_read_the_words_as_they_are_now(scene: Scene) -> None:
    session = await talk(scene)
    await scene.later(1000)
    await scene.conversation.edit(scene.pool, session, "user", "uma", 1, "hello", now=scene.now)
    first, second = await lines(scene, session)
    assert (first.n, first.text, first.edited_at, first.unsaid) == (1, "hello", scene.now, False)
    assert (second.text, second.edited_at) == ("good morning", 0)


async def test_each_change_is_later_than_the_one_before(scene: Scene) -> None:
    """In one millisecond, too: by that the books know which is the last."""
    session = await talk(scene)
    for words in ("b", "c", "d"):
        await scene.conversation.edit(scene.pool, session, "user", "uma", 1, words, now=scene.now)
    assert (await lines(scene, session))[0].edited_at == scene.now + 2
    await scene.conversation.edit(scene.pool, session, "user", "uma", 1, "d", now=scene.now)
    assert (await lines(scene, session))[0].edited_at == scene.now + 2, "the same words are no change"


async def test_what_is_taken_back_has_neither_words_nor_a_file_for_good(scene: Scene) -> None:
    session = await talk(scene)
    door, pool, now = scene.conversation, scene.pool, scene.now
    said = await door.say(pool, session, "user", "uma", "my roof", file=PICTURE, now=now)
    assert (await lines(scene, session))[2].file == PICTURE
    answer = await door.unsay(pool, session, "user", "uma", said["n"], op="unsay-001", now=now)
    assert answer["file"] == "d-1"
    again = await door.unsay(pool, session, "user", "uma", said["n"], op="unsay-001", now=now)
    assert again["file"] == "d-1", "a repeat says the same, so that the file is erased all the same"
    line = (await lines(scene, session))[2]
    assert (line.text, line.unsaid, line.file) == ("", True, None)
    assert await refusal(door.edit(pool, session, "user", "uma", 3, "roof", now=now)) == "line_unsaid"
    assert await refusal(door.unsay(pool, session, "user", "uma", 3, now=now)) == "line_unsaid"


async def test_only_ones_own_and_only_while_the_session_goes_on(scene: Scene) -> None:
    session = await talk(scene)
    door, pool = scene.conversation, scene.pool

    async def codes(side: str, who: str, n: int) -> set[str]:
        return {
            await refusal(door.edit(pool, session, side, who, n, "x", now=scene.now)),
            await refusal(door.unsay(pool, session, side, who, n, now=scene.now)),
        }

    before = await lines(scene, session)
    assert await codes("user", "uma", 2) == await codes("expert", "ada", 1) == {"no_such_line"}
    assert await codes("user", "uma", 3) == {"no_such_line"}
    for side, who in (("user", "vic"), ("expert", "bob"), ("user", "ada")):
        assert await codes(side, who, 1) == {"no_such_session"}
    await scene.end("ada")
    assert await codes("user", "uma", 1) == {"session_over"}
    assert await lines(scene, session) == before


async def test_a_line_of_an_older_release_can_be_read_and_changed(scene: Scene) -> None:
    session = await talk(scene)
    old = msgspec.msgpack.encode([1, "user", "as it was", 5, "op-1"])
    node: Any = scene.store.nodes.node(scene.pool)
    await node.lset(keys.key(scene.pool, "chat", session), 0, old)
    first = (await lines(scene, session))[0]
    assert (first.text, first.edited_at, first.unsaid, first.file) == ("as it was", 0, False, None)
    await scene.conversation.edit(scene.pool, session, "user", "uma", 1, "new", now=scene.now)
    assert next((line.text, line.unsaid) for line in await lines(scene, session)) == ("new", False)


async def test_changes_are_counted_so_that_nobody_fills_the_journal(scene: Scene) -> None:
    session = await talk(scene)
    door, pool = scene.conversation, scene.pool
    edits = [door.edit(pool, session, "user", "uma", 1, f"{n}", now=scene.now) for n in range(2000)]
    await asyncio.gather(*edits)
    assert await refusal(door.edit(pool, session, "user", "uma", 1, "once more", now=scene.now)) == "chat_full"
    await door.unsay(pool, session, "user", "uma", 1, now=scene.now)


async def test_the_books_have_the_last_words_and_none_that_were_taken_back(scene: Scene, database: Database) -> None:
    session = await talk(scene)
    door, pool, now = scene.conversation, scene.pool, scene.now
    await door.edit(pool, session, "user", "uma", 1, "hello", now=now)
    await door.say(pool, session, "expert", "ada", "a secret", file=PICTURE, now=now)
    await door.say(pool, session, "user", "uma", "this one", file=PICTURE, now=now)
    await door.unsay(pool, session, "expert", "ada", 3, now=now)
    journal = await Journal(scene.store).read(pool, 0)
    entries = [(Stamp(entry.epoch, entry.seq, entry.at), events_of(entry.events)) for entry in journal]
    for told in (entries, entries, entries[:4], [entries[-1]]):  # all, all again, an early part, the last alone
        async with database.begin() as tx:
            await record(tx, pool, told)
        kept = await transcript(database, pool, session)
        assert [(line.text, line.unsaid) for line in kept] == [
            ("hello", False), ("good morning", False), ("", True), ("this one", False),
        ]  # fmt: skip
        assert [line.file for line in kept] == [None, None, None, PICTURE]
