"""Writes the tapes anew, from a real Asterisk and real telephones:

    OPENLINE_TEST_ASTERISK=http://openline:SECRET@127.0.0.1:18088/ari python -m tests.sessions.phone.asterisk_record

What tells of the machine is taken out: addresses' ports, Asterisk's own id (a network card's), the secret was never in.
"""

import asyncio
import base64
import json
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sessions.phone.asterisk.engine import AsteriskEngine
from tests.sessions.phone.asterisk_between import Between
from tests.sessions.phone.asterisk_given import settings
from tests.sessions.phone.asterisk_tape import PEER, TAPES
from tests.sessions.phone.peers import Peer, Phone, Script, on, until
from tests.sessions.phone.suite import UnderTest, Watched, ring
from tests.sessions.phone.test_asterisk import number

SOUND = 60
"""Packets of it that a tape keeps."""
MACHINE = ("asterisk_id", "timestamp", "creationtime", "protocol_id")
Scenario = Callable[[Watched, Any, Between], Awaitable[None]]


async def talk(watched: Watched, phone: Phone, _: Between) -> None:
    """Both speak, two keys are pressed, we hang up."""
    await watched.reaches("answered")
    await until(lambda: len(watched.frames) > SOUND)
    keys = watched.call.digits()
    for key in "4#":
        await phone.do("sndcode", key)
        await anext(keys)
    await watched.call.hang_up()


async def hung_up(watched: Watched, phone: Phone, _: Between) -> None:
    await watched.reaches("answered")
    await until(lambda: watched.frames)
    await phone.do("hangup")


async def gone(watched: Watched, phone: Phone, _: Between) -> None:
    await watched.reaches("answered")
    await until(lambda: watched.frames)
    phone.kill()


async def cut(watched: Watched, phone: Phone, between: Between) -> None:
    """The event socket is lost; the phone hangs up before it is there again."""
    await watched.reaches("answered")
    await until(lambda: watched.frames)
    await between.cut()
    await phone.do("hangup")
    await phone.sees("CALL_CLOSED")
    between.is_down = False


async def early(watched: Watched, _: Script, between: Between) -> None:
    """It plays something before it answers, and then nothing; we hang up when its bridge stands."""
    await watched.reaches("answered")
    await until(lambda: any("addChannel" in entry.get("ask", "") and "status" in entry for entry in between.tape))
    await asyncio.sleep(0.2)  # the answer has reached the engine
    await watched.call.hang_up()


async def nothing(*_: Any) -> None:
    """The phone says how it ends."""


async def record(name: str, peer: Peer, scenario: Scenario, ring_s: float = 10) -> None:
    async with Between(settings().url).listens() as between, on(peer):
        engine = await AsteriskEngine.open(settings(between.url), instance="tape")
        await until(engine.free_lines)
        sound: list[bytes] = []
        if name == "talk":
            take = engine._media.datagram_received

            def taped(data: bytes, addr: tuple[Any, ...]) -> None:
                sound.append(data)
                take(data, addr)

            setattr(engine._media, "datagram_received", taped)  # noqa: B010 - a method may not be assigned
        watched = await ring(UnderTest(engine, number), peer, ring_s=ring_s)
        await scenario(watched, peer, between)
        await watched.ends(8)
        await until(
            lambda: between.tape[-1].get("ask", "").startswith("DELETE /bridges") or "event" in between.tape[-1]
        )
        await asyncio.sleep(0.2)
        said = list(between.tape)
        await engine.close()
    print(name, watched.states, watched.last)
    write(name, said, sound[:SOUND], [watched.call.id])


def write(name: str, said: list[dict[str, Any]], sound: list[bytes], calls: list[str]) -> None:
    text = json.dumps([without(entry, MACHINE) for entry in said])
    for count, call in enumerate(calls, 1):
        text = text.replace(call, f"openline.tape.@{count}")
    text = re.sub(r'"UNICASTRTP_LOCAL_PORT": "\d+"', '"UNICASTRTP_LOCAL_PORT": "@port"', PEER.sub("127.0.0.1:@", text))
    tape = {"said": json.loads(text), "sound": [base64.b64encode(packet).decode() for packet in sound]}
    TAPES.mkdir(exist_ok=True)
    (TAPES / f"{name}.json").write_text(json.dumps(tape, indent=1) + "\n", "utf-8")


def without(entry: Any, names: tuple[str, ...]) -> Any:
    if isinstance(entry, dict):
        return {name: without(value, names) for name, value in entry.items() if name not in names}
    return [without(value, names) for value in entry] if isinstance(entry, list) else entry


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        await record("talk", Phone(folder / "1", hz=440), talk)
        await record("hung_up", Phone(folder / "2"), hung_up)
        await record("gone", Phone(folder / "3"), gone)
        await record("cut", Phone(folder / "4"), cut)
        await record("busy", Script(folder / "5", "refuse", code="486"), nothing)
        await record("declined", Script(folder / "6", "refuse", code="603"), nothing)
        await record("unknown", Script(folder / "7", "refuse", code="404"), nothing)
        await record("no_answer", Script(folder / "8", "ring"), nothing, ring_s=1)
        await record("early", Script(folder / "9", "early"), early)


if __name__ == "__main__":
    asyncio.run(main())
