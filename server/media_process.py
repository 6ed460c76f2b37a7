"""A media worker's process: `openline media`, and the ones that `openline serve` starts beside itself."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import structlog
import uvloop

from ground.embedded import die_with_parent
from ground.errors import StoreUnavailable
from ground.ids import new_id
from ground.store import Store
from queueing.media import Media
from server import logs
from server.config import Config, handed_down, taken_up
from server.config_phone import open_engine
from server.process import raise_file_limit
from sessions.media import sound
from sessions.media.transport import Site
from sessions.media.worker import Worker
from sessions.phone.engine import PhoneUnavailable
from sessions.phone.telephone import Telephone
from sessions.recording.folder import Folder
from sessions.recording.tap import Tapes
from sessions.speech.speech import CannotSpeak, Speech, program_of
from sessions.speech.voice import Voice

_HANDED_DOWN: Final = "OPENLINE_MEDIA_CONFIG"
STOP_S: Final = 8.0
"""How long a worker has to stop in order: its sessions go to others meanwhile."""
AGAIN_S: Final = 1.0
PHONE_AGAIN_S: Final = 10.0
FOLDER_AGAIN_S: Final = 2.0
_log = structlog.get_logger("openline.media")


def run(config: Config, *, alone: bool = False) -> int:
    """Carry sessions until SIGINT or SIGTERM, then give them up in order. Returns the exit code.

    `alone`: no server has started it, so where recordings are kept is for a server to have said before.
    """
    logs.set_up()
    raise_file_limit()
    # Neither going through everything nor waiting for the thread that writes recordings may take a packet's time.
    gc.set_threshold(10_000, 20, 1_000)
    sys.setswitchinterval(0.0005)
    sound.prepare()
    return uvloop.run(_serve(config, alone))


async def _serve(config: Config, alone: bool) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        store = await Store.open(config.store)
    except StoreUnavailable as error:
        _log.error("no_store", error=str(error))
        return 1
    site = site_of(config)
    worker = Worker(store, new_id("m"), site, config.media.sessions)
    _log.info("media_worker", worker=worker.name, sessions=worker.most, private_networks=site.allow_private)
    extras = [
        asyncio.create_task(_telephone(config, worker, Media(store))),
        asyncio.create_task(_recordings(config, worker, alone)),
    ]
    try:
        return await _carry(worker, stopped)
    finally:
        for extra in extras:
            extra.cancel()
        await asyncio.gather(*extras, return_exceptions=True)
        if worker.tapes is not None:
            worker.tapes.close()
        await store.close()


async def _recordings(config: Config, worker: Worker, alone: bool) -> None:
    """Gives the worker what recordings are written with, as soon as there is a folder for them. What it kept in one
    that no server looks after nobody would ever erase."""
    told = False
    while True:
        try:
            worker.tapes = Tapes(Folder.open(config.recordings, new=not alone))
        except (OSError, ValueError) as error:
            if not told:
                _log.warning(
                    "no_folder_for_recordings", folder=str(config.recordings), error=type(error).__name__,
                    setting="OPENLINE_RECORDINGS", meaning="nothing is recorded here",
                )  # fmt: skip
            told = True
        else:
            _log.info("recordings", folder=str(config.recordings))
            return
        await asyncio.sleep(FOLDER_AGAIN_S)


async def _telephone(config: Config, worker: Worker, media: Media) -> None:
    """Gives the worker its telephone, where the settings name one, as soon as there is one, and a voice for it."""
    while True:
        try:
            if engine := await open_engine(config.phone, worker.name):
                worker.voice = voice = _voice(config)
                worker.telephone = Telephone(engine, worker.carry, media, worker.name, voice)
                _log.info("telephone", worker=worker.name)
                if voice is not None:
                    await voice.keep()
            return
        except PhoneUnavailable as why:
            _log.error("no_telephone", why=str(why))
        await asyncio.sleep(PHONE_AGAIN_S)


def _voice(config: Config) -> Voice | None:
    """What telephones are spoken to with; None where nothing is there, or nothing is to speak."""
    try:
        program = program_of(config.phone.speech)
    except CannotSpeak as why:
        _log.error("no_voice", why=str(why))
        return None
    return Voice(Speech(program)) if program else None


async def _carry(worker: Worker, stopped: asyncio.Event) -> int:
    running, stopping = asyncio.create_task(worker.run()), asyncio.create_task(stopped.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    failed = running.done()
    await worker.drain()
    running.cancel()
    (error,) = await asyncio.gather(running, return_exceptions=True)
    await worker.close()
    if failed:
        _log.error("media_worker_failed", error=repr(error))
    return 1 if failed else 0


def site_of(config: Config) -> Site:
    """Where browsers reach the worker. Private networks are spoken with when nobody comes from elsewhere."""
    media = config.media
    private = config.is_reached_here_only if media.private is None else media.private
    return Site(media.hosts, media.ports, media.announce, private)


@contextmanager
def beside(config: Config) -> Iterator[None]:
    """As many workers as the settings say, each a child process that is started again when it dies, until the end of
    the block."""
    with ExitStack() as stack:
        for _ in range(config.media.workers):
            stack.callback(_Child(config).stop)
        yield


class _Child:
    """Keeps one worker process running, from a thread of its own: the kernel ties the child to it."""

    def __init__(self, config: Config) -> None:
        self._environment = os.environ | {_HANDED_DOWN: handed_down(config)}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="media-worker", daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while process := self._begun():
            process.wait()
            if not self._stopping.wait(AGAIN_S):
                _log.error("media_worker_died", code=process.returncode)

    def _begun(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(  # noqa: S603 (the arguments are ours)
                die_with_parent(sys.executable, "-P", "-c", "from server.media_process import child; child()"),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which stops its workers
            )
            return self._process

    def stop(self) -> None:
        """Stop it in order; kill it when that takes too long."""
        with self._lock:
            self._stopping.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_S)
            self._process.kill()
        self._keeper.join(STOP_S)


def child() -> None:
    """What a child process runs."""
    sys.exit(run(taken_up(os.environ.pop(_HANDED_DOWN))))
