"""The project's own files, as the house rules see them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "server",
    "loadtest",
    "sessions",
    "queueing",
    "presence",
    "directory",
    "billing",
    "identity",
    "mail",
    "wire",
    "ground",
)


@cache
def files() -> tuple[Path, ...]:
    """Everything that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return tuple(sorted(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()))


def with_suffix(*suffixes: str) -> list[Path]:
    return [path for path in files() if path.suffix in suffixes]


def room_modules() -> list[Path]:
    return [path for path in with_suffix(".py") if name(path).split("/")[0] in ROOMS]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str | None:
    """None for what is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of everything that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]
