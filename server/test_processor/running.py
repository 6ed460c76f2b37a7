"""The test processor as a process: `openline test-processor`, and the child that `openline demo` starts."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import uvicorn

from server.test_processor.app import create_app
from server.test_processor.settings import Settings, check_not_live

STOP_S: Final = 5.0
KEYS_FILE: Final = "test_processor.keys"
STATE_FILE: Final = "test_processor.db"


class Keys(msgspec.Struct, frozen=True):
    """What the server and its test processor share: the key of calls, the secret of webhooks."""

    key: str
    secret: str


def keys_of(folder: Path) -> Keys:
    """The keys kept in `folder`, made on first use: what was paid before a restart can be refunded after it."""
    path = folder / KEYS_FILE
    if not path.exists():
        fresh = Keys(f"sk_test_{secrets.token_hex(16)}", f"whsec_{secrets.token_hex(16)}")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(fresh))
    return msgspec.json.decode(path.read_bytes(), type=Keys)


def serve(settings: Settings, listener: socket.socket) -> None:
    """Answer on `listener` until SIGINT or SIGTERM."""
    asyncio.run(_server(settings).serve([listener]))


def _server(settings: Settings) -> uvicorn.Server:
    return uvicorn.Server(settings_of(settings))


def settings_of(settings: Settings) -> uvicorn.Config:
    """How uvicorn runs it."""
    return uvicorn.Config(
        create_app(settings), loop="asyncio", ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=2,
    )  # fmt: skip


@contextmanager
def child(settings: Settings, host: str = "127.0.0.1") -> Iterator[str]:
    """A process of its own for the block, so that not even test cards come near the server. Yields its address.

    It ends when the block does, and when we die, however that happens: its end of the pipe closes. Raises LiveKeys.
    """
    check_not_live(os.environ, settings.key)
    with socket.create_server((host, 0)) as listener:
        command = [sys.executable, "-P", "-m", "server.test_processor.running", str(listener.fileno())]
        packed = msgspec.msgpack.encode(settings)
        with subprocess.Popen(  # noqa: S603 - the arguments are ours
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,  # Ctrl-C is for the parent, which ends the child by closing the pipe
        ) as process:
            assert process.stdin is not None
            process.stdin.write(len(packed).to_bytes(4) + packed)
            process.stdin.flush()
            try:
                yield f"http://{host}:{listener.getsockname()[1]}"
            finally:
                with suppress(BrokenPipeError):
                    process.stdin.close()
                _ended(process)


def _ended(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _as_child(descriptor: int) -> None:
    """The child's side: settings come through the pipe, since other users of the machine can read arguments."""
    size = int.from_bytes(sys.stdin.buffer.read(4))
    settings = msgspec.msgpack.decode(sys.stdin.buffer.read(size), type=Settings)
    server = _server(settings)

    def watch() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=watch, name="parent", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as listener:
        asyncio.run(server.serve([listener]))


if __name__ == "__main__":
    _as_child(int(sys.argv[1]))
