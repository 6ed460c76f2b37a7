"""Ports for the servers that tests start.

They lie below those that the kernel gives to whoever asks for any, and each process of pytest has some of its own: what
was free a moment ago still is when the server takes it.
"""

import itertools
import os
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_FIRST: Final = 12_000
_EACH: Final = 5_000
_NUMBER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_TURNS: Final = itertools.count(os.getpid() * 16)


def free_port(beside: int = 0) -> int:
    """A port of the loopback that is free for UDP and TCP, and the `beside` that follow it, too. Even, as RTP wants it.

    A port comes again only after thousands of others.
    """
    while True:
        port = _FIRST + _NUMBER * _EACH + next(_TURNS) * 2 % _EACH
        if all(is_free(port + more) for more in range(beside + 1)):
            for _ in range(beside // 2):
                next(_TURNS)
            return port


def is_free(port: int) -> bool:
    """Whether nobody has the port now."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
