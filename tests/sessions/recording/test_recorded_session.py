"""A session from live store to file: both allow it, the journal tells the books, and in the end it is erased."""

from pathlib import Path

import pytest

from ground.clock import SetClock
from ground.errors import Refusal
from ground.journal import Journal
from ground.sql import Database
from server.books import Books
from sessions.erasure import erase_expert
from sessions.recording.folder import OGG, SPOOL, Folder
from sessions.recording.keeping import Recordings
from sessions.recording.tap import Limits, Tapes
from sessions.recording.upkeep import GIVE_UP_MS, Upkeep
from tests.model.scene import Scene, scene
from tests.queueing.test_media import Call, call
from tests.sessions.recording.voices import Voice, hear, onset

__all__ = ["call", "scene"]


async def written(books: Books, scene: Scene) -> None:
    cursor = await books.cursor(scene.pool)
    await books.write(scene.pool, await Journal(scene.store).read(scene.pool, cursor.seq, 100))


@pytest.mark.claim("A2")
async def test_what_two_allowed_is_recorded_until_one_takes_it_back(
    call: Call, database: Database, tmp_path: Path
) -> None:
    folder, books = Folder.open(tmp_path / "recordings"), Books(database)
    recordings = books.recordings = Recordings(database, folder)
    await call.open()
    pool, scene = call.scene.pool, call.scene
    await call.talk()
    await written(books, scene)
    with pytest.raises(Refusal, match="no_recording"):
        await recordings.of_session(pool, call.name, "user", "uma", now=scene.now)

    for side, who in (("expert", "ada"), ("user", "uma")):
        await call.media.record(pool, call.name, side, who, on=True, now=scene.now)  # type: ignore[arg-type]
    await written(books, scene)
    began = await recordings.of_session(pool, call.name, "user", "uma", now=scene.now)
    assert (began.state, began.started_at) == ("pending", scene.now)

    tapes, voice = Tapes(folder, Limits(free=1024)), Voice(440)
    tape = await tapes.start(pool, call.name, scene.now)
    for n in range(25):
        tape.tap("user", voice.packet(), scene.now + 500 + n * 20)
    await tape.stop()
    tapes.close()
    await call.media.record(pool, call.name, "user", "uma", on=False, now=scene.now)
    await call.later(3_000, "m1")
    await scene.end("ada")
    await written(books, scene)

    kept = await recordings.of_session(pool, call.name, "expert", "ada", now=scene.now)
    assert kept.ended_at == scene.now and kept.state == "pending"
    upkeep = Upkeep(database, folder, recordings, SetClock(scene.now))
    assert await upkeep.render_due(scene.now + GIVE_UP_MS) == 1
    file = folder.file(folder.of(pool, call.name), OGG)
    assert onset(hear(file).left) == pytest.approx(0.5, abs=0.02)

    async with database.begin() as tx:
        await erase_expert(tx, pool, "ada")
    assert await upkeep.erase_due(scene.now) == 1
    assert not file.exists() and not file.with_suffix(SPOOL).exists()
