"""What this machine has for the tests. As a script (`make test` runs it) it installs on Debian what is missing.

Stands alone, so that it also runs before anything is installed.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Tool:
    """A program that some tests need: the mark of those tests, its names, and how to get it on Debian."""

    mark: str
    names: tuple[str, ...]
    debian: tuple[str, ...]

    def path(self) -> str | None:
        return next((found for name in self.names if (found := shutil.which(name))), None)


TOOLS = (
    Tool("browser", ("chromium", "chromium-browser", "google-chrome"), ("chromium", "fonts-dejavu-core")),
    Tool("redis_server", ("redis-server",), ("redis-server",)),
    Tool(
        "postgres", ("postgres", *(f"/usr/lib/postgresql/{n}/bin/postgres" for n in range(20, 12, -1))), ("postgresql",)
    ),
    Tool("compiler", ("cc",), ("gcc", "libc6-dev")),
    Tool("node", ("node",), ("nodejs", "npm")),
    Tool("baresip", ("baresip",), ("baresip-core",)),
    Tool("sipp", ("sipp",), ("sip-tester",)),
    Tool("coturn", ("turnserver",), ("coturn",)),
    Tool("speech", ("espeak-ng",), ("espeak-ng",)),
)
INSTALLED_FOR_TESTS = ("browser", "redis_server", "compiler", "baresip", "sipp", "coturn", "speech")


def missing() -> list[Tool]:
    return [tool for tool in TOOLS if tool.path() is None]


def is_debian_root() -> bool:
    return platform.system() == "Linux" and Path("/etc/debian_version").exists() and os.geteuid() == 0


def main() -> int:
    lacking = [tool for tool in missing() if tool.mark in INSTALLED_FOR_TESTS]
    if lacking and is_debian_root():
        _install([package for tool in lacking for package in tool.debian])
    for tool in missing():
        print(f"setup: MISSING {tool.names[0]}: its tests will be SKIPPED. {advice(tool)}", file=sys.stderr)
    return 0


def advice(tool: Tool) -> str:
    return f"Get it with your package manager (Debian: apt-get install {' '.join(tool.debian)})."


def _install(packages: list[str]) -> None:
    print(f"setup: apt-get install {' '.join(packages)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    with _no_services():
        done = _apt(["apt-get", "update", "-qq"], environment)
        done = _apt(install, environment) or done
    if done:
        print(f"setup: apt-get failed:\n{done}", file=sys.stderr)


def _apt(command: list[str], environment: dict[str, str]) -> str:
    """Empty when it worked, else the end of what apt-get said."""
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=1200
    )
    return "\n".join((done.stdout + done.stderr).splitlines()[-15:]) if done.returncode else ""


@contextmanager
def _no_services() -> Iterator[None]:
    """Debian starts a service when its package is installed, unless this policy says no; our tests start their own."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
