"""One owner of a state folder; commands borrow its store."""

from pathlib import Path

import pytest

from ground.store import Store
from server.config import load
from server.embedded_run import FolderInUse, at_hand, owned


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, {})
    with owned(config), pytest.raises(FolderInUse, match="--state"), owned(config):
        pass
    with owned(config) as again:
        assert again.store.startswith("unix://")


async def test_a_command_borrows_the_store_that_runs(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, {})
    with owned(config) as ready:
        async with at_hand(config) as borrowed:
            assert borrowed.store == ready.store
        store = await Store.open(ready.store)
        await store.ping()
        await store.close()


async def test_a_command_starts_a_store_when_none_runs(tmp_path: Path) -> None:
    async with at_hand(load({"state_dir": tmp_path}, {})) as own:
        store = await Store.open(own.store)
        await store.ping()
        await store.close()
    assert not await _answers(own.store)


async def _answers(url: str) -> bool:
    from ground.errors import StoreUnavailable

    try:
        await (await Store.open(url)).close()
    except StoreUnavailable:
        return False
    return True
