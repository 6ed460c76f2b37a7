"""What the doctor says of media workers."""

from pathlib import Path

import msgspec
import pytest

from directory.expert import Expert, Pool, PoolOptions
from directory.profiles import Profiles
from ground.sql import Database
from ground.store import Store
from server.config import load
from server.doctor import examine
from server.doctor_media import SUBJECT, judge, needs, reach
from server.embedded_run import owned
from sessions.media.workers import Listed, Workers
from tests.ports import free_port

FREE, PAID = (
    Expert(expert="bob", name="Bob", modes=["chat", "audio"]),
    Expert(expert="ada", name="Ada", modes=["chat", "audio"], rate=60),
)


@pytest.mark.parametrize(
    ("expert", "options", "needing"),
    [
        (FREE, PoolOptions(prepaid=True), False), (PAID, PoolOptions(prepaid=True), True), (PAID, PoolOptions(), False),
        (FREE, PoolOptions(bridge_audio=True), True), (FREE, PoolOptions(recording=True), True),
        (Expert(expert="cy", name="Cy", modes=["chat"], rate=60), PoolOptions(prepaid=True, recording=True), False),
        (msgspec.structs.replace(PAID, mode_rates={"audio": 0}), PoolOptions(prepaid=True), False),
        (Expert(expert="eve", name="Eve", modes=["phone"]), PoolOptions(), True),
    ],
)  # fmt: skip
def test_who_needs_one(expert: Expert, options: PoolOptions, needing: bool) -> None:
    assert needs(Pool(pool="p", name="P", options=options), [expert]) is needing


@pytest.mark.parametrize(
    ("hosts", "env", "said"),
    [
        ("line.example", {"HOSTS": "10.0.0.5"}, "warn"), ("line.example", {"HOSTS": "10.0.0.5,8.8.8.8"}, ""),
        ("line.example", {"HOSTS": "10.0.0.5", "ANNOUNCE": "203.0.113.7"}, ""),
        ("line.example", {"HOSTS": "10.0.0.5", "PRIVATE": "1"}, ""), ("", {"HOSTS": "10.0.0.5"}, ""),
    ],
)  # fmt: skip
def test_whether_browsers_elsewhere_can_come(tmp_path: Path, hosts: str, env: dict[str, str], said: str) -> None:
    given = {f"OPENLINE_MEDIA_{name}": value for name, value in env.items()}
    found = reach(load({"state_dir": tmp_path, "hosts": hosts}, given))
    assert [one.verdict for one in found] == ([said] if said else [])
    assert not found or ("10.0.0.5" in found[0].text and "OPENLINE_MEDIA_ANNOUNCE" in found[0].way_out)
    assert not reach(load({"state_dir": tmp_path, "hosts": hosts, "media_workers": 0}, given))


def test_what_that_means(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, {})
    elsewhere = load({"state_dir": tmp_path, "media_workers": 0}, {})
    assert judge([], [], config).verdict == "ok"
    assert (
        judge([Listed("m1", 10, 9, 0), Listed("m2", 10, 3, 0)], ["p"], config).text == "2 there, with 12 of 20 sessions"
    )
    for there in ([], [Listed("m1", 10, 10, 0)]):
        for settings in (config, elsewhere):
            found = judge(there, ["p"], settings)
            assert found.verdict == "warn" and "openline media" in found.way_out


async def test_it_asks_the_store_and_the_books(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path, "port": free_port()}, {})
    with owned(config) as ready:
        database = await Database.open(config.database)
        await database.migrate()
        await Profiles(database).create_pool("p", "P")
        await Profiles(database).put_options("p", PoolOptions(prepaid=True))
        await Profiles(database).put_experts("p", [PAID])
        await database.close()
        found = {one.subject: one for one in await examine(config, {})}[SUBJECT]
        assert found.verdict == "warn" and "audio of p " in found.text
        store = await Store.open(ready.store)
        await Workers(store).enlist("m1", 10, 3)
        await store.close()
        assert {one.subject: one for one in await examine(config, {})}[SUBJECT].text == "1 there, with 3 of 10 sessions"
