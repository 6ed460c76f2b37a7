"""The loader of server-side functions: joins `<room>/lua/*.lua` to one library and reads the headers.

A file may begin with `-- include: <room>/<name>` lines; includes are resolved once each and cycles are refused.
Each function has a header of comment lines:

    -- FUNCTION join
    -- ARGS user name experts mode connect
    -- RETURNS ticket state joined_at lines
    -- EMITS ticket offer expert
    -- REFUSES already_in_line unknown_expert

`Store.call` refuses arguments that differ from ARGS, so a header cannot rot.
"""

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ground import keys

ROOMS = ("ground", "directory", "billing", "identity", "presence", "queueing", "sessions")
_HOUSE = Path(__file__).resolve().parent.parent
_INCLUDE = re.compile(r"^-- include: ([a-z_]+)/([a-z_]+)$", re.M)
_HEADER = re.compile(r"^-- (FUNCTION|ARGS|RETURNS|EMITS|REFUSES)\b ?(.*)$", re.M)


class LibraryError(Exception):
    """The Lua sources don't make a library: a missing or circular include, a broken header."""


@dataclass(frozen=True)
class Header:
    """What a function's header promises."""

    name: str
    args: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    emits: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Library:
    """A library ready for FUNCTION LOAD. `name` carries a hash of the source, so two versions live side by side."""

    name: str
    source: str
    headers: dict[str, Header] = field(default_factory=dict)

    def function(self, name: str) -> str:
        """The registered name of the function `name`. Raises KeyError for one that has no header."""
        self.headers[name]
        return f"{self.name}_{name}"


def sources(house: Path = _HOUSE) -> dict[str, str]:
    """Every Lua file as `room/name` → text."""
    return {
        f"{room}/{path.stem}": path.read_text("utf-8")
        for room in ROOMS
        for path in sorted((house / room / "lua").glob("*.lua"))
    }


def resolve(files: dict[str, str]) -> list[str]:
    """The names of `files` in an order in which each comes after what it includes. Raises LibraryError."""
    order: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in open_:
            raise LibraryError(f"circular include: {' -> '.join([*open_, name])}")
        if name not in files:
            raise LibraryError(f"missing include: {name} (from {open_[-1] if open_ else '?'})")
        open_.append(name)
        for room, other in _INCLUDE.findall(files[name]):
            visit(f"{room}/{other}")
        open_.pop()
        order.append(name)

    for name in files:
        visit(name)
    return order


def headers(text: str) -> dict[str, Header]:
    """The headers found in one source text. Raises LibraryError for one without a name or with a doubled line."""
    found: dict[str, Header] = {}
    current: dict[str, frozenset[str]] = {}
    name = ""
    for kind, rest in [*_HEADER.findall(text), ("FUNCTION", "")]:
        if kind == "FUNCTION":
            if name:
                found[name] = Header(name, **current)
            name, current = rest.strip(), {}
        elif not name or kind.lower() in current:
            raise LibraryError(f"header line {kind} without a function, or twice, near {name or 'the top'}")
        else:
            current[kind.lower()] = frozenset(rest.split())
    return found


@cache
def library() -> Library:
    """The library of this release, read from the rooms' folders."""
    files = sources()
    body = "\n".join(f"do -- {name}\n{files[name]}\nend" for name in resolve(files))
    digest = hashlib.sha256((keys.lua() + body).encode()).hexdigest()[:12]
    name = f"openline_{digest}"
    known: dict[str, Header] = {}
    for text in files.values():
        for header in headers(text).values():
            if header.name in known:
                raise LibraryError(f"function {header.name} is declared twice")
            known[header.name] = header
    prelude = f'#!lua name={name}\nlocal PREFIX = "{name}_"\nlocal R = {{}}\n{keys.lua()}'
    return Library(name, prelude + body + "\n", known)
