"""The wheel carries all that the program needs when the checkout is not there."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repo import house

BESIDE = ("demo/experts.csv", "client_applet/dist/openline.js", "client_applet/dist/directory.html")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=house.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_every_file_of_the_rooms_is_in_it(wheel: set[str]) -> None:
    ours = {house.name(path) for path in house.files() if house.name(path).split("/")[0] in house.ROOMS}
    assert not ours - wheel


def test_the_applet_and_the_demo_are_in_it(wheel: set[str]) -> None:
    assert set(BESIDE) <= wheel


def test_nothing_else_is_in_it(wheel: set[str]) -> None:
    tops = {Path(name).parts[0] for name in wheel if ".dist-info" not in name}
    assert tops == {*house.ROOMS, "client_applet", "demo"}
