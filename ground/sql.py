"""The books of record: one SQL database, SQLite in WAL mode or PostgreSQL.

Each room keeps its tables in its own `store.py`, on the one `metadata` below. The schema itself is made by the
migrations in `ground/migrations/`, which know no room; a test holds tables and migrations together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Tx = AsyncConnection
"""An open transaction: what `Database.begin` and `Database.read` hand out."""

LOCK_WAIT_S = 10
"""How long anybody waits for a connection, a lock or the one writer of SQLite, before the call fails."""
STATEMENT_S = 60
"""The longest that one statement may run."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6F70_656E
_READ_OPTION = "openline_read"
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Words(sa.types.TypeDecorator[str]):
    """Text that people typed. PostgreSQL stores neither NUL nor half a surrogate pair; the journal may carry both.

    They become U+FFFD, for an entry that can't be written would stop the conductor for ever.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


journal_cursor = sa.Table(
    "journal_cursor",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)


class Cursor(NamedTuple):
    """The last journal entry that the books hold. ("", 0) before the first."""

    epoch: str
    seq: int


class Stamp(NamedTuple):
    """Which journal entry something comes from: its `epoch` and `seq`, and when it happened (ms)."""

    epoch: str
    seq: int
    at: int


FAILURES = (sa.exc.SQLAlchemyError, OSError, TimeoutError)
"""What any call here may raise when the database does not do its part."""


class DatabaseTooNew(Exception):
    """The database was made by a later version of Openline than this one."""


class Database:
    """An open database. `kind` is "sqlite" or "postgresql"."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.kind: str = engine.dialect.name
        self._writer = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect to `sqlite:///path` or `postgresql://user:password@host/name` and check that it answers.

        Raises ValueError for an address of another kind, OSError or sqlalchemy.exc.DBAPIError if nothing answers.
        """
        parsed = _address(url)
        engine = _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgres_engine(parsed)
        db = cls(engine)
        try:
            await db.ping()
        except BaseException:
            await db.close()
            raise
        return db

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """A transaction that writes: committed at the end of the block, rolled back by an exception.

        SQLite has one writer at a time: those of this process queue here in order, other processes poll for
        `LOCK_WAIT_S` at most. Not to be nested. Raises TimeoutError when the turn does not come.
        """
        if self.kind == "sqlite":
            async with asyncio.timeout(LOCK_WAIT_S):
                await self._writer.acquire()
            try:
                async with self._engine.begin() as tx:
                    yield tx
            finally:
                self._writer.release()
        else:
            async with self._engine.begin() as tx:
                yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A transaction that only reads: it never waits for a writer."""
        async with self._engine.connect() as conn:
            await conn.execution_options(**{_READ_OPTION: True})
            async with conn.begin():
                yield conn

    async def ping(self) -> None:
        """Return when the database answers; raises what the driver raises when it doesn't."""
        async with self.read() as tx:
            await tx.execute(sa.text("SELECT 1"))

    async def migrate(self) -> None:
        """Bring the schema up to this version, in one transaction; several processes may ask at once.

        Raises DatabaseTooNew when the schema is that of a later version.
        """
        if await self._is_up_to_date():
            return
        async with self.begin() as tx:
            if self.kind == "postgresql":
                await tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await tx.run_sync(_upgrade)

    async def _is_up_to_date(self) -> bool:
        """Whether the schema is this version's: most starts find it so, and need not load what migrates."""
        try:
            async with self.read() as tx:
                found = (await tx.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
        except sa.exc.DBAPIError:
            return False
        return found == max(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v*.py"))

    async def close(self) -> None:
        await self._engine.dispose()


def is_about_data(error: BaseException) -> bool:
    """Whether the database refused what it was given and would refuse it again, rather than being out of order."""
    if isinstance(error, sa.exc.DBAPIError):
        # What asyncpg can't encode, and what PostgreSQL calls a data exception (class 22), have no kind of their own;
        # SQLite's ProgrammingError is a value of a wrong type, PostgreSQL's (with a state) a table that isn't there.
        state = getattr(error.orig, "sqlstate", None) or ""
        untyped = isinstance(error, sa.exc.ProgrammingError) and not state
        unsendable = isinstance(getattr(error.orig, "__cause__", None), ValueError)
        typed = isinstance(error, sa.exc.DataError | sa.exc.IntegrityError)
        return typed or untyped or unsendable or state.startswith("22")
    return isinstance(error, sa.exc.StatementError | OverflowError | UnicodeError)  # it could not even be sent


Also = Callable[[Tx], Awaitable[None]]
"""What else a door writes in the transaction of a change, for its caller: a line of the audit, say."""

Recorded = tuple[Stamp, Sequence[object]]
"""One journal entry as the recorders take it: its stamp and its events."""


async def put(
    tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, keep: Sequence[str] = (), newer: bool = False
) -> None:
    """Insert `rows` by primary key, or overwrite those that are there, except the columns `keep`.

    With `newer`, a row that is there from the same epoch and a later `seq` stays as it is: a replay changes nothing.
    Every row has the same columns.
    """
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    insert = _insert(tx, table)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in key and name not in keep}
    where = sa.or_(table.c.epoch != insert.excluded.epoch, table.c.seq <= insert.excluded.seq) if newer else None
    await tx.execute(insert.on_conflict_do_update(index_elements=key, set_=changed, where=where), list(rows))


async def put_once(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str] = ()) -> None:
    """Insert `rows`; one whose `key` (unique columns; without it the primary key) is there already stays as it is."""
    if rows:
        unique = key or [column.name for column in table.primary_key]
        await tx.execute(_insert(tx, table).on_conflict_do_nothing(index_elements=unique), list(rows))


