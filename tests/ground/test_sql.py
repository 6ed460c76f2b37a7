"""The database: transactions, the schema, the cursor. On SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import billing.deposits.store
import billing.payouts.store
import billing.receipts.store
import billing.store
import directory.index.store
import directory.store
import identity.outside.store
import identity.store
import mail.store
import presence.store
import queueing.store
import sessions.feedback.store
import sessions.fetching.store
import sessions.files.store
import sessions.notebook.store
import sessions.phone.store
import sessions.recording.store
import sessions.store
from ground.sql import (
    Cursor,
    Database,
    DatabaseTooNew,
    Tx,
    Words,
    get_cursor,
    is_about_data,
    journal_cursor,
    metadata,
    put,
    put_once,
)
from ground.sql import set_cursor as move

ROOMS = (
    billing.deposits.store, billing.receipts.store, billing.store, directory.index.store, directory.store,
    identity.outside.store, identity.store, mail.store, presence.store, queueing.store, sessions.feedback.store,
    sessions.fetching.store, sessions.files.store, sessions.notebook.store,
    sessions.phone.store, sessions.recording.store, sessions.store,
)  # fmt: skip


@pytest.fixture
async def second(database: Database, database_url: str) -> AsyncIterator[Database]:
    """Another process's view of the same database."""
    other = await Database.open(database_url)
    yield other
    await other.close()


def _differences(connection: sa.Connection) -> object:
    opts = {"compare_type": True, "compare_server_default": True, "include_name": _is_a_rooms}
    context = MigrationContext.configure(connection, opts=opts)
    return compare_metadata(context, metadata)


def _is_a_rooms(name: str | None, kind: str, _parents: object) -> bool:
    """The full text is a table of its own kind in each database (`directory/index/`)."""
    return not (kind == "table" and (name or "").startswith("index_fts"))


async def test_the_migrated_schema_is_that_of_the_rooms(database: Database) -> None:
    assert len(metadata.tables) >= len(ROOMS)
    async with database.begin() as tx:
        assert await tx.run_sync(_differences) == []


async def test_primary_keys_and_constraints_agree_with_the_rooms(database: Database) -> None:
    """What the comparison above does not look at."""

    def keys(connection: sa.Connection) -> dict[str, object]:
        look = sa.inspect(connection)
        return {name: look.get_pk_constraint(name)["constrained_columns"] for name in metadata.tables}

    async with database.read() as tx:
        found = await tx.run_sync(keys)
    assert found == {name: [c.name for c in table.primary_key] for name, table in metadata.tables.items()}


async def test_migrating_again_and_at_once_changes_nothing(database: Database, second: Database) -> None:
    await asyncio.gather(database.migrate(), second.migrate(), database.migrate())
    async with database.read() as tx:
        assert await get_version(tx) == "0004"


async def test_several_processes_may_make_the_schema_at_once(empty_database_url: str) -> None:
    databases = [await Database.open(empty_database_url) for _ in range(3)]
    await asyncio.gather(*(db.migrate() for db in databases))
    async with databases[0].read() as tx:
        assert await get_version(tx) == "0004"
    for db in databases:
        await db.close()


