"""Builds the C parts on the spot and speaks to them."""

import hashlib
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from loadtest.process import CLIENT_CORE, SERVER_CORE, BenchError, LineProcess

SOURCES = Path(__file__).parent / "c"
CLIENT = ("client.c", "receive.c", "steps.c", "actions.c", "msgpack.c", "commands.c")
FLOOR = ("floor.c",)


def cache_folder() -> Path:
    """Where built binaries and peers are kept between runs."""
    folder = Path.home() / ".cache" / "openline-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build(name: str, sources: Sequence[str]) -> Path:
    """Compile `sources` with cc -O2 unless the same text was built before. Raises BenchError without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise BenchError("no C compiler (cc) on the PATH: the floor and the client are built on the spot")
    texts = b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()))
    target = cache_folder() / f"{name}-{hashlib.sha256(texts).hexdigest()[:16]}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            fresh = Path(folder) / name
            command = [compiler, "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", str(fresh)]
            subprocess.run([*command, *(str(SOURCES / source) for source in sources)], check=True)
            fresh.rename(target)
    return target


class Floor(LineProcess):
    """The bare send(2) loop; answers "sent" to "go"."""

    def __init__(self, watchers: int, size: int) -> None:
        super().__init__([build("floor", FLOOR), str(watchers), str(size)], core=SERVER_CORE)
        self.port = self.port_said()


class Done(NamedTuple):
    """One request of a plan, in ns of CLOCK_MONOTONIC; `answered` is 0 and `tag` "none" when no answer came."""

    sent: int
    answered: int
    seq: int
    tag: str


class Planned(NamedTuple):
    """A request of a plan: `at_ns` after the start, or 0: once this connection's request before is answered."""

    connection: int
    at_ns: int
    frame: bytes


class Client(LineProcess):
    """Many WebSockets in one lean C process. `arguments` are those of c/client.c."""

    def __init__(
        self, port: int, connections: int, *arguments: str, hellos: Iterable[bytes] = (), within_s: float = 150.0
    ) -> None:
        self.connections = connections
        self._folder = tempfile.TemporaryDirectory(prefix="openline-bench-")
        hello = self._file("hello")
        hello.write_bytes(b"".join(struct.pack("<I", len(frame)) + frame for frame in hellos))
        fixed = ["--port", str(port), "-n", str(connections)]
        if hello.stat().st_size:
            fixed += ["--hello", str(hello)]
        super().__init__([build("client", CLIENT), *fixed, *arguments], core=CLIENT_CORE)
        self._within_s = within_s

    def opened(self) -> "Client":
        """Wait until every connection is set up. Raises BenchError when one is refused or lost."""
        self.answer(within_s=self._within_s)
        return self

    def _file(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def settle(self, ms: int, at_most_ms: int = 10_000) -> tuple[int, int]:
        """Wait for `ms` of silence; returns frames and bytes received since the start."""
        words = self.ask(f"settle {ms} {at_most_ms}")
        if int(words[3]):
            raise BenchError(f"{words[3]} connections were lost")
        return int(words[1]), int(words[2])

    def mark(self, base: int) -> None:
        self.ask(f"mark {base}")

    def wait(self, step: int, ms: int = 20_000) -> int:
        """When the last connection reached `step` (ns). Raises BenchError when not all did."""
        words = self.ask(f"wait {step} {ms}", within_s=ms / 1000 + 10)
        if words[0] != "reached":
            why = " ".join(words[3:])
            raise BenchError(f"step {step} reached only {words[2]} of {self.connections} connections {why}")
        return int(words[3])

    def times(self) -> dict[int, tuple[int, int, int]]:
        """For each step: how many connections reached it, and when the first and the last did (ns)."""
        path = self._file("times")
        self.ask(f"times {path}")
        rows = (tuple(map(int, line.split())) for line in path.read_text().splitlines())
        return {step: (count, first, last) for step, count, first, last in rows}

    def run(self, plan: Sequence[Planned], *, within_s: float = 120.0) -> list[Done]:
        """Carry out a plan; one `Done` for each request, in order."""
        path = self._file("plan")
        path.write_bytes(b"".join(struct.pack("<IQI", p.connection, p.at_ns, len(p.frame)) + p.frame for p in plan))
        self.ask(f"run {path}", within_s=within_s)
        words = (line.split() for line in Path(f"{path}.out").read_text().splitlines())
        return [Done(int(sent), int(answered), int(seq), tag) for sent, answered, seq, tag in words]

    def dump(self) -> tuple[list[bytes], dict[tuple[int, ...], int]]:
        """Every distinct frame, and how many connections got which sequence of them (by index). Needs --record."""
        path = self._file("dump")
        self.ask(f"dump {path}", within_s=120)
        return read_dump(path.read_bytes())

    def __exit__(self, *error: object) -> None:
        super().__exit__(None, None, None)
        self._folder.cleanup()


def read_dump(data: bytes) -> tuple[list[bytes], dict[tuple[int, ...], int]]:
    """The format is that of `dump_records` in c/steps.c."""
    at = 0

    def number() -> int:
        nonlocal at
        at += 4
        return int(struct.unpack_from("<I", data, at - 4)[0])

    frames = []
    for _ in range(number()):
        size = number()
        frames.append(data[at : at + size])
        at += size
    stories: list[tuple[int, ...]] = []
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(number()):
        like = number()
        stories.append(stories[like] if like != 0xFFFFFFFF else tuple(number() for _ in range(number())))
        counts[stories[-1]] = counts.get(stories[-1], 0) + 1
    return frames, counts
