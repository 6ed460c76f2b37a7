"""Reports: what we write aiortc reads, what it writes we read, and the arithmetic of RFC 3550."""

import pytest
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSdesPacket, RtcpSenderInfo, RtcpSrPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.media.reports import LossNews, Reception, SenderNews, Sending, read_reports


def reception(lost: set[int], jitter_ticks: int = 0, first: int = 65_500, count: int = 100) -> Reception:
    made = Reception(9, first & 0xFFFF, 0, 0.0)
    for n in range(1, count):
        if n not in lost:
            late = jitter_ticks / 48_000 if n % 2 else 0
            made.heard(first + n & 0xFFFF, n * 960 & 0xFFFFFFFF, n * 0.02 + late)
    return made


def read_block(made: Reception, at: float, further: int = 0) -> RtcpReceiverInfo:
    packets = RtcpPacket.parse(Sending(1).report(at, made.block(at, further)))
    assert isinstance(packets[0], RtcpRrPacket)
    return packets[0].reports[0]


def test_losses_are_counted_across_the_wrap() -> None:
    block = read_block(reception({3, 50, 51}), 2.0)
    assert (block.packets_lost, block.fraction_lost, block.highest_sequence) == (3, 7, 65_599)
    assert block.jitter == 0


def test_jitter_is_smoothed_as_the_standard_says() -> None:
    assert read_block(reception(set(), jitter_ticks=480), 2.0).jitter == pytest.approx(480, rel=0.05)


def test_each_report_tells_of_the_time_since_the_last_one() -> None:
    made = reception({3}, count=50)
    assert read_block(made, 1.0).fraction_lost > 0
    assert read_block(made, 1.1).fraction_lost == 0


def test_what_is_missed_further_on_is_told_where_it_is_worse() -> None:
    assert read_block(reception(set()), 2.0, further=40).fraction_lost == 40
    assert read_block(reception({3, 50, 51}), 2.0, further=2).fraction_lost == 7


def test_the_round_trip_can_be_measured() -> None:
    made = reception(set())
    made.reported(0x12345678, 1.5)
    block = read_block(made, 2.0)
    assert (block.lsr, block.dlsr) == (0x12345678, 32_768)


def test_a_sender_report_maps_time_to_the_timestamp_that_goes_out() -> None:
    sending = Sending(77)
    sending.sent(0xFFFFFF00, 80, 10.0)
    sending.sent(0x2C0, 80, 10.02)
    report, name = RtcpPacket.parse(sending.report(10.5, b""))
    assert isinstance(report, RtcpSrPacket) and isinstance(name, RtcpSdesPacket)
    info = report.sender_info
    assert (report.ssrc, info.packet_count, info.octet_count) == (77, 2, 160)
    assert info.ntp_timestamp / 2**32 == pytest.approx(10.5)
    assert info.rtp_timestamp == 0x2C0 + round(0.48 * 48_000)
    assert name.chunks[0].items == [(1, b"openline")]


def test_what_a_browser_says_is_read() -> None:
    info = RtcpSenderInfo(ntp_timestamp=0x1111222233334444, rtp_timestamp=5, packet_count=6, octet_count=7)
    block = RtcpReceiverInfo(ssrc=44, fraction_lost=12, packets_lost=3, highest_sequence=1, jitter=2, lsr=0, dlsr=0)
    data = bytes(RtcpSrPacket(ssrc=33, sender_info=info, reports=[block])) + bytes(
        RtcpRrPacket(ssrc=34, reports=[block])
    )
    assert list(read_reports(data)) == [SenderNews(33, 0x22223333), LossNews(44, 12), LossNews(44, 12)]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_read_as_nothing(data: bytes) -> None:
    list(read_reports(b"\x9f\xc8" + data))
    list(read_reports(data))
