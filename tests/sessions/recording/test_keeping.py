"""Recordings in the books and on the disk: made, heard by those who may, gone when their time is up; both databases."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ground.errors import Refusal
from identity import audit
from sessions.erasure import erase_expert, erase_user, export_user
from sessions.recording.folder import OGG, SPOOL
from sessions.recording.keeping import DAY_MS
from sessions.recording.rendering import Rendered, render
from sessions.recording.upkeep import SETTLE_MS
from tests.sessions.logged import session
from tests.sessions.recording.town import BEGAN, ENDED, Town, hamlet, read, town
from tests.sessions.recording.voices import hear, loud

__all__ = ["hamlet", "town"]
pytestmark = pytest.mark.claim("A2")


async def test_a_session_that_both_allow_to_be_recorded_is_heard_by_both(town: Town) -> None:
    await town.begin()
    began = await town.recordings.of_session("support", "s1", "user", "uma", now=ENDED)
    assert (began.state, began.started_at, began.ended_at) == ("pending", BEGAN, 0)
    await town.spoken()
    assert await town.upkeep.render_due(ENDED + 60_000) == 0, "not before the session is over"
    await town.end()
    assert await town.upkeep.render_due(ENDED + SETTLE_MS - 1) == 0
    assert await town.upkeep.render_due(ENDED + SETTLE_MS) == 1
    kept = await town.recordings.of_session("support", "s1", "expert", "ada", now=ENDED)
    assert (kept.state, kept.ended_at, kept.erase_at) == ("ready", ENDED, ENDED + 7 * DAY_MS)
    assert abs(kept.length_ms - 1000) <= 20 and town.files() == [OGG]
    whole = town.file(OGG).read_bytes()
    for side, member in (("user", "uma"), ("expert", "ada")):
        assert await read(await town.recordings.open_for("support", "s1", side, member, now=ENDED)) == whole  # type: ignore[arg-type]
    assert len(whole) == kept.bytes
    heard = hear(town.file(OGG))
    assert loud(heard.left, 0.1, 0.9) > -20 and loud(heard.right, 0.1, 0.9) > -20


async def test_parts_of_it_can_be_had(hamlet: Town) -> None:
    await hamlet.recorded()
    whole = hamlet.file(OGG).read_bytes()
    for span in ((0,), (100,), (0, 4), (7, 10_000_000), (len(whole), len(whole) + 5), (9, 9)):
        opened = await hamlet.recordings.open_for("support", "s1", "user", "uma", now=ENDED)
        assert opened.size == len(whole)
        assert await read(opened, *span) == whole[slice(*span)] if len(span) == 2 else whole[span[0] :]


async def test_nobody_else_learns_even_that_there_is_one(town: Town) -> None:
    await town.recorded()
    await town.begin("s2", user="max")
    strangers: Sequence[tuple[str, str, Any, str]] = (
        ("support", "s1", "user", "max"), ("support", "s1", "expert", "bob"), ("support", "s1", "user", "ada"),
        ("support", "s1", "expert", "uma"), ("support", "s1", "user", ""), ("other", "s1", "user", "uma"),
        ("support", "s9", "user", "uma"), ("support", "s2", "user", "uma"),
    )  # fmt: skip
    for pool, name, side, member in strangers:
        for door in (town.recordings.open_for, town.recordings.of_session):
            with pytest.raises(Refusal) as refused:
                await door(pool, name, side, member, now=ENDED)
            assert (refused.value.code, refused.value.detail) == ("no_recording", name)
        assert await town.recordings.of_sessions(pool, [name], side, member, now=ENDED) == {}
    assert set(await town.recordings.of_sessions("support", ["s1", "s2"], "user", "uma", now=ENDED)) == {"s1"}
    with pytest.raises(Refusal, match="no_recording: s2"):  # theirs, and not ready
        await town.recordings.open_for("support", "s2", "user", "max", now=ENDED)


async def test_an_operator_who_listens_is_in_the_audit(town: Town) -> None:
    await town.recorded()
    for at in (ENDED, ENDED + 1, ENDED + 3_600_000):
        opened = await town.recordings.of_operator("support", "s1", "olga", reason="a complaint", now=at)
        assert len(await read(opened)) == opened.size > 0
    lines = await audit.page(town.db, "support")
    assert [(line.actor, line.action, line.object, line.reason) for line in lines] == [
        ("olga", "hear_recording", "session:s1", "a complaint")
    ] * 2, "once an hour, however many pieces a player asks for"
    with pytest.raises(Refusal, match="no_recording"):
        await town.recordings.of_operator("support", "s9", "olga", reason="", now=ENDED)
    assert len(await audit.page(town.db, "support")) == 2


async def test_without_the_yes_of_both_nothing_is_recorded(hamlet: Town) -> None:
    for sides in ([], ["user"], ["expert"]):
        await hamlet.begin("s1", recording=sides)
    await hamlet.tell(ENDED, session("s1", ended_at=ENDED, recording=["user"]))
    assert await hamlet.row() == {}


async def test_a_visitor_who_signs_in_meanwhile_keeps_their_recording(town: Town) -> None:
    await town.begin("s1", user="v-1")
    await town.spoken()
    await town.end("s1", user="uma")
    await town.upkeep.render_due(ENDED + SETTLE_MS)
    assert (await town.recordings.of_session("support", "s1", "user", "uma", now=ENDED)).state == "ready"


async def test_it_is_erased_when_its_days_are_over(town: Town) -> None:
    await town.recorded()
    opened = await town.recordings.open_for("support", "s1", "user", "uma", now=ENDED)
    due = ENDED + 7 * DAY_MS
    assert await town.upkeep.erase_due(due - 1) == 0
    with pytest.raises(Refusal, match="no_recording"):  # whoever is late at erasing: nobody hears it any more
        await town.recordings.open_for("support", "s1", "user", "uma", now=due)
    with pytest.raises(Refusal, match="no_recording"):
        await town.recordings.of_operator("support", "s1", "olga", reason="a complaint", now=due)
    assert (await town.recordings.of_session("support", "s1", "user", "uma", now=due)).state == "erased"
    assert await town.upkeep.erase_due(due) == 1
    assert town.files() == [] and await town.upkeep.erase_due(due + DAY_MS) == 0
    assert len(await read(opened)) == opened.size, "whoever listens hears it to the end"
    row = await town.row()
    assert (row["state"], row["path"], row["sha256"], row["bytes"], row["user"]) == ("erased", "", "", 0, "uma")
    with pytest.raises(Refusal, match="no_recording"):
        await town.recordings.open_for("support", "s1", "user", "uma", now=ENDED)
    await town.end()
    assert (await town.row())["state"] == "erased"


@pytest.mark.parametrize("who", ["user", "expert"])
async def test_it_goes_with_either_of_its_two(town: Town, who: str) -> None:
    await town.recorded()
    await town.recorded("s2", user="max", expert="bob")
    assert [one["session"] for one in (await export_user(town.db, "support", "uma"))["recordings"]] == ["s1"]
    async with town.db.begin() as tx:
        if who == "user":
            await erase_user(tx, "support", "uma")
        else:
            await erase_expert(tx, "support", "ada")
    for side, member in (("user", "uma"), ("expert", "ada")):
        with pytest.raises(Refusal, match="no_recording"):  # from that very moment, for the other one, too
            await town.recordings.open_for("support", "s1", side, member, now=ENDED)  # type: ignore[arg-type]
    assert await town.upkeep.erase_due(ENDED) == 1
    assert (await town.row("s1"))["state"] == "erased" and (await town.row("s2"))["state"] == "ready"
    assert town.files() == [OGG] and town.file(OGG, "s2").exists()
    assert ((await town.row("s1"))["user"] == "uma") == (who == "expert")


async def test_a_person_forgotten_in_the_midst_of_a_recording_leaves_nothing(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.spoken()

    async def meanwhile(spool: Path, ogg: Path, part: Path) -> Rendered:
        made = await render(spool, ogg, part)
        async with hamlet.db.begin() as tx:
            await erase_user(tx, "support", "uma")
        await hamlet.upkeep.erase_due(ENDED)
        spool.with_suffix(".again").rename(ogg)  # the file came a moment after it was erased
        return made

    await hamlet.end()
    hamlet.file(SPOOL).with_suffix(".again").write_bytes(b"OggS")
    assert await hamlet.looking(meanwhile).render_due(ENDED + SETTLE_MS) == 0
    assert hamlet.files() == [] and (await hamlet.row())["state"] == "erased"
