"""Both databases for the tests: SQLite in a file, and PostgreSQL as a private child where it is installed."""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from ground.sql import Database

BINARIES = Path("/usr/lib/postgresql/15/bin")
_numbers = count(1)


class PostgresServer:
    """A PostgreSQL of our own: unix socket only, data in a folder that goes with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="openline-pg-"))
        self._as_postgres: list[str] = []
        self._template = ""
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            self._as_postgres += ["--pdeathsig=INT"]
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"]
        command = [str(BINARIES / "postgres"), "-D", str(data), "-k", str(self.folder), *options]
        self._log = (self.folder / "log").open("w")
        self._process = subprocess.Popen([*self._as_postgres, *command], stdout=self._log, stderr=self._log)
        self._wait()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_postgres, str(BINARIES / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=self.folder)

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        probe = [str(BINARIES / "pg_isready"), "-q", "-h", str(self.folder), "-U", "postgres"]
        while subprocess.run(probe, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start: " + (self.folder / "log").read_text())
            time.sleep(0.05)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    async def create(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of `template`, and return its address."""
        name = f"t{next(_numbers)}"
        engine = create_async_engine(self.url("postgres").replace("://", "+asyncpg://"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as conn:
            await conn.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await engine.dispose()
        return self.url(name)

    async def migrated(self) -> str:
        """Make a database with the present schema and return its address."""
        if not self._template:
            url = await self.create()
            await _migrate(url)
            self._template = url.removeprefix("postgresql://postgres@/").split("?")[0]
        return await self.create(self._template)

    def stop(self) -> None:
        self._process.send_signal(2)
        self._process.wait(timeout=30)
        self._log.close()
        shutil.rmtree(self.folder)


@cache
def _only_server() -> PostgresServer:
    """One for the whole run: each package that imports the fixture has a fixture of its own."""
    server = PostgresServer()
    atexit.register(server.stop)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    if not (BINARIES / "postgres").exists():
        pytest.skip(f"PostgreSQL is not installed: no {BINARIES}/postgres (apt-get install postgresql-15)")
    return _only_server()


@cache
def _template() -> Path:
    """Where this process keeps a migrated SQLite file, once it has made one."""
    folder = tempfile.mkdtemp(prefix="openline-sqlite-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder) / "template.db"


async def migrated_sqlite(path: Path) -> str:
    """Make a SQLite file with the present schema at `path` and return its address. Migrating takes half a second each
    time, and is tested where it matters: all others get a copy."""
    if not _template().exists():
        await _migrate(f"sqlite:///{_template()}")
    shutil.copy(_template(), path)
    return f"sqlite:///{path}"


async def open_migrated(url: str) -> Database:
    """Open the database at `url` with the present schema. A SQLite file that isn't there yet is made so."""
    if url.startswith("sqlite:///") and not (path := Path(url.removeprefix("sqlite:///"))).exists():
        await migrated_sqlite(path)
    db = await Database.open(url)
    await db.migrate()
    return db


async def _migrate(url: str) -> None:
    db = await Database.open(url)
    await db.migrate()
    await db.close()


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
async def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a schema, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/openline.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return await server.create()


@pytest.fixture(params=KINDS)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database, of each kind in turn."""
    if request.param == "sqlite":
        return await migrated_sqlite(tmp_path / "openline.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return await server.migrated()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, of each kind in turn."""
    db = await Database.open(database_url)
    yield db
    await db.close()
