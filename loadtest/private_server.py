"""A server of the bench's own: temporary folder, embedded store, a pool of made-up experts, a free loopback port."""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from loadtest.caller import Caller, kept_alive, new_op
from loadtest.native import Client
from loadtest.process import SERVER_CORE, BenchError, cpu_ns, end, on_core, rss_bytes, unpin
from wire.codec import MSGPACK
from wire.messages import Declare, Hello, Ok, Watch

POOL = "bench"
ROOT = Path(__file__).resolve().parent.parent
START_S = 40.0
FSYNC = "OPENLINE_STORE_FSYNC"
"""The one setting of the caller's that counts: so what the disk costs can be measured."""
STORE_NAMES = ("valkey-server", "redis-server")
MEDIA_PROCESS = "server.media_process"
# The addresses that watchers come from, as they would from many households.
SOURCES = 200


class PrivateServer:
    """`openline serve` as a child, with `experts` experts named e0, e1, ... or those of the CSV `files`. Ends with all
    its children.

    With `media` it has a media worker that takes so many sessions, on loopback; the experts speak, and all of it is
    bridged.
    """

    def __init__(self, experts: int, files: Sequence[str] = (), *, media: int = 0) -> None:
        raise_file_limit()
        self.experts = [f"e{i}" for i in range(experts)]
        self._media = media
        self._folder = tempfile.TemporaryDirectory(prefix="openline-bench-")
        self.state = Path(self._folder.name) / "s"
        self.port = _free_port()
        self._log = Path(self._folder.name) / "log"
        self._child: subprocess.Popen[bytes] | None = None
        try:
            self._make_pool(files)
            self._child = self._start()
            self._wait_until_ready()
            for pid in self.store_pids:
                unpin(pid)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _make_pool(self, files: Sequence[str]) -> None:
        mode = "audio" if self._media else "chat"
        rows = "".join(f"{expert},Expert {expert},,,,en,{mode},UTC,,\n" for expert in self.experts)
        head = "id,name,headline,biography,categories,languages,modes,timezone,hours,started_on\n"
        file = Path(self._folder.name) / "experts.csv"
        self._cli("server.cli", "pool", "create", POOL)
        for text in files or (head + rows,):
            file.write_text(text)
            self._cli("server.cli", "pool", "import", str(file), "--pool", POOL)
        if self._media:
            self._cli("server.cli", "pool", "set", POOL, "--bridge-audio")

    def _command(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-c", f"from {module} import main; main()", *arguments, "--state", str(self.state)]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name == FSYNC or not name.startswith("OPENLINE_")}
        media = {"OPENLINE_MEDIA": "1" if self._media else "0", "OPENLINE_MEDIA_HOSTS": "127.0.0.1"}
        if self._media:
            media["OPENLINE_MEDIA_SESSIONS"] = str(self._media)
        return {**kept, **media, "PYTHONPATH": str(ROOT)}

    def _cli(self, module: str, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            self._command(module, *arguments), input=stdin, capture_output=True, text=True, timeout=120, check=False,
            cwd=self._folder.name, env=self._environment(),
        )  # fmt: skip
        if done.returncode:
            raise BenchError(f"{' '.join(arguments[:2])} failed: {done.stderr[-600:]}")
        return done.stdout

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log, on_core(SERVER_CORE):
            return subprocess.Popen(
                self._command("server.cli", "serve", "--port", str(self.port)), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self._folder.name, env=self._environment(),
            )  # fmt: skip

    def _wait_until_ready(self) -> None:
        assert self._child
        until = time.monotonic() + START_S
        while not self._is_ready():
            if self._child.poll() is not None or time.monotonic() > until:
                raise BenchError(f"the server did not start: {self._log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _family(self) -> list[psutil.Process]:
        assert self._child
        parent = psutil.Process(self._child.pid)
        return [parent, *parent.children(recursive=True)]

    @property
    def pids(self) -> list[int]:
        """The server's own processes; the store's is not among them."""
        return [process.pid for process in self._family() if process.name() not in STORE_NAMES]

    @property
    def store_pids(self) -> list[int]:
        return [process.pid for process in self._family() if process.name() in STORE_NAMES]

    @property
    def media_pid(self) -> int:
        """The media worker's process. Raises BenchError when there is none."""
        for process in self._family():
            if MEDIA_PROCESS in " ".join(process.cmdline()):
                return int(process.pid)
        raise BenchError("the server has no media worker")

    @property
    def store_url(self) -> str:
        return f"unix://{next(self.state.rglob('*.sock'))}"

    def cpu_ns(self) -> int:
        return cpu_ns(self.pids)

    def store_cpu_ns(self) -> int:
        return cpu_ns(self.store_pids)

    def rss_bytes(self) -> int:
        return sum(rss_bytes(pid) for pid in self.pids)

    def tokens(self, role: str, members: Sequence[str]) -> list[str]:
        """A fresh token for each member."""
        lines = "".join(f"{role} {member}\n" for member in members)
        return self._cli("server.direct", "tokens", "--pool", POOL, stdin=lines).split()

    def link(self, role: str, member: str) -> str:
        """A sign-in link that works once."""
        return self._cli("server.cli", "link", "--pool", POOL, f"--{role}", member).strip()

    def straight(self, calls: int, pause_ms: float) -> dict[str, Any]:
        """The commands straight on the store, `pause_ms` apart (`server/direct.py`). The first two experts must be
        away."""
        arguments = ("store", "--pool", POOL, "--calls", str(calls), "--pause-ms", str(pause_ms), *self.experts[:2])
        result: dict[str, Any] = json.loads(self._cli("server.direct", *arguments))
        return result

    def caller(self, token: str = "", source: str = "127.0.0.1") -> Caller:
        return Caller(self.port, POOL, token, source)

    @contextmanager
    def staff(self, status: str) -> Iterator[list[Caller]]:
        """Every expert connected and declared `status`."""
        tokens = self.tokens("expert", self.experts)
        self._wait_until_enrolled(tokens[-1])
        with ExitStack() as stack:
            callers = [stack.enter_context(self.caller(token)) for token in tokens]
            for caller in callers:
                caller.ask(Declare(id=0, op=new_op(), status=status), Ok)  # type: ignore[arg-type]
            with kept_alive(callers):
                yield callers

    def _wait_until_enrolled(self, token: str) -> None:
        """The server reads the directory after it has begun to serve."""
        until = time.monotonic() + START_S
        while True:
            try:
                return self.caller(token).close()
            except BenchError as error:
                if "unknown_expert" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def watchers(self, count: int, *arguments: str) -> Client:
        """`count` guests who watch the whole pool, ready when this returns."""
        hello = MSGPACK.encode(Hello(id=1, pool=POOL))
        watch = MSGPACK.encode(Watch(id=2, all=True))
        return self._client(count, (hello, watch), *arguments)

    def members(self, tokens: Iterable[str]) -> Client:
        """A connection for each token, signed in."""
        hellos = [MSGPACK.encode(Hello(id=1, pool=POOL, token=token)) for token in tokens]
        return self._client(len(hellos), hellos, "--each")

    def _client(self, count: int, hellos: Iterable[bytes], *arguments: str) -> Client:
        fixed = ("--path", "/v1/ws", "--proto", MSGPACK.subprotocol, "--count", "seq", "--spread", str(SOURCES))
        return Client(self.port, count, *fixed, *arguments, hellos=hellos)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            end(self._child, grace_s=20.0)
        self._folder.cleanup()


def raise_file_limit() -> None:
    """As many open files as the machine allows, for this process and the children it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
