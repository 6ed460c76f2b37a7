"""What a listener sees of the numbers: one stream, whatever happens at the source."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.media.leg import FRAME_TICKS, Packet
from sessions.media.rewriting import REORDERED, Rewriter

FIRST = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))


class Stream:
    """A source that counts on, and the clock."""

    def __init__(self, source: int, sequence: int, timestamp: int) -> None:
        self.source, self.sequence, self.timestamp = source, sequence, timestamp

    def next(self, lost: int = 0, pause: int = 0) -> Packet:
        self.sequence = self.sequence + lost & 0xFFFF
        self.timestamp = self.timestamp + pause + FRAME_TICKS * lost & 0xFFFFFFFF
        packet = Packet(b"x", self.sequence, self.timestamp, False, self.source)
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + FRAME_TICKS & 0xFFFFFFFF
        return packet


def steps(packets: list[Packet | None]) -> list[tuple[int, int]]:
    """By how much sequence and timestamp went on."""
    sent = [packet for packet in packets if packet]
    return [
        (after.sequence - before.sequence & 0xFFFF, after.timestamp - before.timestamp & 0xFFFFFFFF)
        for before, after in pairwise(sent)
    ]


@settings(deadline=None)
@given(FIRST)
def test_one_source_is_left_as_it_is_across_both_wraps(first: tuple[int, int]) -> None:
    stream, rewriter = Stream(5, *first), Rewriter()
    came = [stream.next() for _ in range(300)]
    went = [rewriter.rewrite(packet, at * 0.02) for at, packet in enumerate(came)]
    assert went[1:] == came[1:]


@settings(deadline=None)
@given(FIRST, FIRST, st.integers(0, 40), st.floats(0.02, 5))
def test_a_peer_that_came_back_goes_on_where_the_old_one_was(old, new, lost, gap) -> None:
    rewriter, one, two = Rewriter(), Stream(5, *old), Stream(6, *new)
    went = [rewriter.rewrite(one.next(), at * 0.02) for at in range(10)]
    went += [rewriter.rewrite(two.next(lost=0 if at == 0 else lost), 0.18 + gap + at * 0.02) for at in range(3)]
    assert steps(went)[9] == (1, max(FRAME_TICKS, round(gap * 48_000)))
    assert went[10].marker
    assert steps(went)[10] == (1 + lost, FRAME_TICKS * (1 + lost))


def test_losses_of_the_source_stay_gaps_and_pauses_stay_pauses() -> None:
    rewriter, stream = Rewriter(), Stream(5, 65_530, 0xFFFFFF00)
    went = [rewriter.rewrite(stream.next(), 0), rewriter.rewrite(stream.next(lost=3), 0.1)]
    went.append(rewriter.rewrite(stream.next(pause=19_200), 0.6))
    assert steps(went) == [(4, 4 * FRAME_TICKS), (1, 19_200 + FRAME_TICKS)]


@settings(deadline=None)
@given(st.permutations(range(8)), FIRST)
def test_what_comes_in_disorder_goes_out_with_its_own_numbers(order, first) -> None:
    rewriter, stream, ours = Rewriter(), Stream(5, *first), Stream(-1, 0, 0)
    rewriter.rewrite(ours.next(), 0)
    opening = rewriter.rewrite(stream.next(), 0.02)
    came = [stream.next() for _ in order]
    went = [rewriter.rewrite(came[index], 0.04) for index in order]
    assert [packet.sequence - opening.sequence & 0xFFFF for packet in went] == [index + 1 for index in order]


def test_what_is_older_than_a_switch_never_takes_a_number_that_was_used() -> None:
    rewriter, stream, ours = Rewriter(), Stream(5, 100, 0), Stream(-1, 0, 0)
    rewriter.rewrite(stream.next(), 0)
    late = [stream.next() for _ in range(20)]
    used = {rewriter.rewrite(ours.next(), 0.02 * at).sequence for at in range(1, 21)}
    assert rewriter.rewrite(stream.next(), 0.5).sequence not in used
    assert [rewriter.rewrite(packet, 0.5) for packet in late] == [None] * 20


def test_what_comes_twice_goes_out_once() -> None:
    """SRTP takes a number again 65,536 packets later; meanwhile nothing that was forwarded need have come."""
    rewriter, stream = Rewriter(), Stream(5, 65_000, 0)
    first, lost, late, last = (stream.next() for _ in range(4))
    assert [bool(rewriter.rewrite(packet, 0)) for packet in (first, late, last)] == [True] * 3
    again = [packet._replace(payload=b"y") for packet in (last, late, first)]
    assert [rewriter.rewrite(packet, 0.02) for packet in again] == [None] * 3
    assert rewriter.rewrite(lost, 0.04) == lost
    assert rewriter.rewrite(lost._replace(payload=b"y"), 0.04) is None


def test_what_is_far_too_late_is_dropped() -> None:
    rewriter, stream = Rewriter(), Stream(5, 0, 0)
    old = stream.next()
    rewriter.rewrite(old, 0)
    for at in range(REORDERED + 1):
        rewriter.rewrite(stream.next(), at * 0.02)
    assert rewriter.rewrite(old, 20) is None


def test_stragglers_of_the_old_source_dont_take_the_stream_back() -> None:
    rewriter, one, two = Rewriter(), Stream(5, 10, 0), Stream(6, 900, 0)
    rewriter.rewrite(one.next(), 0)
    rewriter.rewrite(two.next(), 0.02)
    assert rewriter.rewrite(one.next(), 0.03) is None
    assert rewriter.rewrite(two.next(), 0.04).sequence == 12
    assert rewriter.rewrite(one.next(), 2.0).sequence == 13


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.floats(0, 3)), max_size=60
    )
)
def test_no_number_goes_out_for_two_sources(packets) -> None:
    """The same number under one key for two contents would give away both."""
    rewriter, at, first = Rewriter(), 0.0, None
    seen: dict[int, tuple[int, int]] = {}
    for index, (source, sequence, timestamp, later) in enumerate(packets):
        at += later
        before = rewriter._newest
        out = rewriter.rewrite(Packet(b"", sequence, timestamp, False, source), at)
        if out is None:
            continue
        first = index if first is None else first
        reference = before if index > first else out.sequence
        full = reference + ((out.sequence - reference + 0x8000 & 0xFFFF) - 0x8000)
        assert seen.setdefault(full, (source, sequence)) == (source, sequence)
        assert 0 <= out.sequence <= 0xFFFF and 0 <= out.timestamp <= 0xFFFFFFFF
