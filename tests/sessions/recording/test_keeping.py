"""Recordings in the books and on the disk: made, heard by those who may, gone when their time is up; both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from directory.expert import PoolOptions
from directory.profiles import Profiles
from ground.clock import SetClock
from ground.errors import Refusal
from ground.sql import Database, Stamp
from identity import audit
from sessions.erasure import erase_expert, erase_user, export_user
from sessions.recording import upkeep
from sessions.recording.folder import OGG, PART, SPOOL, Folder
from sessions.recording.keeping import DAY_MS, Recordings
from sessions.recording.rendering import Rendered, Unrendered, render
from sessions.recording.store import recordings as table
from sessions.recording.tap import Limits, Tapes
from sessions.recording.upkeep import GIVE_UP_MS, OLD_MS, SETTLE_MS, Upkeep, _is_let_go
from tests.databases import open_migrated
from tests.sessions.logged import session
from tests.sessions.recording.voices import Voice, hear, loud

pytestmark = pytest.mark.claim("A2")

BEGAN = 1_790_000_000_000
ENDED = BEGAN + 2_000
BOTH = ["user", "expert"]


class Town:
    """A pool that records, its books, its folder, a media worker and those who look after it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = Folder.open(folder)
        self.recordings = Recordings(db, self.folder)
        self.upkeep = self.looking()
        self.seq = 0

    def looking(self, make: Any = render) -> Upkeep:
        return Upkeep(self.db, self.folder, self.recordings, SetClock(BEGAN), make)

    async def tell(self, at: int, *events: object) -> None:
        """The journal says so, and the books hear of it twice."""
        self.seq += 1
        for _ in range(2):
            async with self.db.begin() as tx:
                await self.recordings.record(tx, "support", [(Stamp("e1", self.seq, at), events)])

    async def begin(self, name: str = "s1", **who: Any) -> None:
        live: dict[str, Any] = {"cause": "recording", "state": "live", "ended_at": 0, "recording": BOTH}
        await self.tell(BEGAN, session(name, **(live | who)))

    async def end(self, name: str = "s1", **who: Any) -> None:
        await self.tell(ENDED, session(name, ended_at=ENDED, recording=BOTH, **who))

    async def spoken(self, name: str = "s1") -> None:
        """A worker's part: a second of both."""
        tapes = Tapes(self.folder, Limits(free=1024))
        tape = await tapes.start("support", name, BEGAN)
        user, expert = Voice(440), Voice(900)
        for n in range(50):
            tape.tap("user", user.packet(), BEGAN + n * 20)
            tape.tap("expert", expert.packet(), BEGAN + n * 20)
        await tape.stop()
        tapes.close()
        await self._let_go(name)

    async def _let_go(self, name: str) -> None:
        async with asyncio.timeout(5):
            while not _is_let_go(self.file(SPOOL, name)):
                await asyncio.sleep(0.01)

    async def recorded(self, name: str = "s1", **who: Any) -> None:
        """A whole recording, ready to be heard."""
        await self.begin(name, **who)
        await self.spoken(name)
        await self.end(name, **who)
        assert await self.upkeep.render_due(ENDED + SETTLE_MS) == 1

    def file(self, kind: str, name: str = "s1") -> Path:
        return self.folder.file(self.folder.of("support", name), kind)

    def files(self) -> list[str]:
        return sorted(file.suffix for pool in self.folder.path.iterdir() if pool.is_dir() for file in pool.iterdir())

    async def row(self, name: str = "s1") -> dict[str, Any]:
        async with self.db.read() as tx:
            found = (await tx.execute(sa.select(table).where(table.c.session == name))).mappings().one_or_none()
        return dict(found) if found else {}


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Town:
    return await settled(database, tmp_path / "recordings")


@pytest.fixture
async def hamlet(tmp_path: Path) -> AsyncIterator[Town]:
    """A town on SQLite alone, for what happens on the disk."""
    db = await open_migrated(f"sqlite:///{tmp_path}/openline.db")
    yield await settled(db, tmp_path / "recordings")
    await db.close()


