"""Recordings looked after: files made, erased and swept away, whatever crashes or fails; both databases."""

import asyncio
from pathlib import Path

import pytest

from ground.clock import SetClock
from ground.errors import Refusal
from sessions.erasure import erase_user
from sessions.recording import upkeep
from sessions.recording.folder import OGG, PART, SPOOL, Folder
from sessions.recording.keeping import DAY_MS, Recordings
from sessions.recording.rendering import Rendered, Unrendered, render
from sessions.recording.tap import Limits, Tapes
from sessions.recording.upkeep import GIVE_UP_MS, OLD_MS, SETTLE_MS, Upkeep
from tests.sessions.recording.town import BEGAN, ENDED, Town, hamlet, read, town

__all__ = ["hamlet", "town"]
pytestmark = pytest.mark.claim("A2")


async def test_a_crash_at_any_step_of_erasing_is_mended_by_the_next_look(hamlet: Town, tmp_path: Path) -> None:
    await hamlet.recorded()
    hamlet.file(OGG).unlink()  # the process died between the file and the row
    assert await hamlet.upkeep.erase_due(ENDED + 7 * DAY_MS) == 1
    assert (await hamlet.row())["state"] == "erased"


async def test_a_crash_at_any_step_of_rendering_is_mended_by_the_next_look(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.spoken()
    await hamlet.end()
    await render(hamlet.file(SPOOL), hamlet.file(OGG), hamlet.file(PART))  # made, and died before the row was written
    hamlet.file(PART).write_bytes(b"half a file")
    assert await hamlet.upkeep.render_due(ENDED + SETTLE_MS) == 1
    assert (await hamlet.row())["state"] == "ready" and hamlet.files() == [OGG]


async def test_two_servers_at_once_make_one_file(town: Town) -> None:
    await town.begin()
    await town.spoken()
    await town.end()
    made = await asyncio.gather(*(town.looking().render_due(ENDED + SETTLE_MS) for _ in range(3)))
    assert sum(made) == 1 and town.files() == [OGG]
    assert (await town.row())["bytes"] == town.file(OGG).stat().st_size
    assert (
        len(await read(await town.recordings.open_for("support", "s1", "user", "uma", now=ENDED)))
        == (await town.row())["bytes"]
    )


async def test_a_spool_that_a_worker_still_holds_is_waited_for_but_not_for_ever(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.spoken()
    tapes = Tapes(hamlet.folder, Limits(free=1024))
    tape = await tapes.start("support", "s1", BEGAN)
    await hamlet.end()
    assert await hamlet.upkeep.render_due(ENDED + GIVE_UP_MS - 1) == 0 and (await hamlet.row())["state"] == "pending"
    assert await hamlet.upkeep.render_due(ENDED + GIVE_UP_MS) == 1
    await tape.stop()
    tapes.close()


async def test_what_never_came_or_cannot_be_read_has_failed_and_is_erased_in_its_time(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.end()
    assert await hamlet.upkeep.render_due(ENDED + GIVE_UP_MS - 1) == 0 and (await hamlet.row())["state"] == "pending"
    await hamlet.upkeep.render_due(ENDED + GIVE_UP_MS)
    assert (await hamlet.row())["state"] == "failed"
    await hamlet.begin("s2")
    hamlet.file(SPOOL, "s2").parent.mkdir(exist_ok=True)
    hamlet.file(SPOOL, "s2").write_bytes(b"something else entirely")
    await hamlet.end("s2")
    await hamlet.upkeep.render_due(ENDED + SETTLE_MS)
    assert (await hamlet.row("s2"))["state"] == "failed" and hamlet.files() == [SPOOL]
    assert await hamlet.upkeep.erase_due(ENDED + 7 * DAY_MS) == 2 and hamlet.files() == []


async def test_a_session_lost_with_the_live_store_is_recorded_up_to_there(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.spoken()
    async with hamlet.db.begin() as tx:
        await hamlet.recordings.lost(tx, "support", "s1", ENDED)
    assert await hamlet.upkeep.render_due(ENDED + SETTLE_MS) == 1


async def test_a_server_that_sees_another_folder_touches_nothing(town: Town, tmp_path: Path) -> None:
    await town.recorded()
    await town.begin("s2")
    await town.end("s2")
    elsewhere = Folder.open(tmp_path / "elsewhere")
    stranger = Recordings(town.db, elsewhere)
    looking = Upkeep(town.db, elsewhere, stranger, SetClock(BEGAN))
    late = ENDED + 100 * DAY_MS
    assert (await looking.render_due(late), await looking.erase_due(late), await looking.sweep(late)) == (0, 0, 0)
    assert ((await town.row())["state"], (await town.row("s2"))["state"]) == ("ready", "pending")
    with pytest.raises(Refusal, match="no_recording"):
        await stranger.open_for("support", "s1", "user", "uma", now=ENDED)


async def test_looking_after_them_goes_on_whatever_fails(hamlet: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LOOK_S", 0.01)
    clock = SetClock(ENDED + SETTLE_MS)
    looking = Upkeep(hamlet.db, hamlet.folder, hamlet.recordings, clock)
    await hamlet.begin()
    await hamlet.spoken()
    await hamlet.end()
    hamlet.file(PART).mkdir()  # nothing can be made, nothing can be erased
    task = asyncio.create_task(looking.run())
    try:
        await _until(hamlet, "failed")
        clock.advance(8 * DAY_MS)
        await asyncio.sleep(0.1)
        assert (await hamlet.row())["state"] == "failed"
        hamlet.file(PART).rmdir()
        await _until(hamlet, "erased")
        assert hamlet.files() == []
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(town: Town, state: str, name: str = "s1") -> None:
    async with asyncio.timeout(20):
        while (await town.row(name))["state"] != state:
            await asyncio.sleep(0.02)


async def test_what_is_due_waits_for_no_rendering_and_for_nothing_that_can_not_go(
    hamlet: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_S", 0.01)
    for name in ("s1", "s2"):
        await hamlet.recorded(name, user=name)
    hamlet.file(PART).mkdir()
    await hamlet.begin("s3")
    await hamlet.spoken("s3")
    await hamlet.end("s3")
    rendering = asyncio.Event()

    async def endless(*_paths: Path) -> Rendered:
        rendering.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(
        Upkeep(hamlet.db, hamlet.folder, hamlet.recordings, SetClock(ENDED + SETTLE_MS), endless).run()
    )
    try:
        async with asyncio.timeout(5):
            await rendering.wait()
        async with hamlet.db.begin() as tx:
            for user in ("s1", "s2"):
                await erase_user(tx, "support", user)
        await _until(hamlet, "erased", "s2")
        assert (await hamlet.row("s1"))["state"] == "ready" and not hamlet.file(OGG, "s2").exists()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_leftovers_are_swept_away(hamlet: Town) -> None:
    await hamlet.recorded()
    await hamlet.begin("s2")
    await hamlet.spoken("s2")
    left = [hamlet.file(kind, "s3") for kind in (OGG, PART, SPOOL)]
    for file in left:
        file.write_bytes(b"x")
    strange = hamlet.file(OGG).with_name("notes.txt")
    strange.write_text("not ours")
    made = int(left[0].stat().st_mtime * 1000)
    assert await hamlet.upkeep.sweep(made + OLD_MS - 60_000) == 0
    assert await hamlet.upkeep.sweep(made + OLD_MS + 60_000) == 3
    assert hamlet.files() == [OGG, SPOOL, ".txt"]


async def test_a_renderer_is_asked_again_until_it_fails_for_good(hamlet: Town) -> None:
    await hamlet.begin()
    await hamlet.spoken()
    await hamlet.end()
    asked = []

    async def broken(*paths: Path) -> Rendered:
        asked.append(paths)
        raise Unrendered(("busy", "full", "stopped", "broken")[len(asked) - 1])

    looking = hamlet.looking(broken)
    for _ in range(5):
        await looking.render_due(ENDED + SETTLE_MS)
    assert len(asked) == 4 and (await hamlet.row())["state"] == "failed"