async def get_version(tx: Tx) -> str:
    return str((await tx.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one())


async def test_a_schema_of_a_later_version_is_refused_by_name(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        await database.migrate()


async def test_a_failed_migration_leaves_nothing(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open(empty_database_url)
    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.JSON.__init__", _fail)
        with pytest.raises(RuntimeError, match="no JSON today"):
            await db.migrate()
    async with db.read() as tx:
        assert await tx.run_sync(lambda connection: sa.inspect(connection).get_table_names()) == []
    await db.migrate()
    await db.close()


def _fail(*_arguments: object, **_options: object) -> None:
    raise RuntimeError("no JSON today")


async def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    with suppress(LookupError):
        async with database.begin() as tx:
            await move(tx, "p", "e1", 7)
            raise LookupError
    async with database.begin() as tx:
        assert await get_cursor(tx, "p") == Cursor("", 0)


async def test_the_cursor_moves_forward_within_an_epoch_and_starts_anew_in_the_next(database: Database) -> None:
    async with database.begin() as tx:
        await move(tx, "p", "e1", 7)
        await move(tx, "q", "e1", 2)
        await move(tx, "p", "e2", 1)
    async with database.begin() as tx:
        assert await get_cursor(tx, "p") == Cursor("e2", 1)
        assert await get_cursor(tx, "q") == Cursor("e1", 2)
        with pytest.raises(ValueError, match="not before 0"):
            await move(tx, "p", "e2", 0)


async def test_two_conductors_count_each_entry_once(database: Database, second: Database) -> None:
    """Both read the cursor and write the entries behind it, in one transaction each."""

    async def conduct(db: Database) -> None:
        for _ in range(20):
            async with db.begin() as tx:
                before = await get_cursor(tx, "p")
                await move(tx, "p", "e1", before.seq + 1)

    await asyncio.gather(conduct(database), conduct(second), conduct(database))
    async with database.begin() as tx:
        assert (await get_cursor(tx, "p")).seq == 60


async def test_a_reader_sees_the_last_commit_while_a_writer_is_at_work(database: Database) -> None:
    async with database.begin() as tx:
        await move(tx, "p", "e1", 1)
        async with asyncio.timeout(2), database.read() as reader:
            assert (await reader.execute(sa.select(journal_cursor))).all() == []
    async with database.read() as reader:
        assert (await reader.execute(sa.select(journal_cursor))).all() == [("p", "e1", 1)]


async def test_put_once_keeps_and_put_overwrites(database: Database) -> None:
    async with database.begin() as tx:
        await put_once(tx, journal_cursor, [{"pool": pool, "epoch": "a", "seq": 1} for pool in "pq"])
        await put_once(tx, journal_cursor, [{"pool": "p", "epoch": "b", "seq": 2}])
        await put(tx, journal_cursor, [{"pool": "q", "epoch": "b", "seq": 2}], keep=["epoch"])
        await put(tx, journal_cursor, [])
        await put_once(tx, journal_cursor, [])
        rows = (await tx.execute(sa.select(journal_cursor).order_by(journal_cursor.c.pool))).all()
    assert rows == [("p", "a", 1), ("q", "a", 2)]


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d pair", "whole \U0001f600 pair", "عربي", ""])
async def test_any_text_that_the_journal_may_carry_can_be_written(database: Database, text: str) -> None:
    written = sa.literal(text, Words)
    async with database.read() as tx:
        found = (await tx.execute(sa.select(written))).scalar_one()
    assert found == text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")


async def test_a_value_that_can_not_be_written_is_told_from_a_database_out_of_order(database: Database) -> None:
    for row in ({"seq": 2**70}, {"seq": None}, {"seq": object()}, {"seq": 1, "epoch": "\ud83d"}):
        with pytest.raises(Exception) as refused:  # noqa: PT011 (each driver has its own)
            async with database.begin() as tx:
                await put(tx, journal_cursor, [{"pool": "p", "epoch": "e"} | row])
        assert is_about_data(refused.value), refused.value
    with pytest.raises(sa.exc.DBAPIError) as missing:
        async with database.begin() as tx:
            await tx.execute(sa.text("SELECT * FROM nowhere"))
    assert not is_about_data(missing.value)
    assert not is_about_data(sa.exc.OperationalError("", None, Exception("disk I/O error")))
    assert not is_about_data(TimeoutError())


async def test_sqlite_is_durable_private_and_checks_its_references(database: Database, database_url: str) -> None:
    if database.kind != "sqlite":
        return
    async with database.read() as tx:
        asked = {name: (await tx.execute(sa.text(f"PRAGMA {name}"))).scalar_one() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    path = sa.make_url(database_url).database
    assert path is not None
    assert (await asyncio.to_thread(_mode, path)) == 0o600


def _mode(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


@pytest.mark.parametrize("url", ["mysql://u:secret@host/db", "sqlite://", "sqlite:///:memory:", "oracle://x"])
async def test_an_address_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)sqlite") as refused:
        await Database.open(url)
    assert "secret" not in str(refused.value)


async def test_nothing_at_the_address_is_an_error_at_once() -> None:
    with pytest.raises(OSError, match=r"refused|Connect|connect"):
        await Database.open("postgresql://postgres@127.0.0.1:1/none")


async def test_a_cancelled_write_lets_go_while_its_traceback_lives(tmp_path: Path) -> None:
    """A statement that was read halfway kept the lock of a closed connection until the collector came round."""
    db = await Database.open(f"sqlite:///{tmp_path / 'openline.db'}")
    await db.migrate()
    kept: list[BaseException] = []
    reading, loop = asyncio.Event(), asyncio.get_running_loop()
    slow = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000000)
        SELECT i FROM n WHERE (i = 1 AND begun()) OR i % 2000000 = 0"""

    async def write() -> None:
        try:
            async with db.begin() as tx:
                await move(tx, "one", "e", 1)
                driver = (await tx.get_raw_connection()).driver_connection
                await driver.create_function("begun", 0, lambda: loop.call_soon_threadsafe(reading.set) is None and 0)
                await tx.execute(sa.text(slow))
        except BaseException as error:
            kept.append(error)
            raise

    task = asyncio.create_task(write())
    async with asyncio.timeout(5):
        await reading.wait()
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    async with asyncio.timeout(5), db.begin() as tx:
        assert (await get_cursor(tx, "one")).seq == 0
    assert kept
    await db.close()
