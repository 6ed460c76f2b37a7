"""A real coturn by the file that we ship, on this machine's loopback, and a client that asks it for everything."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aioice import stun, turn

from tests.ports import free_port

SECRET = "a-secret-for-tests-of-thirty-two-characters"
CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "coturn" / "turnserver.conf"
START_S = 20.0
WITHOUT = ("listening-port", "tls-listening-port", "min-port", "max-port", "cert", "pkey", "static-auth-secret")
"""What a machine decides for itself."""


class Coturn(NamedTuple):
    host: str
    port: int
    tls_port: int
    log: Path

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"turn:{host}:{self.port}?transport=udp"


@contextlib.contextmanager
def coturn(
    folder: Path, *more: str, host: str = "127.0.0.1", secrets: tuple[str, ...] = (SECRET,), without: str = ""
) -> Iterator[Coturn]:
    """Run one with the shipped configuration, `more` lines instead of those of the same name and of `without`."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed (apt-get install coturn)")
    there = Coturn(host, free_port(), free_port(), folder / "log")
    config = folder / "turnserver.conf"
    config.write_text("\n".join([*_shipped(more, without), *_own(there, folder, secrets), *more]) + "\n")
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen([program, "-c", str(config)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _await_start(process, there, folder)
        yield there
    finally:
        process.kill()
        process.wait(10)


def _shipped(more: tuple[str, ...], without: str) -> list[str]:
    replaced = {line.split("=")[0] for line in more if not line.startswith("allowed-peer-ip")} | set(WITHOUT)
    lines = CONFIG.read_text().splitlines()
    return [line for line in lines if line.split("=")[0] not in replaced and line.split("=")[0] != without]


def _own(there: Coturn, folder: Path, secrets: tuple[str, ...]) -> list[str]:
    certificate(folder)
    return [
        f"listening-ip={there.host}", f"relay-ip={there.host}", f"listening-port={there.port}",
        f"tls-listening-port={there.tls_port}", f"cert={folder}/turn.pem", f"pkey={folder}/turn.key",
        f"userdb={folder}/turndb", f"pidfile={folder}/pid", "relay-threads=1",
        *(f"static-auth-secret={secret}" for secret in secrets),
    ]  # fmt: skip


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "turn.key"), "-out", str(folder / "turn.pem")],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip


def _await_start(process: "subprocess.Popen[bytes]", there: Coturn, folder: Path) -> None:
    """It listens as soon as it answers a STUN binding request."""
    deadline = time.monotonic() + START_S
    family = socket.AF_INET6 if ":" in there.host else socket.AF_INET
    asked = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        probe.connect((there.host, there.port))
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                probe.send(asked)
                probe.recv(1500)
                return
    raise AssertionError("coturn did not start: " + (folder / "out").read_text("utf-8", "replace")[-2000:])


class Refused(Exception):
    """The server's error code, as text."""


class Client:
    """One client and its allocation."""

    def __init__(self, there: Any, transport: Any) -> None:
        self._there = there
        self._transport = transport

    @property
    def relayed(self) -> tuple[str, int]:
        assert self._there.relayed_address is not None
        address: tuple[str, int] = self._there.relayed_address
        return address

    async def ask(self, method: stun.Method, **attributes: Any) -> stun.Message:
        """Raises Refused with the code."""
        request = stun.Message(method, stun.Class.REQUEST)
        request.attributes |= {name.replace("_", "-"): value for name, value in attributes.items()}
        with refusals():
            answer: tuple[stun.Message, Any] = await asyncio.wait_for(self._there.request_with_retry(request), 10)
        return answer[0]

    async def permit(self, host: str) -> str:
        """ "" or the code with which a permission for that address is refused."""
        return await self._code(stun.Method.CREATE_PERMISSION, XOR_PEER_ADDRESS=(host, 9))

    async def bind(self, host: str, channel: int = 0x4000) -> str:
        """ "" or the code with which a channel to that address is refused."""
        return await self._code(stun.Method.CHANNEL_BIND, CHANNEL_NUMBER=channel, XOR_PEER_ADDRESS=(host, 9))

    async def refresh(self, lifetime: int = 600) -> int:
        """The seconds that it lives now. Raises Refused."""
        answer = await self.ask(stun.Method.REFRESH, LIFETIME=lifetime)
        seconds: int = answer.attributes["LIFETIME"]
        return seconds

    async def _code(self, method: stun.Method, **attributes: Any) -> str:
        try:
            await self.ask(method, **attributes)
        except Refused as refused:
            return str(refused)
        return ""


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except stun.TransactionFailed as failed:
        raise Refused(str(failed.response.error_code)) from None


@contextlib.asynccontextmanager
async def allocated(
    there: Coturn, username: str, credential: str, *, tls: bool = False, tcp: bool = False
) -> AsyncIterator[Client]:
    """An allocation until the end of the block. Raises Refused when there is none."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    arguments = ((there.host, there.port), username, credential, 600, 500)
    transport: Any
    protocol: Any
    if tls or tcp:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        port = there.tls_port if tls else there.port
        transport, protocol = await loop.create_connection(
            lambda: turn.TurnClientTcpProtocol(*arguments), there.host, port, ssl=trust if tls else None
        )
    else:
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: turn.TurnClientUdpProtocol(*arguments), remote_addr=(there.host, there.port)
        )
    protocol.connection_lost = lambda _: gone.set()
    try:
        with refusals():
            await asyncio.wait_for(protocol.connect(), 10)
        yield Client(protocol, transport)
        await asyncio.wait_for(protocol.delete(), 10)
    finally:
        if protocol.refresh_task:
            protocol.refresh_task.cancel()
        transport.close()
        await asyncio.wait_for(gone.wait(), 10)
