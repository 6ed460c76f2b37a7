"""Recording beside a call: what was tapped is on the disk, and a disk that does not do its part stops nothing else."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.media.leg import Packet
from sessions.recording import spool
from sessions.recording.folder import SPOOL, Elsewhere, Folder
from sessions.recording.spool import Record
from sessions.recording.tap import CannotRecord, Failure, Limits, Tape, Tapes

START = 1_790_000_000_000
FREE = 1024  # a test may fill the disk's last gigabyte


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(tmp_path / "recordings")


@pytest.fixture
def tapes(folder: Folder) -> Iterator[Tapes]:
    made = Tapes(folder, Limits(free=FREE))
    yield made
    made.close()


def packet(n: int, size: int = 80) -> Packet:
    return Packet(bytes([n % 256]) * size, n % 65_536, (n * 960) % (1 << 32), n == 0)


def read(folder: Folder, session: str = "s1") -> list[Record]:
    with folder.file(folder.of("support", session), SPOOL).open("rb") as file:
        assert spool.read_head(file) == START
        return list(spool.read(file))


def talk(tape: Tape, count: int, begin: int = 0) -> None:
    """Both sides, 20 ms a packet."""
    for n in range(begin, begin + count):
        tape.tap("user", packet(n), START + n * 20)
        tape.tap("expert", packet(n + 7), START + n * 20 + 3)


async def test_what_is_tapped_is_kept_as_it_came(folder: Folder, tapes: Tapes) -> None:
    tape = await tapes.start("support", "s1", START)
    talk(tape, 500)
    size = await tape.stop()
    records = read(folder)
    assert (await tape.stop(), tape.failed, tape.left_out) == (size, "", 0)
    assert len(records) == 1000 and size == folder.file(folder.of("support", "s1"), SPOOL).stat().st_size
    assert records[0] == Record("user", 0, 0, 0, bytes(80))
    assert records[999] == Record("expert", 499 * 20 + 3, 506, 506 * 960, bytes([506 % 256]) * 80)
    tape.tap("user", packet(1), START + 99_999)
    assert len(read(folder)) == 1000, "what comes after the end is not recorded"


async def test_nobody_else_can_read_it(folder: Folder, tapes: Tapes) -> None:
    tape = await tapes.start("support", "s1", START)
    await tape.stop()
    file = folder.file(folder.of("support", "s1"), SPOOL)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700 and folder.path.stat().st_mode & 0o777 == 0o700


async def test_it_goes_on_after_a_pause_and_after_a_crash(folder: Folder, tapes: Tapes) -> None:
    first = await tapes.start("support", "s1", START)
    talk(first, 10)
    await first.stop()
    file = folder.file(folder.of("support", "s1"), SPOOL)
    with file.open("ab") as torn:
        torn.write(b"\x75\x00\x00")
    again = await tapes.start("support", "s1", START + 60_000)
    again.tap("user", packet(1), START + 61_000)
    await again.stop()
    records = read(folder)
    assert len(records) == 21 and records[20].at_ms == 61_000, "counted from the first beginning"


async def test_two_workers_do_not_write_one_recording(tapes: Tapes) -> None:
    tape = await tapes.start("support", "s1", START)
    with pytest.raises(CannotRecord):
        await tapes.start("support", "s1", START)
    await tape.stop()
    async with asyncio.timeout(5):
        while True:
            try:
                await (await tapes.start("support", "s1", START)).stop()
                return
            except CannotRecord:
                await asyncio.sleep(0.01)


async def test_a_disk_that_is_nearly_full_stops_the_recording_by_name_and_not_the_call(folder: Folder) -> None:
    tapes, told = Tapes(folder, Limits(free=1 << 60)), list[Failure]()
    with pytest.raises(CannotRecord):
        await tapes.start("support", "s1", START)
    free = os.statvfs(folder.path).f_bavail * os.statvfs(folder.path).f_frsize
    roomy = Tapes(folder, Limits(free=FREE))
    tape = await roomy.start("support", "s2", START, told.append)
    tape._limits = Limits(free=free * 2)  # somebody else filled it
    talk(tape, 1000)
    await _until(lambda: bool(told))
    talk(tape, 10, 1000)
    await tape.stop()
    assert (tape.failed, told) == ("disk_full", ["disk_full"])
    tapes.close()
    roomy.close()


async def test_a_disk_with_no_room_at_all_does_so_too(folder: Folder) -> None:
    """/dev/full is a disk whose every write fails for lack of room."""
    tapes, told = Tapes(folder, Limits(free=0)), list[Failure]()
    tape = await tapes.start("support", "s1", START, told.append)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, tape._fd)
    os.close(full)
    talk(tape, 60)
    await _until(lambda: bool(told))
    await tape.stop()
    assert told == ["disk_full"]
    tapes.close()


async def test_a_disk_that_hangs_never_holds_up_the_call(folder: Folder) -> None:
    tapes, told = Tapes(folder, Limits(free=FREE, waiting=20_000)), list[Failure]()
    tape = await tapes.start("support", "s1", START, told.append)
    tapes._writer.submit(time.sleep, 1.0)
    began = time.perf_counter()
    talk(tape, 500)
    took = time.perf_counter() - began
    assert told == ["disk_slow"] and took < 0.5
    await tape.stop()
    tapes.close()


async def test_a_recording_has_a_largest_size(folder: Folder) -> None:
    tapes, told = Tapes(folder, Limits(free=FREE, size=50_000)), list[Failure]()
    tape = await tapes.start("support", "s1", START, told.append)
    talk(tape, 1000)
    await tape.stop()
    assert told == ["too_large"]
    assert folder.file(folder.of("support", "s1"), SPOOL).stat().st_size < 60_000
    tapes.close()


async def test_what_is_too_much_or_no_packet_is_left_out(folder: Folder, tapes: Tapes) -> None:
    tape = await tapes.start("support", "s1", START)
    wrong = [
        (packet(1, 1501), START),
        (packet(1, 0), START),
        (packet(1), START - 1),
        (packet(1), START + 13 * 3_600_000),
    ]
    for one, at in wrong:
        tape.tap("user", one, at)
    tape.tap("user", Packet(b"\x01", 1 << 40, -5, False), START)
    assert tape.left_out == 4
    for n in range(10_000):  # a flood: ten megabytes in the first second
        tape.tap("user", packet(n, 1000), START + n // 10)
    size = await tape.stop()
    assert size < 6 * 64_000 + 2000 and tape.left_out > 9000
    assert read(folder)[0] == Record("user", 0, 0, (1 << 32) - 5, b"\x01")


KILLED = """
import asyncio, sys, time
from pathlib import Path
from sessions.media.leg import Packet
from sessions.recording.folder import Folder
from sessions.recording.tap import Limits, Tapes