async def settled(db: Database, folder: Path) -> Town:
    await Profiles(db).create_pool("support", "Support")
    await Profiles(db).put_options("support", PoolOptions(recording=True, recording_days=7))
    return Town(db, folder)


async def read(opened: Any, *span: int) -> bytes:
    async with opened:
        return b"".join([chunk async for chunk in opened.chunks(*span)])


async def test_a_session_that_both_allow_to_be_recorded_is_heard_by_both(town: Town) -> None:
    await town.begin()
    began = await town.recordings.of_session("support", "s1", "user", "uma")
    assert (began.state, began.started_at, began.ended_at) == ("pending", BEGAN, 0)
    await town.spoken()
    assert await town.upkeep.render_due(ENDED + 60_000) == 0, "not before the session is over"
    await town.end()
    assert await town.upkeep.render_due(ENDED + SETTLE_MS - 1) == 0
    assert await town.upkeep.render_due(ENDED + SETTLE_MS) == 1
    kept = await town.recordings.of_session("support", "s1", "expert", "ada")
    assert (kept.state, kept.ended_at, kept.erase_at) == ("ready", ENDED, ENDED + 7 * DAY_MS)
    assert abs(kept.length_ms - 1000) <= 20 and town.files() == [OGG]
    whole = town.file(OGG).read_bytes()
    for side, member in (("user", "uma"), ("expert", "ada")):
        assert await read(await town.recordings.open_for("support", "s1", side, member)) == whole  # type: ignore[arg-type]
    assert len(whole) == kept.bytes
    heard = hear(town.file(OGG))
    assert loud(heard.left, 0.1, 0.9) > -20 and loud(heard.right, 0.1, 0.9) > -20


async def test_parts_of_it_can_be_had(hamlet: Town) -> None:
    await hamlet.recorded()
    whole = hamlet.file(OGG).read_bytes()
    for span in ((0,), (100,), (0, 4), (7, 10_000_000), (len(whole), len(whole) + 5), (9, 9)):
        opened = await hamlet.recordings.open_for("support", "s1", "user", "uma")
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
                await door(pool, name, side, member)
            assert (refused.value.code, refused.value.detail) == ("no_recording", name)
    with pytest.raises(Refusal, match="no_recording: s2"):  # theirs, and not ready
        await town.recordings.open_for("support", "s2", "user", "max")


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
    assert (await town.recordings.of_session("support", "s1", "user", "uma")).state == "ready"


async def test_it_is_erased_when_its_days_are_over(town: Town) -> None:
    await town.recorded()
    opened = await town.recordings.open_for("support", "s1", "user", "uma")
    due = ENDED + 7 * DAY_MS
    assert await town.upkeep.erase_due(due - 1) == 0
    assert await town.upkeep.erase_due(due) == 1
    assert town.files() == [] and await town.upkeep.erase_due(due + DAY_MS) == 0
    assert len(await read(opened)) == opened.size, "whoever listens hears it to the end"
    row = await town.row()
    assert (row["state"], row["path"], row["sha256"], row["bytes"], row["user"]) == ("erased", "", "", 0, "uma")
    with pytest.raises(Refusal, match="no_recording"):
        await town.recordings.open_for("support", "s1", "user", "uma")
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
        len(await read(await town.recordings.open_for("support", "s1", "user", "uma"))) == (await town.row())["bytes"]
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
        await stranger.open_for("support", "s1", "user", "uma")


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


async def _until(town: Town, state: str) -> None:
    async with asyncio.timeout(20):
        while (await town.row())["state"] != state:
            await asyncio.sleep(0.02)


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
        raise Unrendered(("busy", "full", "broken")[len(asked) - 1])

    looking = hamlet.looking(broken)
    for _ in range(4):
        await looking.render_due(ENDED + SETTLE_MS)
    assert len(asked) == 3 and (await hamlet.row())["state"] == "failed"
