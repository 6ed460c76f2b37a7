"""The loader: includes, cycles, headers, and headers held against the sources and the doors."""

import ast
import re
from pathlib import Path

import pytest

from ground import functions, keys
from ground.errors import Refusal
from ground.functions import LibraryError, headers, library, resolve, sources
from ground.store import Store

HOUSE = Path(__file__).resolve().parents[2]
DOORS = [
    "presence/presence.py",
    "queueing/line.py",
    "queueing/media.py",
    "sessions/conversation.py",
    "sessions/media/workers.py",
    "ground/journal.py",
    "ground/leadership.py",
    "identity/sign_outs.py",
    "directory/news.py",
    "billing/news.py",
    "server/erasing.py",
]


def test_includes_come_first_and_once() -> None:
    files = {"a/x": "-- include: a/y\n-- include: a/z", "a/y": "-- include: a/z", "a/z": ""}
    assert resolve(files) == ["a/z", "a/y", "a/x"]


def test_a_cycle_is_refused_with_its_path() -> None:
    with pytest.raises(LibraryError, match="a/x -> a/y -> a/x"):
        resolve({"a/x": "-- include: a/y", "a/y": "-- include: a/x"})


def test_a_missing_include_is_refused() -> None:
    with pytest.raises(LibraryError, match="missing include: a/q"):
        resolve({"a/x": "-- include: a/q"})


def test_a_header_line_without_a_function_is_refused() -> None:
    with pytest.raises(LibraryError):
        headers("-- ARGS a b\n")


def test_every_registered_function_has_a_header_and_the_other_way_round() -> None:
    registered = {name for text in sources().values() for name in re.findall(r'^R\.command\("(\w+)"', text, re.M)}
    assert registered == set(library().headers)


def test_headers_tell_every_refusal_of_their_file() -> None:
    told = {code for header in library().headers.values() for code in header.refuses}
    used = {code for text in sources().values() for code in re.findall(r'R\.refuse\("(\w+)"', text)}
    assert used <= told, f"refused but in no header: {used - told}"
    indirect = set(re.findall(r'"((?:expert|line)_\w+)"', "\n".join(sources().values())))
    assert told <= used | indirect, f"in a header but never refused: {told - used - indirect}"


def calls(path: Path) -> dict[str, frozenset[str]]:
    """What a door passes to which function: every `call("name", pool, {...})` with literal keys."""
    found: dict[str, frozenset[str]] = {}
    for method in ast.walk(ast.parse(path.read_text())):
        if not isinstance(method, ast.AsyncFunctionDef):
            continue
        named = {
            node.targets[0].id: node.value
            for node in ast.walk(method)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Dict)
        }
        for node in ast.walk(method):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("call", "_call"):
                args = node.args[2] if len(node.args) > 2 else ast.Dict([], [])
                args = named.get(args.id, args) if isinstance(args, ast.Name) else args
                assert isinstance(node.args[0], ast.Constant) and isinstance(args, ast.Dict)
                found[str(node.args[0].value)] = frozenset(
                    str(k.value) for k in args.keys if isinstance(k, ast.Constant)
                )
    return found


def test_doors_and_headers_agree() -> None:
    used = {name: args for door in DOORS for name, args in calls(HOUSE / door).items()}
    assert used == {name: header.args for name, header in library().headers.items()}


async def test_other_arguments_than_the_header_are_refused(store: Store, pool: str) -> None:
    with pytest.raises(TypeError, match="join takes"):
        await store.call("join", pool, {"user": "u1"})


async def test_two_releases_serve_side_by_side(store: Store, pool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version's library is loaded beside ours; both answer."""
    older = functions.Library(
        name="openline_older",
        source=library().source.replace(library().name, "openline_older"),
        headers=library().headers,
    )
    monkeypatch.setattr("ground.store.library", lambda: older)
    other = await Store.open(store.url)
    assert (await other.call("tail", pool))["epoch"] == (await store.call("tail", pool))["epoch"]
    await other.close()


async def test_a_deadline_of_a_newer_release_is_left_to_it(store: Store, pool: str) -> None:
    node, key = store.nodes.node(pool), keys.key(pool, "deadlines")
    await node.execute_command("ZADD", key, 5, "unheard:ada")
    assert (await store.call("enrol", pool, {"experts": ["ada"]}, now=1_000))["added"] == 1
    assert float(await node.execute_command("ZSCORE", key, "unheard:ada")) > 1_000


async def test_lost_functions_are_loaded_again(store: Store, pool: str) -> None:
    await store.nodes.node(pool).execute_command("FUNCTION", "FLUSH")
    assert (await store.call("enrol", pool, {"experts": ["ada"]}))["added"] == 1


async def test_hostile_text_never_reaches_an_error_line(store: Store, pool: str) -> None:
    """CRLF in every argument comes back as data (CVE-2025-67733: reply injection through Lua errors)."""
    evil = "x\r\n+OK\r\n$3\r\nabc\r\n"
    with pytest.raises(Refusal) as refusal:
        await store.call("declare", pool, {"expert": evil, "status": evil, "reason": evil, "by": evil})
    assert (refusal.value.code, refusal.value.detail) == ("unknown_expert", evil)
    await store.ping()
