"""The session log and the transcripts, fed as the conductor feeds them, on both databases."""

from typing import Any

import pytest

from ground.sql import Database, Stamp
from queueing.facts import SessionFacts
from sessions.facts import DeliveredFacts, SaidFacts
from sessions.store import close_lost, find, recent_lengths, record, transcript, unfinished


def session(name: str = "s1", **changes: Any) -> SessionFacts:
    values: dict[str, Any] = {
        "cause": "matched", "session": name, "expert": "ada", "user": "u1", "name": "Uma", "ticket": "t1",
        "mode": "chat", "state": "connecting", "joined_at": 100, "matched_at": 200, "live_at": 0, "ended_at": 0,
        "cap_until": 0, "user_on": False, "expert_on": False, "gone_side": "", "gone_until": 0,
        "overtook": [("t0", "not_ready")], "reason": "", "by": "",
    }  # fmt: skip
    return SessionFacts(**(values | changes))


def said(n: int, text: str = "hello", name: str = "s1") -> SaidFacts:
    return SaidFacts(session=name, n=n, side="user", text=text, at=300 + n, op=f"op-{n}")


async def feed(db: Database, seq: int, *events: object, epoch: str = "e1") -> None:
    async with db.begin() as tx:
        await record(tx, "demo", [(Stamp(epoch, seq, seq * 100), events)])


async def test_a_session_from_match_to_end(database: Database) -> None:
    await feed(database, 1, session(), "an event of another room")
    await feed(database, 2, session(cause="live", state="live", live_at=300, overtook=[]))
    await feed(
        database, 3, session(cause="ended", state="ended", live_at=300, ended_at=900, reason="done", overtook=[])
    )
    found = await find(database, "demo", "s1")
    assert found is not None
    assert (found.state, found.live_at, found.ended_at, found.reason) == ("ended", 300, 900, "done")
    assert found.overtook == [("t0", "not_ready")]
    assert await find(database, "demo", "s2") is None
    assert await find(database, "other", "s1") is None


async def test_entries_applied_again_change_nothing(database: Database) -> None:
    entries: list[tuple[int, object]] = [
        (1, session()),
        (2, said(1)),
        (3, DeliveredFacts(session="s1", side="expert", n=1)),
        (4, session(cause="ended", state="ended", live_at=300, ended_at=900)),
    ]
    for seq, event in entries:
        await feed(database, seq, event)
    once = await find(database, "demo", "s1"), await transcript(database, "demo", "s1")
    for seq, event in entries[:3]:
        await feed(database, seq, event)
        assert (await find(database, "demo", "s1"), await transcript(database, "demo", "s1")) == once
    assert once[0] is not None
    assert (once[0].delivered_user, once[0].delivered_expert) == (0, 1)


async def test_what_was_delivered_never_goes_back(database: Database) -> None:
    await feed(database, 1, session())
    for seq, n in enumerate((5, 3, 4), start=2):
        await feed(database, seq, DeliveredFacts(session="s1", side="user", n=n))
    found = await find(database, "demo", "s1")
    assert found is not None
    assert found.delivered_user == 5


@pytest.mark.claim("B27")
async def test_a_transcript_comes_in_pages_from_the_end(database: Database) -> None:
    await feed(database, 1, *[said(n, f"message {n}") for n in range(1, 8)], said(1, "of another", "s2"))
    assert [line.n for line in await transcript(database, "demo", "s1", limit=3)] == [5, 6, 7]
    assert [line.n for line in await transcript(database, "demo", "s1", before=5, limit=3)] == [2, 3, 4]
    assert [line.n for line in await transcript(database, "demo", "s1", before=2)] == [1]
    assert (await transcript(database, "demo", "s2"))[0] == said(1, "of another", "s2")
    assert await transcript(database, "other", "s1") == []


async def test_the_first_word_stands(database: Database) -> None:
    await feed(database, 1, said(1, "first"))
    await feed(database, 9, said(1, "second"))
    assert [line.text for line in await transcript(database, "demo", "s1")] == ["first"]


@pytest.mark.parametrize(
    "text", ["nul \x00 inside", "half \ud83d", "🙂 ' \" \\ ; DROP TABLE chat_lines; --", "x" * 4000]
)
async def test_no_text_stops_the_books(database: Database, text: str) -> None:
    await feed(database, 1, session(reason=text, name="s1"), said(1, text))
    (line,) = await transcript(database, "demo", "s1")
    assert line.text == text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")


async def test_recent_lengths_are_of_sessions_that_were_live(database: Database) -> None:
    await feed(database, 1, session("never", ended_at=500, state="ended"), session("now", live_at=100, state="live"))
    await feed(database, 2, *[session(f"s{n}", live_at=1000, ended_at=1000 + n * 500, state="ended") for n in range(5)])
    await feed(database, 3, session("bobs", expert="bob", live_at=1, ended_at=2, state="ended"))
    assert await recent_lengths(database, "demo", "ada") == [2.0, 1.5, 1.0, 0.5, 0.0]
    assert await recent_lengths(database, "demo", "ada", limit=2) == [2.0, 1.5]


async def test_a_session_that_the_live_store_lost_is_ended_once(database: Database) -> None:
    await feed(database, 1, session("lost", state="live", live_at=300), session("over", state="ended", ended_at=400))
    assert [s.session for s in await unfinished(database, "demo")] == ["lost"]
    async with database.begin() as tx:
        for name in ("lost", "over"):
            await close_lost(tx, "demo", name, 999, 600, "store_lost")
    lost, over = await find(database, "demo", "lost"), await find(database, "demo", "over")
    assert lost is not None
    assert over is not None
    assert (lost.state, lost.ended_at, lost.reason, lost.by) == ("ended", 999, "store_lost", "system")
    assert (lost.ran_ms, lost.running_since, over.ran_ms) == (600, 0, 0)
    assert (over.ended_at, over.reason) == (400, "")
    assert await unfinished(database, "demo") == []