async def main():
    tapes = Tapes(Folder.open(Path(sys.argv[1])), Limits(free=1024))
    tape = await tapes.start("support", "s1", 1_790_000_000_000)
    n = 0
    while True:
        for side in ("user", "expert"):
            tape.tap(side, Packet(bytes(80), n % 65536, n * 960 % (1 << 32), False), 1_790_000_000_000 + n * 20)
        n += 1
        if n % 500 == 0:
            print(n, flush=True)
        await asyncio.sleep(0.0002)

asyncio.run(main())
"""


async def test_what_a_killed_worker_wrote_can_be_read(folder: Folder) -> None:
    arguments = ("-c", KILLED, str(folder.path))
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(30):
        lines = [await worker.stdout.readline() for _ in range(4)]
    worker.kill()
    await worker.communicate()
    records = read(folder)
    assert len(records) > 2 * int(lines[-1]) - 2 * 51, "all but the last second"
    tapes = Tapes(folder, Limits(free=FREE))
    tape = await tapes.start("support", "s1", START + 1)
    await tape.stop()
    tapes.close()
    assert read(folder) == records


async def test_tapping_costs_next_to_nothing(tapes: Tapes) -> None:
    tape = await tapes.start("support", "s1", START)
    one, began = packet(1), time.process_time()
    for n in range(20_000):
        tape.tap("user", one, START + n * 20)
        if n % 500 == 0:
            await asyncio.sleep(0)
    per_packet = (time.process_time() - began) / 20_000
    print(f"{per_packet * 1e6:.1f} us a packet; a call of two voices {per_packet * 100 * 100:.2f} % of a core")
    await tape.stop()
    assert per_packet < 100e-6


def test_a_folder_knows_its_own(tmp_path: Path) -> None:
    one, other = Folder.open(tmp_path / "one"), Folder.open(tmp_path / "other")
    assert Folder.open(tmp_path / "one").name == one.name != other.name
    kept = one.of("support", "s1")
    assert kept == one.of("support", "s1") != one.of("support", "s2")
    assert one.kept(one.file(kept, SPOOL)) == kept and one.kept(tmp_path / "x" / "y.ogg") == ""
    traversals = ("", "s1", f"{one.name}/../s1", f"{one.name}/../rec-{'0' * 32}", kept + "/..", kept + "\n")
    for strange in (other.of("support", "s1"), *traversals):
        with pytest.raises(Elsewhere):
            one.file(strange, SPOOL)
    for pool in ("", "..", "a/b", "a" * 65, ".hidden"):
        with pytest.raises(ValueError, match="pool"):
            one.of(pool, "s1")


async def _until(true) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)
