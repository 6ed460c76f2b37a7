"""`bench media` and its parts: the callers are real WebRTC peers, relays forward, what is measured is what was sent."""

from collections.abc import Iterator

import av
import pytest

from loadtest.media_calls import MediaClient
from loadtest.media_leg import LegError, SecureLeg
from loadtest.peers import media_relay, udp_relay
from loadtest.process import BenchError, LineProcess
from tests.loadtest.test_bench import quick

pytestmark = pytest.mark.compiler


@pytest.fixture
def client() -> Iterator[MediaClient]:
    with MediaClient() as made:
        yield made


def plain_legs(client: MediaClient, relay: LineProcess) -> list[int]:
    legs: list[int] = client.do("plain", ports=[int(port) for port in relay.answer()[1:]])
    return legs


def test_the_relay_in_c_forwards_between_the_sides_of_a_call_and_each_packet_is_known_again(
    client: MediaClient,
) -> None:
    with udp_relay(2) as relay:
        one, other, third, fourth = plain_legs(client, relay)
        run = client.do("run", pairs=[[one, other], [third, fourth]], seconds=0.4, tagged=True, carrier=relay.pid)
        assert run["sent"] == 4 * 95  # 1.5 s to warm up, and 0.4 s
        assert 0 <= run["heard"] - run["sent"] <= 4, "what told the relay where the legs are may come late"
        assert len(run["delays_ns"]) == 4 * 20
        assert min(run["delays_ns"]) > 0 and run["cpu_ns"] > 0
        # Two who aren't in one call hear others than each other, so no delay is theirs.
        crossed = client.do("run", pairs=[[one, third], [other, fourth]], seconds=0.1, tagged=True, carrier=relay.pid)
        assert crossed["heard"] >= crossed["sent"] and crossed["delays_ns"] == []


def test_what_does_not_arrive_is_not_counted(client: MediaClient) -> None:
    with udp_relay(1) as relay:
        legs = plain_legs(client, relay)
    run = client.do("run", pairs=[legs], seconds=0.1, tagged=True, carrier=client.pid)
    assert (run["heard"], run["deaf"], run["delays_ns"]) == (0, 2, [])


def test_callers_hear_each_other_through_aiortc(client: MediaClient) -> None:
    """ICE, DTLS and SRTP of the callers, against an implementation that is not ours."""
    with media_relay() as peer:
        packets = [bytes.fromhex(packet) for packet in peer.ask_json({"opus": 50})]
        assert {len(packet) for packet in packets} == {80}
        assert samples_in(packets) == 50 * 960
        client.do("opus", packets=[packet.hex() for packet in packets])
        offers = client.do("offers", count=2)
        answers = peer.ask_json({"offers": [sdp for _, sdp in offers]})
        legs = [leg for leg, _ in offers]
        heard = client.connect(list(zip(legs, answers, strict=True)))
        assert all(heard)
        run = client.do("run", pairs=[legs], seconds=0.5, tagged=False, carrier=peer.pid)
        assert run["heard"] > 100 and run["delays_ns"] == []
        assert client.do("close", legs=legs) == []


def samples_in(packets: list[bytes]) -> int:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    return sum(frame.samples for packet in packets for frame in decoder.decode(av.Packet(packet)))


def test_another_certificate_than_the_answer_says_is_refused(client: MediaClient) -> None:
    with media_relay() as peer:
        offers = client.do("offers", count=2)
        answers = [
            "\r\n".join(
                f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}" if "fingerprint:sha-256" in line else line
                for line in sdp.splitlines()
            )
            for sdp in peer.ask_json({"offers": [sdp for _, sdp in offers]})
        ]
        with pytest.raises(BenchError, match="another certificate"):
            client.connect([(leg, answer) for (leg, _), answer in zip(offers, answers, strict=True)])


def test_an_answer_that_says_no_address_is_refused() -> None:
    leg = SecureLeg()
    with pytest.raises(LegError, match="candidate"):
        leg.answered("a=ice-ufrag:abcd\r\na=ice-pwd:abcd\r\na=fingerprint:sha-256 AB\r\n")
    leg.close()


@pytest.mark.slow
def test_a_quick_bench_measures_calls_through_a_whole_server() -> None:
    report = quick("media")
    assert report["first_audio"]["n"] == 6
    assert report["left"]["calls"] == 40
    ours, bare, relayed = report["contestants"].values()
    assert ours["heard"] == ours["sent"] == ours["calls"] * 2 * 175  # 1.5 s to warm up, and 2 s
    assert ours["delay"]["n"] == bare["delay"]["n"] == ours["calls"] * 2 * 100
    assert relayed["calls_per_core"] < ours["calls_per_core"] < bare["calls_per_core"]
