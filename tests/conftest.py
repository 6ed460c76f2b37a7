"""What all tests share: the real store, a pool of one's own, a real database, and a loud list of what was skipped."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground.embedded import EmbeddedStore
from ground.sql import Database
from ground.store import Store
from tests.databases import open_migrated
from tests.repo import machine

# It is no test file, but it asserts; and it may be imported before the tests beside it are collected.
pytest.register_assert_rewrite("tests.sessions.phone.suite")


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Valkey (or Redis), started once for all tests, whatever event loop they run on."""
    embedded = EmbeddedStore(tmp_path_factory.mktemp("store"), fsync="no")
    yield embedded.start_now()
    embedded.stop_now()


@pytest_asyncio.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def pool() -> str:
    """A pool that no other test knows."""
    return f"p{uuid.uuid4().hex[:12]}"


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database of the test's own. Rooms with SQL of their own run on PostgreSQL as well."""
    opened = await open_migrated(f"sqlite:///{tmp_path / 'openline.db'}")
    yield opened
    await opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    _longest_first(items)
    for tool in machine.missing():
        skip = pytest.mark.skip(reason=f"MISSING {tool.names[0]}")
        for item in items:
            if item.get_closest_marker(tool.mark):
                item.add_marker(skip)


def _longest_first(items: list[pytest.Item]) -> None:
    """Files in the order of how long they may take: else one worker is left alone with a long one at the end."""
    may_take: Counter[Path] = Counter()
    for item in items:
        limit = item.get_closest_marker("timeout")
        may_take[item.path] += limit.args[0] if limit else 1
    items.sort(key=lambda item: -may_take[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says aloud which tests did not run because this machine lacks something."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for tool in machine.missing():
        count = sum(f"MISSING {tool.names[0]}" in reason for reason in skipped)
        if count:
            terminalreporter.section(f"NOT TESTED: {count} tests need {tool.names[0]}", red=True, bold=True)
            terminalreporter.line(machine.advice(tool))
