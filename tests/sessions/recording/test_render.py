"""From packets to a file: who is where, when, and that it is an Ogg file anybody can play."""

import asyncio
import random
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from sessions.recording.rendering import Rendered, Unrendered, render
from sessions.recording.spool import Record
from tests.sessions.recording.voices import Voice, crc, hear, loud, onset, pages, record, tone, write


async def rendered(folder: Path, records: Sequence[Record]) -> tuple[Rendered, Path]:
    spool = write(folder / "rec.spool", records)
    return await render(spool, folder / "rec.ogg", folder / "rec.part", 60), folder / "rec.ogg"


def both(count: int, user: Voice, expert: Voice, expert_later_ms: int = 0) -> list[Record]:
    records = [record("user", user.packet(), n * 20) for n in range(count)]
    records += [record("expert", expert.packet(), n * 20 + expert_later_ms) for n in range(count)]
    return sorted(records, key=lambda one: one.at_ms)


async def test_the_user_is_left_the_expert_right_and_neither_in_the_other(tmp_path: Path) -> None:
    made, file = await rendered(tmp_path, both(250, Voice(440), Voice(1000, 65_500, 0xFFFF_F000), 7))
    heard = hear(file)
    assert heard.seconds == pytest.approx(5, abs=0.05) and abs(made.length_ms - 5000) <= 40
    assert tone(heard.left, 1, 3)[0] == pytest.approx(440, abs=1)
    assert tone(heard.right, 1, 3)[0] == pytest.approx(1000, abs=1)
    assert loud(heard.left, 1, 3) > -20
    for sound, own, other in ((heard.left, 440, 1000), (heard.right, 1000, 440)):
        spectrum = np.abs(np.fft.rfft(sound[48_000:144_000] * np.hanning(96_000)))  # half a Hertz each
        assert spectrum[other * 2 - 20 : other * 2 + 20].max() < spectrum[own * 2] / 100, "40 dB"


async def test_pauses_and_losses_are_silence_at_their_place(tmp_path: Path) -> None:
    voice = Voice(440)
    records = [record("user", voice.packet(), n * 20) for n in range(100)]  # 0 to 2 s
    voice.skip(100, lost=False)
    records += [record("user", voice.packet(), n * 20) for n in range(200, 250)]  # 4 to 5 s
    voice.skip(50, lost=True)
    records += [record("user", voice.packet(), n * 20) for n in range(300, 350)]  # 6 to 7 s
    _made, file = await rendered(tmp_path, records)
    left = hear(file).left
    sounding, silent = ((0.1, 1.9), (4.1, 4.9), (6.1, 6.9)), ((2.1, 3.9), (5.1, 5.9))
    assert all(loud(left, *while_) > -20 for while_ in sounding)
    assert all(loud(left, *while_) < -60 for while_ in silent)
    assert onset(left, 2.5) == pytest.approx(4, abs=0.02) and onset(left, 5.5) == pytest.approx(6, abs=0.02)
    assert loud(hear(file).right, 0, 7) < -60


async def test_what_was_said_at_once_is_heard_at_once(tmp_path: Path) -> None:
    """Both say something at the same moments; their packets come late by jitter, by clocks that drift apart."""
    chance = random.Random(7)
    records = []
    for side, hertz, drift, delay in (("user", 440, 1.0003, 10), ("expert", 900, 0.9997, 35)):
        voice = Voice(hertz, timestamp=chance.randrange(1 << 32))
        for n in range(1500):
            packet = voice.packet(silent=n % 250 < 200)  # a second of tone at the end of every five
            at = n * 20 * drift + delay + (chance.random() ** 4) * 60
            records.append(record(side, packet, int(at)))  # type: ignore[arg-type]
    records.sort(key=lambda one: one.at_ms)
    _made, file = await rendered(tmp_path, records)
    heard = hear(file)
    for n in range(6):
        begin = 5 * n + 3.5
        left, right = onset(heard.left, begin), onset(heard.right, begin)
        said, answered = (5 * n + 4) * 1.0003 + 0.01, (5 * n + 4) * 0.9997 + 0.035
        assert left == pytest.approx(said, abs=0.03) and right == pytest.approx(answered, abs=0.03)
        assert right - left == pytest.approx(answered - said, abs=0.04)


