"""House rules that a reader can rely on: short files, no addresses of a workplace, rooms that say what they are for."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.repo import house

LONGEST = 400
SOURCES = (".py", ".ts", ".lua", ".css", ".c", ".js", ".mjs", ".html")
# Spelled in pieces, so that this file passes its own rule.
REGISTRIES = ("pypi" + r"\.org", "python" + "hosted", "npmjs" + r"\.", "registry" + r"\.npm", "yarnpkg" + r"\.")
WORKPLACE = ("/" + "work/", "farm" + "-[a-z0-9]", r"\.lib" + "rary/", "/opt/" + "(pypi|wheels)")


@pytest.mark.parametrize("path", house.with_suffix(*SOURCES), ids=house.name)
def test_files_are_short(path: Path) -> None:
    if "/generated/" in house.name(path):
        return
    lines = (house.text(path) or "").count("\n")
    assert lines < LONGEST, f"{house.name(path)} has {lines} lines: cut it in two"


def test_nothing_names_a_registry_or_a_workplace() -> None:
    unwanted = re.compile("|".join(REGISTRIES + WORKPLACE))
    found = [
        f"{house.name(path)}:{number}: {match.group()}"
        for path in house.files()
        for number, line in enumerate((house.text(path) or "").splitlines(), 1)
        if (match := unwanted.search(line))
    ]
    assert not found, "\n".join(found)


def test_no_leftovers() -> None:
    leftover = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [house.name(path) for path in house.with_suffix(*SOURCES) if leftover.search(house.text(path) or "")]
    assert not found


@pytest.mark.parametrize("room", house.ROOMS)
def test_a_room_says_what_it_is_for(room: str) -> None:
    tree = ast.parse((house.ROOT / room / "__init__.py").read_text("utf-8"))
    docstring = ast.get_docstring(tree) or ""
    assert len(tree.body) == 1, "an __init__.py holds a docstring and no code"
    assert "door" in docstring, "the docstring names the room's door"


@pytest.mark.parametrize("path", house.room_modules(), ids=house.name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{house.name(path)} begins without a docstring"


def test_no_process_of_ours_takes_modules_from_the_folder_that_it_is_started_in() -> None:
    """`-P` (or `-I`): else a stray `av.py` there would be run in place of the library, with the server's secrets."""
    started = [
        f"{house.name(path)}: {rest}"
        for path in house.room_modules()
        if not house.name(path).startswith("loadtest/")
        for rest in re.findall(r"sys\.executable, (.*)", house.text(path) or "")
    ]
    assert len(started) >= 5
    assert not [one for one in started if '"-P"' not in one and '"-I"' not in one]


def test_the_applets_lock_names_no_address() -> None:
    lock = json.loads((house.ROOT / "client_applet" / "package-lock.json").read_text())
    named = [name for name, package in lock["packages"].items() if "resolved" in package]
    unsure = [name for name, package in lock["packages"].items() if name and "integrity" not in package]
    assert not named
    assert not unsure, "every package of the lock is held by its hash"


def test_continuous_integration_does_what_people_do() -> None:
    lines = [line for line in (house.ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]
    assert (house.ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_one_version() -> None:
    version = tomllib.loads((house.ROOT / "pyproject.toml").read_text())["project"]["version"]
    applet = json.loads((house.ROOT / "client_applet" / "package.json").read_text())["version"]
    assert applet == version
    assert f"## {version}" in (house.ROOT / "CHANGELOG.md").read_text()
