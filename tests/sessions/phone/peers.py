"""Real telephones on loopback: Debian's baresip, handled over its control socket, and sipp, which follows a script."""

import asyncio
import contextlib
import json
import os
import signal
import time
import wave
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ports import LOOPBACK, free_port, is_free

SCENARIOS = Path(__file__).parent / "scenarios"
START_S = 10.0


async def until(true, seconds: float = 5.0):
    """What `true()` returns as soon as it is true. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
    return found


class Process:
    """A program of somebody else's, ended with the test."""

    def __init__(self, folder: Path, words: Iterable[str]) -> None:
        self._folder = folder
        self._words = list(words)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._words, cwd=self._folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    def kill(self) -> None:
        """At once, with no good-bye to anybody."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        if self._process and not self.ended:
            self.kill()
            await self._process.wait()

    async def wait(self, seconds: float = 5.0) -> int:
        return await asyncio.wait_for(self._process.wait(), seconds)

    def log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")


class Phone(Process):
    """Debian's baresip: it plays a tone of `hz`, keeps what it hears, and answers by itself if `answers`."""

    def __init__(
        self, folder: Path, *, user: str = "100", hz: int = 440, answers: bool = True, more: str = "", account: str = ""
    ) -> None:
        super().__init__(folder, ("baresip", "-f", str(folder)))
        self.user = user
        self.port, self._control_port = free_port(1), free_port()
        self._hz = hz
        self._mode = "auto" if answers else "manual"
        self._more = more
        self._account = account
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self.events: list[tuple[float, str, str]] = []

    async def start(self) -> None:
        self._folder.mkdir(parents=True)
        (self._folder / "config").write_text(self._config())
        address = f"<sip:{self.user}@{LOOPBACK}:{self.port}>"
        (self._folder / "accounts").write_text(f"{address};regint=0;answermode={self._mode}{self._account}\n")
        (self._folder / "contacts").touch()
        await super().start()
        reader = await self._connect()
        self._reading = asyncio.create_task(self._read(reader))

    def _config(self) -> str:
        modules = ("g711", "ausine", "aubridge", "sndfile", *(("srtp",) if "mediaenc" in self._account else ()))
        return (
            f"net_interface {LOOPBACK}\nsip_listen {LOOPBACK}:{self.port}\nmodule_path {_modules()}\n"
            + "".join(f"module {name}.so\n" for name in modules)
            + "module_tmp account.so\nmodule_app ctrl_tcp.so\nmodule_app menu.so\n"
            + f"ctrl_tcp_listen {LOOPBACK}:{self._control_port}\n"
            + f"audio_source ausine,{self._hz}\naudio_player aubridge,void\nausrc_channels 2\nausrc_srate 48000\n"
            + f"snd_path {self._folder}\ncall_max_calls 100\ncall_hold_other_calls no\n{self._more}"
        )

    async def _connect(self) -> asyncio.StreamReader:
        deadline = time.monotonic() + START_S
        while True:
            try:
                reader, self._writer = await asyncio.open_connection(LOOPBACK, self._control_port)
                return reader
            except OSError:
                assert time.monotonic() < deadline and not self.ended, self.log()
                await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Its events, as netstrings of JSON."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                said = json.loads((await reader.readexactly(size + 1))[:-1])
                if said.get("event"):
                    self.events.append((time.monotonic(), said["type"], str(said.get("param", ""))))

    async def do(self, command: str, params: str = "") -> None:
        """A command of its menu: accept, hangup, ..."""
        data = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(str(len(data)).encode() + b":" + data + b",")
        await self._writer.drain()

    def at(self, kind: str) -> float:
        """When an event of this kind last came, 0.0 when none did."""
        return max((at for at, what, _ in self.events if what == kind), default=0.0)

    async def sees(self, kind: str, seconds: float = 5.0) -> float:
        """When it did; waits for it."""
        at: float = await until(lambda: self.at(kind), seconds)
        return at

    def heard(self) -> bytes:
        """What came out of its loudspeaker in the last call, 8,000 samples a second."""
        newest = max(self._folder.glob("*-dec.wav"), key=lambda path: path.stat().st_mtime)
        with wave.open(str(newest)) as sound:
            pcm: bytes = sound.readframes(sound.getnframes())
            return pcm

    async def stop(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        await super().stop()


def _modules() -> Path:
    """Where the package keeps its modules: it differs by architecture."""
    places = ("/usr/lib/baresip/modules", *(str(found) for found in Path("/usr/lib").glob("*/baresip/modules")))
    return next(Path(place) for place in places if Path(place).is_dir())


class Script(Process):
    """sipp with one of the scenarios beside this file, for `calls` calls; RTP that comes is echoed.

    `values` stand in place of their names between two @ in the scenario.
    """

    def __init__(
        self, folder: Path, scenario: str, *, calls: int = 1, transport: str = "u1", port: int = 0, **values: str
    ) -> None:
        self.user = "100"
        self.port, media = port or free_port(), free_port(3)
        words = [
            "sipp", "-sf", str(folder / "scenario.xml"), "-i", LOOPBACK, "-p", str(self.port), "-mi", LOOPBACK,
            "-mp", str(media), "-rtp_echo", "-m", str(calls), "-nostdin", "-trace_msg",
            "-message_file", str(folder / "messages"), "-recv_timeout", "20000", "-t", transport,
        ]  # fmt: skip
        super().__init__(folder, words)
        self._text = (SCENARIOS / f"{scenario}.xml").read_text("utf-8")
        for name, value in values.items():
            self._text = self._text.replace(f"@{name}@", value)

    async def start(self) -> None:
        self._folder.mkdir(parents=True)
        (self._folder / "scenario.xml").write_text(self._text)
        await super().start()
        await until(lambda: self.ended or not is_free(self.port), START_S)
        assert not self.ended, self.log()

    def messages(self) -> str:
        """All that was said, as sipp keeps it."""
        return (self._folder / "messages").read_text("utf-8", "replace")

    def has_said(self, words: str) -> bool:
        """Whether either end has, by now."""
        return (self._folder / "messages").exists() and words in self.messages()

    async def done(self, seconds: float = 5.0) -> None:
        """The scenario has run as written."""
        assert await self.wait(seconds) == 0, self.messages()[-3000:]


Peer = Phone | Script


@asynccontextmanager
async def on(*peers: Peer) -> AsyncIterator[None]:
    """The peers are up within."""
    try:
        for peer in peers:
            await peer.start()
        yield
    finally:
        for peer in peers:
            await peer.stop()