async def test_packets_in_any_order_twice_or_of_a_new_connection_find_their_place(tmp_path: Path) -> None:
    first, second = Voice(440), Voice(440, sequence=31_000, timestamp=0xDEAD_0000)
    records = [record("user", first.packet(), n * 20) for n in range(100)]
    records += [record("user", second.packet(), n * 20) for n in range(150, 250)]  # the page came again after a second
    mixed = [records[n ^ 1] for n in range(200)]  # each pair in the wrong order
    arrivals = [one._replace(at_ms=at) for one, at in zip(mixed, (r.at_ms for r in records), strict=True)]
    doubled = [one for pair in zip(arrivals, arrivals, strict=True) for one in pair]
    made, file = await rendered(tmp_path, doubled)
    left = hear(file).left
    assert abs(made.length_ms - 5000) <= 40
    assert loud(left, 2.1, 2.9) < -60 and onset(left, 2.5) == pytest.approx(3, abs=0.025)
    for begin, end in ((0.1, 1.9), (3.1, 4.9)):
        level = loud(left, begin, end)
        assert tone(left, begin, end)[0] == pytest.approx(440, abs=1)
        # A tone without holes: every tenth of a second is as loud as the whole.
        assert all(abs(loud(left, begin + n / 10, begin + n / 10 + 0.1) - level) < 1.5 for n in range(17))


async def test_it_is_a_valid_ogg_file_that_says_nothing_of_this_machine(tmp_path: Path) -> None:
    made, file = await rendered(tmp_path, both(500, Voice(440), Voice(1000)))
    data = file.read_bytes()
    found = list(pages(data))
    assert [page.number for page in found] == list(range(len(found))) and len({page.serial for page in found}) == 1
    assert all(crc(page.whole[:22] + bytes(4) + page.whole[26:]) == page.crc for page in found)
    assert found[0].flags & 2 and found[-1].flags & 4
    head, tags = found[0].body, found[1].body
    assert head[:8] == b"OpusHead" and (head[8], head[9], head[18]) == (1, 2, 0)
    assert int.from_bytes(head[12:16], "little") == 48_000
    vendor = int.from_bytes(tags[8:12], "little")
    assert tags[:8] == b"OpusTags" and tags[12 + vendor :] == bytes(4) and tags[12 : 12 + vendor] == b"ffmpeg"
    assert found[-1].granule - int.from_bytes(head[10:12], "little") == pytest.approx(10 * 48_000, abs=960)
    assert 24_000 < len(data) * 8 / 10 < 40_000, "about 32 kbit/s"
    assert made.bytes == len(data) and file.stat().st_mode & 0o777 == 0o600
    again = await render(tmp_path / "rec.spool", file, tmp_path / "rec.part", 60)
    assert again == made, "the same bytes each time"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["rec.ogg", "rec.spool"]


async def test_a_torn_tail_is_left_out(tmp_path: Path) -> None:
    spool = write(tmp_path / "rec.spool", both(100, Voice(440), Voice(1000)))
    whole = spool.read_bytes()
    for tail in (whole[:-17], whole + b"\x75\x00", whole + bytes(4096), whole + b"\xff" * 100):
        spool.write_bytes(tail)
        made = await render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60)
        assert abs(made.length_ms - 2000) <= 20


@pytest.mark.parametrize("what", ["nothing", "only a head", "no spool", "noise"])
async def test_what_can_be_no_recording_is_refused_by_name(tmp_path: Path, what: str) -> None:
    spool = tmp_path / "rec.spool"
    if what != "nothing":
        write(spool, [])
    if what == "no spool":
        spool.write_bytes(b"OggS" * 100)
    if what == "noise":
        write(spool, [Record("user", n * 20, n, n * 960, bytes([255] * 3)) for n in range(50)])
    with pytest.raises(Unrendered) as refused:
        await render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60)
    assert refused.value.why == {"only a head": "empty", "noise": "empty"}.get(what, "broken")
    assert not (tmp_path / "rec.ogg").exists()


