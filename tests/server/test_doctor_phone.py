"""What the doctor says of telephones."""

from pathlib import Path

import pytest

from directory.expert import Expert, PoolOptions
from directory.profiles import Profiles
from ground.sql import Database
from server.config import load
from server.doctor_phone import judge, phones
from server.embedded_run import owned
from sessions.media.workers import Listed

TRUNK = {"OPENLINE_SIP_TRUNK": "sip:openline@127.0.0.1"}


@pytest.mark.parametrize(
    ("lines", "calling", "silent", "env", "said"),
    [
        (3, ["p"], [], TRUNK, [("ok", "3 lines are free"), ("warn", "media workers that")]),
        (3, ["p"], [], TRUNK | {"OPENLINE_SPEECH": "off"}, [("ok", "3 lines are free"), ("ok", "turned off")]),
        (0, ["p"], [], TRUNK, [("warn", "no line is free")]),
        (0, ["p"], [], {}, [("warn", "p calls numbers, but nothing says how")]),
        (3, [], ["q"], {}, [("warn", "experts of q offer"), ("ok", "3 lines"), ("warn", "media workers that")]),
    ],
)
def test_what_that_means(
    tmp_path: Path, lines: int, calling: list[str], silent: list[str], env: dict[str, str], said: list[tuple[str, str]]
) -> None:
    config = load({"state_dir": tmp_path}, env)
    found = judge([Listed("m1", 9, 0, lines)] if lines else [], calling, silent, config)
    assert [one.verdict for one in found] == [verdict for verdict, _ in said]
    for one, (verdict, words) in zip(found, said, strict=True):
        assert one.text.startswith(words) and bool(one.way_out) == (verdict == "warn")


def test_that_all_workers_speak(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, TRUNK)
    found = judge([Listed("m1", 9, 0, 3, speaks=True), Listed("no-phone", 9, 0, 0)], ["p"], [], config)
    assert [(one.subject, one.verdict) for one in found] == [("telephones", "ok"), ("speech", "ok")]


async def test_it_asks_the_store_and_the_books(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, {})
    with owned(config) as ready:
        database = await Database.open(config.database)
        await database.migrate()
        profiles = Profiles(database)
        await profiles.create_pool("p", "P")
        assert await phones(ready) == []
        await profiles.put_experts("p", [Expert(expert="ada", name="Ada", modes=["phone"])])
        assert "calls no country" in (await phones(ready))[0].text
        await profiles.put_options("p", PoolOptions(phone_regions=["DE"]))
        assert "nothing says how" in (await phones(ready))[0].text
        await database.close()
