"""Running the server: one process, or several under uvicorn's supervisor that share the listening socket."""

import gc
import os
import socket
import sys
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from server import logs
from server.app import create_app
from server.config import Config, handed_down, taken_up
from server.handshake import Handshake
from server.limits import MESSAGE_BYTES
from server.process import raise_file_limit
from server.request_deadline import PromptHttp

# How a worker process learns its settings: from the environment, which other users of the machine can't read.
_HANDED_DOWN: Final = "OPENLINE_WORKER_CONFIG"
GRACE_S: Final = 8
WORKER_STARTS_S: Final = 30
"""A worker that says nothing for so long is replaced; loading its modules takes seconds on a busy machine."""
_log = structlog.get_logger("openline.run")


def run(config: Config) -> int:
    """Serve until SIGINT or SIGTERM, then send everybody away to come again, and return the exit code."""
    logs.set_up()
    if not config.smtp and not config.demo:
        _log.warning("no_mail_server", setting="OPENLINE_SMTP_URL", meaning="mails wait, and operators see what waits")
    raise_file_limit()
    _share_the_interpreter()
    if config.workers == 1:
        return _alone(config)
    os.environ[_HANDED_DOWN] = handed_down(config)
    try:
        settings = settings_of(config, "server.run:worker_app", factory=True)
        listener = settings.bind_socket()
        # asyncio sees to it only for sockets of its own making: a second small write would wait for the first's ack.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.listen(settings.backlog)
        Multiprocess(settings, sockets=[listener]).run()
    finally:
        del os.environ[_HANDED_DOWN]
    return 0


def worker_app() -> Starlette:
    """The application factory of a worker process."""
    logs.set_up()
    _share_the_interpreter()
    return create_app(taken_up(os.environ[_HANDED_DOWN]))


def _share_the_interpreter() -> None:
    """Keep the loop from being held up by its own interpreter.

    The database's thread gives it back after 0.5 ms, not 5: every write to a socket lets go of it, and must not wait so
    long to get it again. And cycles are looked for among young objects; going through everything that thousands of open
    connections hold takes tens of milliseconds, so that is done a thousand times less often than by default.
    """
    sys.setswitchinterval(0.0005)
    gc.set_threshold(10_000, 20, 1_000)


def _alone(config: Config) -> int:
    server = uvicorn.Server(settings_of(config, create_app(config)))
    try:
        server.run()
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else 1


def settings_of(config: Config, app: Starlette | str, *, factory: bool = False) -> uvicorn.Config:
    """How uvicorn is to run us: our own socket and HTTP classes, no compression, no headers believed unread."""
    return uvicorn.Config(
        app,
        factory=factory,
        host=config.host,
        port=config.port,
        workers=config.workers,
        loop="asyncio",  # uvloop gains nothing in fan-out, and buffers where we write straight
        http=PromptHttp,
        ws=Handshake,
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # server/origins.py reads them, from named proxies only
        server_header=False,
        backlog=4096,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=WORKER_STARTS_S,
    )