async def put_later(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]], by: str) -> None:
    """Insert `rows` by primary key; one that is there gives way only to one whose column `by` is larger."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    insert = _insert(tx, table)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in key}
    where = table.c[by] < insert.excluded[by]
    await tx.execute(insert.on_conflict_do_update(index_elements=key, set_=changed, where=where), list(rows))


async def get_cursor(tx: Tx, pool: str) -> Cursor:
    """Where the books of `pool` stand, locked until the end of the transaction.

    The lock makes a second conductor wait, so that it reads what the first one has written: each entry counts once.
    """
    await put_once(tx, journal_cursor, [{"pool": pool, "epoch": "", "seq": 0}])
    query = sa.select(journal_cursor.c.epoch, journal_cursor.c.seq).where(journal_cursor.c.pool == pool)
    row = (await tx.execute(query.with_for_update())).one()
    return Cursor(row.epoch, row.seq)


async def peek_cursor(tx: Tx, pool: str) -> Cursor:
    """Where the books of `pool` stood when this transaction began."""
    query = sa.select(journal_cursor.c.epoch, journal_cursor.c.seq).where(journal_cursor.c.pool == pool)
    row = (await tx.execute(query)).one_or_none()
    return Cursor(row.epoch, row.seq) if row else Cursor("", 0)


async def set_cursor(tx: Tx, pool: str, epoch: str, seq: int) -> None:
    """Move the cursor in the transaction that wrote the entries. Raises ValueError for a step back within an epoch."""
    before = await get_cursor(tx, pool)
    if before.epoch == epoch and seq < before.seq:
        raise ValueError(f"the cursor of {pool} stands at {before.seq}, not before {seq}")
    await put(tx, journal_cursor, [{"pool": pool, "epoch": epoch, "seq": seq}])


def _insert(tx: Tx, table: sa.Table) -> Any:
    """The insert that knows conflicts; the two dialects spell it alike and share no type."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def _address(url: str) -> URL:
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"the database address begins with {parsed.drivername}; it must be sqlite or postgresql")
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database needs a file")
    return parsed.set(drivername=driver)


def _sqlite_engine(url: URL) -> AsyncEngine:
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # transcripts are nobody else's business on a shared machine
    engine = create_async_engine(url, pool_size=5, max_overflow=5, pool_timeout=LOCK_WAIT_S, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    """The driver's own BEGIN is switched off: it comes too late for a snapshot, and never for a schema change.

    synchronous=FULL: with NORMAL a power cut may undo the last commits, and the journal that could repeat them
    may have been trimmed on their word, a used sign-in link be good again.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={LOCK_WAIT_S * 1000}",
        "trusted_schema=OFF",
        "secure_delete=ON",  # who is forgotten is not to be found in the free pages either
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that reads first and then writes could be refused halfway."""
    reads = connection.get_execution_options().get(_READ_OPTION, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _roll_back(_connection: Any, record: Any, _error: BaseException | None) -> None:
    """End the transaction of a connection that is thrown away because its task was cancelled.

    Closing alone does not: SQLite keeps a closed connection, its transaction and its lock for as long as there is a
    half-read statement, and the traceback of the cancelled task keeps that until the collector comes round. What is
    begun here is queued before the closing that follows.
    """
    ending = asyncio.ensure_future(record.driver_connection.rollback())
    _ending.add(ending)
    ending.add_done_callback(_ended)


_ending: set["asyncio.Future[None]"] = set()


def _ended(ending: "asyncio.Future[None]") -> None:
    _ending.discard(ending)
    if not ending.cancelled():
        ending.exception()  # one that had no transaction, or is closed already


def _postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=LOCK_WAIT_S,
        hide_parameters=True,  # an error goes to the log whole, and what people wrote and their addresses do not
        pool_pre_ping=True,  # a connection that died with a restart of the server is found before it is used
        connect_args={
            "timeout": LOCK_WAIT_S,
            "command_timeout": STATEMENT_S + 5,
            "server_settings": {
                "application_name": "openline",
                "lock_timeout": str(LOCK_WAIT_S * 1000),
                "statement_timeout": str(STATEMENT_S * 1000),
                "idle_in_transaction_session_timeout": str(STATEMENT_S * 1000),
            },
        },
    )


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see `_is_up_to_date`
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise DatabaseTooNew("the database was made by a later version of Openline") from error
