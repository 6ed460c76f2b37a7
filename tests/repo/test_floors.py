"""The lock files hold the version floors, every package by hash, and no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.repo import house

LOCKS = sorted((house.ROOT / "requirements").glob("*.txt"))
# Below these releases there is a known hole, or a bug that breaks one of our promises.
FLOORS = {
    "aiortc": "1.15.0",
    "h11": "0.16.0",
    "redis": "8.1.0",
    "starlette": "1.3.1",
    "uvicorn": "0.52.1",
    "websockets": "17.0.1",
}
IF_EVER_USED = {"python-multipart": "0.0.18"}


def _pinned(path: Path) -> dict[str, Version]:
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", path.read_text(), re.M)
    return {name.lower(): Version(version) for name, version in pins}


def _project() -> dict[str, Requirement]:
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())["project"]
    return {requirement.name: requirement for requirement in map(Requirement, project["dependencies"])}


@pytest.mark.parametrize("path", LOCKS, ids=house.name)
def test_every_package_is_held_by_hash_and_none_by_address(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text().strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in path.read_text()
    assert "--index-url" not in path.read_text()


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_the_floors_are_stated_and_locked(name: str) -> None:
    for lock in ("run.txt", "dev.txt"):
        assert _pinned(house.ROOT / "requirements" / lock)[name] >= Version(FLOORS[name])
    below = str(Version(FLOORS[name]).release[0]) + ".0.0a0"
    requirement = _project()[name]
    stated = [Version(part.version) for part in requirement.specifier if part.operator == ">="]
    assert stated, f"{name} states its floor"
    assert stated[0] >= Version(FLOORS[name])
    assert not requirement.specifier.contains(below)


@pytest.mark.parametrize("name", sorted(IF_EVER_USED))
def test_what_may_come_later_comes_above_its_floor(name: str) -> None:
    for path in LOCKS:
        assert _pinned(path).get(name, Version("9999")) >= Version(IF_EVER_USED[name])


def test_the_lock_answers_the_project() -> None:
    pins = _pinned(house.ROOT / "requirements" / "run.txt")
    for name, requirement in _project().items():
        assert requirement.specifier.contains(pins[name]), f"run `make lock`: {name} is locked at {pins[name]}"


def test_the_test_tools_add_to_what_runs() -> None:
    run, dev = _pinned(house.ROOT / "requirements" / "run.txt"), _pinned(house.ROOT / "requirements" / "dev.txt")
    assert {name: dev.get(name) for name in run} == run
