"""One server process for all attacks; a pool for each."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attacks import raw
from tests.chaos.town import Town, town


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They share one loop: the town's connections live in it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("site"), 1, "--origin", "https://shop.example") as made:
        yield made


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def no_connection_outlives_its_test() -> AsyncIterator[None]:
    yield
    await raw.hang_up()
