"""What is said in a session: numbered once, for its two parties only."""

import pytest

from tests.model.scene import Scene, refusal


async def talk(scene: Scene) -> str:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada")
    return (await scene.meet("ada")).session


async def say(scene: Scene, session: str, side: str, who: str, text: str, *, op: str = "") -> int:
    answer = await scene.conversation.say(scene.pool, session, side, who, text, op=op, now=scene.now)
    return int(answer["n"])


async def test_messages_are_numbered_and_kept(scene: Scene) -> None:
    session = await talk(scene)
    assert await say(scene, session, "user", "uma", "hello") == 1
    assert await say(scene, session, "expert", "ada", "good morning") == 2
    page = await scene.conversation.history(scene.pool, session, "user", "uma", now=scene.now)
    assert [(line.n, line.side, line.text) for line in page.lines] == [
        (1, "user", "hello"),
        (2, "expert", "good morning"),
    ]
    assert page.more is False


async def test_a_repeated_message_is_kept_once(scene: Scene) -> None:
    session = await talk(scene)
    assert await say(scene, session, "user", "uma", "hello", op="say-00001") == 1
    assert await say(scene, session, "user", "uma", "hello", op="say-00001") == 1
    page = await scene.conversation.history(scene.pool, session, "expert", "ada", now=scene.now)
    assert len(page.lines) == 1


async def test_history_comes_in_pages_from_the_end(scene: Scene) -> None:
    session = await talk(scene)
    for n in range(5):
        await say(scene, session, "user", "uma", f"line {n}")
    newest = await scene.conversation.history(scene.pool, session, "user", "uma", 0, 2, now=scene.now)
    older = await scene.conversation.history(scene.pool, session, "user", "uma", 4, 10, now=scene.now)
    assert ([line.n for line in newest.lines], newest.more) == ([4, 5], True)
    assert ([line.n for line in older.lines], older.more) == ([1, 2, 3], False)


async def test_delivery_is_remembered_by_side_and_never_goes_back(scene: Scene) -> None:
    session = await talk(scene)
    for n in range(3):
        await say(scene, session, "user", "uma", f"line {n}")
    for n in (3, 2):
        await scene.conversation.delivered(scene.pool, session, "expert", "ada", n, now=scene.now)
    page = await scene.conversation.history(scene.pool, session, "user", "uma", now=scene.now)
    assert (page.delivered_user, page.delivered_expert) == (0, 3)


async def test_a_session_of_others_does_not_exist(scene: Scene) -> None:
    session = await talk(scene)
    door, pool, now = scene.conversation, scene.pool, scene.now
    for side, who in (("user", "vic"), ("expert", "bob"), ("expert", "uma"), ("user", "ada")):
        assert await refusal(door.say(pool, session, side, who, "hi", now=now)) == "no_such_session"
        assert await refusal(door.history(pool, session, side, who, now=now)) == "no_such_session"
        assert await refusal(door.delivered(pool, session, side, who, 1, now=now)) == "no_such_session"
        assert await refusal(door.whisper(pool, session, side, who, "typing", "", now=now)) == "no_such_session"


async def test_nothing_is_said_after_the_end_but_it_can_be_read_for_an_hour(scene: Scene) -> None:
    session = await talk(scene)
    await say(scene, session, "user", "uma", "hello")
    await scene.end("ada")
    assert await refusal(say(scene, session, "user", "uma", "late")) == "session_over"
    await scene.later(60_000)
    page = await scene.conversation.history(scene.pool, session, "user", "uma", now=scene.now)
    assert [line.text for line in page.lines] == ["hello"]


async def test_a_whisper_leaves_no_trace(scene: Scene) -> None:
    session = await talk(scene)
    before = await scene.line.snapshot(scene.pool, now=scene.now)
    await scene.conversation.whisper(scene.pool, session, "user", "uma", "typing", "", now=scene.now)
    assert await scene.line.snapshot(scene.pool, now=scene.now) == before


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\u202eabc", "0\x00x", "\U0001f600" * 10])
async def test_text_comes_back_as_it_was_said(scene: Scene, text: str) -> None:
    session = await talk(scene)
    await say(scene, session, "user", "uma", text)
    page = await scene.conversation.history(scene.pool, session, "expert", "ada", now=scene.now)
    assert [line.text for line in page.lines] == [text]


async def test_how_a_session_stands_is_told_to_its_sides_from_the_first_moment(scene: Scene) -> None:
    session = await talk(scene)
    for side, who in (("user", "uma"), ("expert", "ada")):
        met = await scene.conversation.session(scene.pool, session, side, who, now=scene.now)
        assert (met.session, met.user, met.expert, met.state, met.ended_at) == (session, "uma", "ada", "live", 0)
    await scene.line.end(scene.pool, session, "user", "uma", now=scene.now)
    met = await scene.conversation.session(scene.pool, session, "user", "uma", now=scene.now)
    assert (met.state, met.ended_at) == ("ended", scene.now)
    for side, who in (("user", "max"), ("expert", "bob"), ("user", "ada")):
        asked = scene.conversation.session(scene.pool, session, side, who, now=scene.now)
        assert await refusal(asked) == "no_such_session"
