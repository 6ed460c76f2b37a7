"""Child processes that answer line by line, and what the kernel says they cost."""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1


class BenchError(Exception):
    """A part of the bench did not do what the measurement needs; nothing it measured may be used."""


@contextmanager
def on_core(which: int) -> Iterator[None]:
    """Children started in the block, with all their threads, stay on one core: servers on one, clients on another.

    Else the kernel puts a client on the core of the server that wakes it, where it interrupts the server, most the
    one that sends more slowly. With one core only, nothing is pinned.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[which % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def unpin(pid: int) -> None:
    """Let every thread of a running process go wherever this one may."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), os.sched_getaffinity(0))


class LineProcess:
    """A child that is told one line and answers with one line. Killed, with its children, when the block ends."""

    def __init__(self, command: Sequence[str | Path], *, core: int, cwd: Path | None = None) -> None:
        self._name = Path(command[0]).name
        words = [str(part) for part in command]
        with on_core(core):
            self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd)
        self._pending = b""

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(self, line: str, *, within_s: float = 60.0) -> list[str]:
        """Tell a line, return the words of the answer. Raises BenchError when none comes in time, or it says "fail"."""
        self.tell(line)
        return self.answer(within_s=within_s)

    def ask_json(self, value: object, *, within_s: float = 60.0) -> Any:
        """Like `ask`, for a child that speaks JSON, a value on a line; its failures are {"fail": why}."""
        self.tell(json.dumps(value))
        answer = json.loads(self._read_line(within_s))
        if isinstance(answer, dict) and "fail" in answer:
            raise BenchError(f"{self._name}: {answer['fail']}")
        return answer

    def tell(self, line: str) -> None:
        assert self._child.stdin
        self._child.stdin.write(line.encode() + b"\n")
        self._child.stdin.flush()

    def answer(self, *, within_s: float = 60.0) -> list[str]:
        words = self._read_line(within_s).split()
        if words[:1] == ["fail"]:
            raise BenchError(f"{self._name}: {' '.join(words[1:])}")
        return words

    def port_said(self) -> int:
        """The port of a child that begins with "port P"; a child that does not is ended."""
        try:
            return int(self.answer()[1])
        except BaseException:
            end(self._child)
            raise

    def _read_line(self, within_s: float) -> str:
        until = time.monotonic() + within_s
        assert self._child.stdout
        descriptor = self._child.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise BenchError(f"{self._name} did not answer within {within_s:g} s")
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    raise BenchError(f"{self._name} ended before it answered")
                self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._child)


def end(child: subprocess.Popen[bytes], *, grace_s: float = 10.0) -> None:
    """Ask the child to stop, then kill it and everything it left behind."""
    family = _family(child.pid)
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    _, left = psutil.wait_procs(family, timeout=2.0)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _family(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def cpu_ns(pids: Sequence[int]) -> int:
    """User and system time of the processes with all their threads, in nanoseconds (Linux: schedstat)."""
    return sum(_thread_ns(path) for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _thread_ns(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def rss_bytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)
