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
        """Make a database and return its address."""
        name = f"t{next(_numbers)}"
        engine = create_async_engine(self.url("postgres").replace("://", "+asyncpg://"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as conn:
            await conn.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await engine.dispose()
        return self.url(name)

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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/openline.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return await server.create()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, of each kind in turn."""
    db = await Database.open(database_url)
    await db.migrate()
    yield db
    await db.close()
