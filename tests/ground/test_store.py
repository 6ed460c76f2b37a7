"""Calls of the store: once, in order, and never an answer for somebody else."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from ground.errors import StoreUnavailable
from ground.store import Store
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings


class CuttingProxy:
    """Passes requests on, waits until the store has executed them, and cuts instead of answering, `cuts` times."""

    def __init__(self, target: str, path: Path) -> None:
        self.target, self.path, self.cuts = target.removeprefix("unix://"), path, 0

    async def __aenter__(self) -> "CuttingProxy":
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(self.target)
        cut = asyncio.Event()

        async def answers() -> None:
            while data := await up_reader.read(65536):
                if cut.is_set():
                    break
                writer.write(data)
            writer.close()

        down = asyncio.create_task(answers())
        with contextlib.suppress(OSError, ConnectionError):
            while data := await reader.read(65536):
                if b"FCALL" in data and self.cuts:
                    self.cuts -= 1
                    cut.set()
                up_writer.write(data)
        up_writer.close()
        await down


async def ready(store: Store, pool: str, users: int = 1) -> tuple[Presence, Line]:
    presence, line = Presence(store), Line(store)
    await line.configure(pool, PoolSettings(line_limit=1000))
    await presence.enrol(pool, ["ada"])
    await presence.attach(pool, "p", "expert", "ada")
    await presence.declare(pool, "ada", "away")
    await asyncio.gather(*(presence.attach(pool, "p", "user", f"u{i}") for i in range(users)))
    return presence, line


async def test_a_lost_answer_is_asked_again_and_takes_effect_once(store: Store, pool: str, tmp_path: Path) -> None:
    await ready(store, pool)
    async with CuttingProxy(store.url, tmp_path / "p.sock") as proxy:
        cut = await Store.open(f"unix://{proxy.path}")
        proxy.cuts = 2
        answer = await Line(cut).join(pool, "u0", ["ada"], op="op-00001")
        assert answer["places"][0][:2] == ["ada", 1]
        await cut.close()
    assert (await Line(store).snapshot(pool)).stats["joined"] == 1


async def test_without_an_operation_id_a_lost_answer_is_named_and_not_repeated(
    store: Store, pool: str, tmp_path: Path
) -> None:
    await ready(store, pool)
    async with CuttingProxy(store.url, tmp_path / "p.sock") as proxy:
        cut = await Store.open(f"unix://{proxy.path}")
        proxy.cuts = 1
        with pytest.raises(StoreUnavailable):
            await Line(cut).join(pool, "u0", ["ada"])
        await cut.close()
    assert (await Line(store).snapshot(pool)).stats["joined"] == 1


async def test_cancelled_calls_never_hand_their_answer_to_another(store: Store, pool: str) -> None:
    """A thousand calls, every third cancelled at a random moment of the loop: each gets its own answer or none."""
    await ready(store, pool)

    async def ask(i: int) -> None:
        before = await store.call("lead", f"{pool}-{i}", {"process": f"p{i}", "ttl": i + 1})
        assert before["until"] - before["at"] in range(i - 20, i + 22)

    tasks = [asyncio.create_task(ask(i)) for i in range(1000)]
    for i, task in enumerate(tasks):
        if i % 3 == 0:
            task.cancel()
        if i % 50 == 0:
            await asyncio.sleep(0)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert not [d for d in done if d is not None and not isinstance(d, asyncio.CancelledError)]
    await store.ping()


async def test_fifty_accepts_have_one_winner(store: Store, pool: str) -> None:
    presence, line = await ready(store, pool)
    await line.join(pool, "u0", ["ada"])
    await presence.declare(pool, "ada", "online")
    offer = (await line.snapshot(pool)).offers[0].offer
    answers = await asyncio.gather(
        *(line.accept(pool, offer, "expert", "ada", op=f"accept-{i}") for i in range(50)), return_exceptions=True
    )
    won = [a for a in answers if isinstance(a, dict) and a["session"]]
    assert len(won) == 1
    assert len((await line.snapshot(pool)).sessions) == 1


async def test_a_dead_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await Store.open(f"unix://{tmp_path / 'nobody.sock'}")


async def test_whoever_waits_is_told_whatever_stops_the_writing(
    store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a debugger or a test's own time limit throws is no Exception: it ends one task and not the waiting."""

    class Stopped(BaseException):
        pass

    async def stopped(_node: object, _commands: object) -> None:
        raise Stopped("the limit")

    with monkeypatch.context() as patch:
        patch.setattr("ground.store._execute", stopped)
        async with asyncio.timeout(2):
            with pytest.raises(StoreUnavailable, match="the limit"):
                await Line(store).snapshot(pool)
    await store.ping()


async def test_another_s_lost_connection_costs_no_call(store: Store, pool: str) -> None:
    """Whoever lost a connection has the idle ones closed; a call that has just taken one of them goes on."""
    node: Any = store.nodes.node(pool)
    await asyncio.gather(*(node.ping() for _ in range(20)))
    over = False

    async def calls() -> None:
        while not over:
            await node.ping()

    async def refreshes() -> None:
        for _ in range(300):
            await store.nodes.refresh()
            await asyncio.sleep(0)

    asked = [asyncio.create_task(calls()) for _ in range(10)]
    await refreshes()
    over = True
    await asyncio.gather(*asked)