async def test_packets_that_are_none_do_no_harm_to_those_that_are(tmp_path: Path) -> None:
    chance = random.Random(3)
    voice = Voice(440)
    records = []
    for n in range(300):
        records.append(record("user", voice.packet(), n * 20))
        junk = chance.randbytes(chance.randrange(1, 200))
        records.append(Record("expert", n * 20, chance.randrange(1 << 16), chance.randrange(1 << 32), junk))
    made, file = await rendered(tmp_path, records)
    left = hear(file).left
    assert 5900 <= made.length_ms < 12_000
    assert tone(left, 1, 5)[0] == pytest.approx(440, abs=1)


async def test_a_render_that_takes_too_long_or_is_given_up_is_killed_and_can_be_repeated(tmp_path: Path) -> None:
    spool = write(tmp_path / "rec.spool", both(500, Voice(440), Voice(1000)))
    with pytest.raises(Unrendered) as late:
        await render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 0.02)
    assert late.value.why == "broken" and not (tmp_path / "rec.ogg").exists()
    task = asyncio.create_task(render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60))
    async with asyncio.timeout(10):
        while not (tmp_path / "rec.part").exists():
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert abs((await render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60)).length_ms - 10_000) <= 20


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_one_that_is_stopped_from_outside_has_not_failed(tmp_path: Path, end: signal.Signals) -> None:
    """Ctrl-C and systemd stop a server with all its processes."""
    spool = write(tmp_path / "rec.spool", both(500, Voice(440), Voice(1000)))
    task = asyncio.create_task(render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60))
    async with asyncio.timeout(10):
        while not (tmp_path / "rec.part").exists():
            await asyncio.sleep(0.005)
    (worker,) = (one for one in psutil.Process().children() if "sessions.recording.render_worker" in one.cmdline())
    worker.send_signal(end)
    with pytest.raises(Unrendered) as stopped:
        await task
    assert stopped.value.why == "stopped" and not (tmp_path / "rec.ogg").exists()


async def test_two_at_once_make_one_file(tmp_path: Path) -> None:
    spool = write(tmp_path / "rec.spool", both(500, Voice(440), Voice(1000)))
    tasks = [render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60) for _ in range(2)]
    made = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(one, Rendered) for one in made)
    assert {str(one) for one in made if not isinstance(one, Rendered)} <= {"busy"}
    assert hear(tmp_path / "rec.ogg").seconds == pytest.approx(10, abs=0.05)


async def test_a_minute_takes_a_second_of_a_processor(tmp_path: Path) -> None:
    spool = write(tmp_path / "rec.spool", both(1500, Voice(440), Voice(1000)))
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    made = await render(spool, tmp_path / "rec.ogg", tmp_path / "rec.part", 60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"30 s: {cpu:.2f} s of a processor, {time.monotonic() - began:.2f} s, {made.bytes} bytes")
    assert cpu < 10, "a small part of the time it lasts"


BOUNDED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
runpy.run_module("sessions.recording.render_worker", run_name="__main__")
"""


async def test_a_full_disk_is_told_and_leaves_what_was_recorded(tmp_path: Path) -> None:
    """A bound on the size of a file is like a full disk to who writes it."""
    spool = write(tmp_path / "rec.spool", both(300, Voice(440), Voice(1000)))
    paths = [str(tmp_path / f"rec.{kind}") for kind in ("spool", "ogg", "part")]
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOUNDED, *paths, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    said, _nothing = await asyncio.wait_for(worker.communicate(), 60)
    assert said == b"full\n"
    assert [path.name for path in tmp_path.iterdir()] == [spool.name]
