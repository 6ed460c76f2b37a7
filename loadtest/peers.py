"""The peers of the benches, each in its own process, all driven and measured alike."""

import shutil
import subprocess
import sys
from pathlib import Path

from loadtest.figures import progress
from loadtest.native import build, cache_folder
from loadtest.process import SERVER_CORE, BenchError, LineProcess

SOURCES = Path(__file__).parent / "peers"
SOCKET_IO = ("--path", "/socket.io/?EIO=4&transport=websocket", "--greet", "--text")
SOCKET_IO_HELLO = b"40"


class Peer(LineProcess):
    """A peer that broadcasts on "go". `client` are the arguments its clients need, `hellos` their setup frames."""

    def __init__(
        self, command: list[str | Path], cwd: Path, client: tuple[str, ...] = (), hellos: tuple[bytes, ...] = ()
    ) -> None:
        super().__init__(command, cwd=cwd, core=SERVER_CORE)
        self.client = client
        self.hellos = hellos
        self.port = self.port_said()


def node_folder() -> Path:
    """The folder with the npm peers, installed when package.json has changed. Raises BenchError without Node."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise BenchError("the peers on Node need node and npm on the PATH")
    folder = cache_folder() / "node"
    wanted = (SOURCES / "package.json").read_text()
    done = folder / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        progress("installing the npm peers ...")
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text(wanted)
        _install(["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        done.write_text(wanted)
    for source in SOURCES.glob("*.js"):
        shutil.copy(source, folder)
    return folder


def channels_python() -> Path:
    """The interpreter of a virtual environment with Django Channels, made when requirements.txt has changed."""
    folder = cache_folder() / "channels-venv"
    wanted = (SOURCES / "requirements.txt").read_text()
    done = folder / "installed.txt"
    if not done.exists() or done.read_text() != wanted:
        progress("installing Django Channels ...")
        _install(["python3", "-m", "venv", "--clear", str(folder)], cache_folder())
        pip = [str(folder / "bin" / "pip"), "install", "-q", "-r", str(SOURCES / "requirements.txt")]
        _install(pip, cache_folder())
        done.write_text(wanted)
    return folder / "bin" / "python"


def _install(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise BenchError(f"{command[0]} failed: {done.stderr[-400:]}")


def ws(size: int) -> Peer:
    return Peer(["node", "ws.js", str(size)], node_folder())


def uwebsockets(size: int) -> Peer:
    return Peer(["node", "uws.js", str(size)], node_folder())


def socketio_text(size: int) -> Peer:
    return Peer(["node", "socketio.js", str(size), "text"], node_folder(), SOCKET_IO, (SOCKET_IO_HELLO,))


def socketio_binary(size: int) -> Peer:
    """Each event is two frames: the envelope and the attachment."""
    client = (*SOCKET_IO, "--per", "2")
    return Peer(["node", "socketio.js", str(size), "binary"], node_folder(), client, (SOCKET_IO_HELLO,))


def channels(size: int, store_url: str) -> Peer:
    return Peer([channels_python(), SOURCES / "channels_peer.py", str(size), store_url], SOURCES)


def media_relay() -> LineProcess:
    """Calls through aiortc's MediaRelay; speaks JSON, see its file."""
    return LineProcess([sys.executable, SOURCES / "media_relay.py"], core=SERVER_CORE)


def udp_relay(calls: int) -> LineProcess:
    """The relay in C: says "ports" and a port for each side of each call."""
    return LineProcess([build("udp_relay", ("udp_relay.c",)), str(calls)], core=SERVER_CORE)
