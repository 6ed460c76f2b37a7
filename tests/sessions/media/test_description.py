"""Offers that are answered, and those that aren't."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.media.description import MAX_LENGTH, BadOffer, Local, read_offer, write_answer

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
HEAD = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2"]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110",
    "c=IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2113937151 169.254.169.254 80 typ host",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    f"a=fingerprint:{FINGERPRINT}",
    "a=setup:actpass",
    "a=mid:0",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;x-evil=1",
    "a=rtpmap:63 red/48000/2",
]
VIDEO = ["m=video 9 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sendrecv", "a=rtpmap:96 VP8/90000"]
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2", "a=sctp-port:5000"]
LOCAL = Local("ours", "p" * 22, (("sha-256", "CD:EF"),), ("f 1 udp 5 203.0.113.9 4000 typ host",), 1234)


def sdp(*sections: list[str]) -> str:
    return "\r\n".join([*HEAD, *(line for section in sections for line in section)]) + "\r\n"


def without(start: str, new: str = "") -> list[str]:
    return [new if line.startswith(start) else line for line in AUDIO if new or not line.startswith(start)]


def test_audio_is_answered_and_all_else_refused_in_its_place() -> None:
    offer = read_offer(sdp(VIDEO, AUDIO, DATA))
    answer = SessionDescription.parse(write_answer(offer, LOCAL))
    assert [(m.kind, m.port, m.rtp.muxId) for m in answer.media] == [
        ("video", 0, "1"),
        ("audio", 9, "0"),
        ("application", 0, "2"),
    ]
    assert [group.items for group in answer.group] == [["0"]]
    audio = answer.media[1]
    assert (audio.ice.usernameFragment, audio.ice.password, audio.dtls.role) == ("ours", "p" * 22, "client")
    assert [codec.payloadType for codec in audio.rtp.codecs] == [111]
    assert audio.rtp.codecs[0].parameters == {"minptime": 10, "useinbandfec": 1, "usedtx": "1"}
    assert audio.rtp.headerExtensions == []
    assert [(one.ip, one.port) for one in audio.ice_candidates] == [("203.0.113.9", 4000)]


def test_what_the_offer_says_is_read_and_its_candidates_are_not() -> None:
    offer = read_offer(sdp(AUDIO))
    assert offer.fingerprints == (("sha-256", ":".join(["AB"] * 32)),)
    assert (offer.username, offer.payload_type, offer.direction) == ("abcd", 111, "sendrecv")
    assert "169.254.169.254" not in write_answer(offer, LOCAL)


FIREFOX = """v=0
o=mozilla...THIS_IS_SDPARTA-99.0 7662581921422786828 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 8C:39:15:03:FA:8C:15:7C:AD:29:15:BC:1F:B6:C1:86:4F:6B:CE:12:D3:72:D9:26:9D:0B:68:55:C6:ED:9F:03
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 45130 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 203.0.113.5
a=candidate:0 1 UDP 2122187007 203.0.113.5 45130 typ host
a=candidate:2 1 TCP 2105458943 203.0.113.5 9 typ host tcptype active
a=candidate:0 2 UDP 2122187006 203.0.113.5 38023 typ host
a=sendrecv
a=end-of-candidates
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap-allow-mixed
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
a=ice-pwd:b38aee0c3b02ce9df2d08287e9814d16
a=ice-ufrag:7293eb51
a=mid:0
a=msid:- {8cadcbb5-bd73-4c3e-b7a2-913b9f1cab81}
a=rtcp:38023 IN IP4 203.0.113.5
a=rtcp-fb:109 transport-cc
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=setup:actpass
a=ssrc:2180953604 cname:{c268173a-00af-471e-8711-fc97a112be95}
"""
"""As Firefox 153 writes it: the fingerprint for the whole session, two components until we have agreed to one."""


def test_an_offer_of_firefox() -> None:
    offer = read_offer(FIREFOX.replace("\n", "\r\n"))
    assert (offer.payload_type, offer.username, offer.direction, offer.bundled) == (109, "7293eb51", "sendrecv", True)
    assert offer.fingerprints[0][1].startswith("8C:39:15:03")
    answer = SessionDescription.parse(write_answer(offer, LOCAL))
    assert [group.items for group in answer.group] == [["0"]]
    audio = answer.media[0]
    assert (audio.rtp.muxId, audio.rtcp_mux, audio.dtls.role) == ("0", True, "client")
    assert [(codec.payloadType, codec.parameters) for codec in audio.rtp.codecs] == [(109, {"useinbandfec": 1})]


@pytest.mark.parametrize(
    ("theirs", "ours"), [("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")]
)
def test_directions_are_turned_around(theirs: str, ours: str) -> None:
    offer = read_offer(sdp(without("a=sendrecv", f"a={theirs}")))
    assert f"a={ours}\r\n" in write_answer(offer, LOCAL)


def test_what_stands_in_the_session_part_holds_for_the_section() -> None:
    session = [
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:actpass",
    ]
    stripped = [line for line in AUDIO if not line.startswith(("a=ice", "a=fingerprint", "a=setup"))]
    assert read_offer("\r\n".join([*HEAD, *session, *stripped])).password == "abcdefghijklmnopqrstuvwx"


BAD = {
    "nothing": "",
    "video only": sdp(VIDEO),
    "no opus": sdp(without("a=rtpmap:111")),
    "opus not among the formats": sdp(without("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 0 8")),
    "in the clear": sdp(without("m=audio", "m=audio 9 RTP/AVP 111")),
    "ports of their own for RTCP": sdp(without("a=rtcp-mux")),
    "no fingerprint": sdp(without("a=fingerprint")),
    "a fingerprint that is none": sdp(without("a=fingerprint", "a=fingerprint:sha-256 AB")),
    "wants us to wait for its handshake": sdp(without("a=setup", "a=setup:active")),
    "no password": sdp(without("a=ice-pwd")),
    "a short password": sdp(without("a=ice-pwd", "a=ice-pwd:short")),
    "no username": sdp(without("a=ice-ufrag")),
    "a mid with spaces": sdp(without("a=mid", "a=mid:0 a=candidate")),
    "a section that is none": sdp(AUDIO, ["m=video"]),
    "too many sections": sdp(AUDIO, *[VIDEO] * 16),
    "too long": sdp(AUDIO) + "a=x:" + "y" * MAX_LENGTH,
    "a payload type that RTCP has": sdp(
        without("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 72"), ["a=rtpmap:72 opus/48000/2"]
    ),
    "a payload type beyond 7 bits": sdp(
        without("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 200"), ["a=rtpmap:200 opus/48000/2"]
    ),
}


@pytest.mark.parametrize("offer", BAD.values(), ids=BAD.keys())
def test_bad_offers_are_refused_by_name(offer: str) -> None:
    with pytest.raises(BadOffer):
        read_offer(offer)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*HEAD, *AUDIO, *VIDEO, *DATA, "", "m=", "a=", "a=mid:", "\x00", "a=fmtp:111"]), max_size=60
    )
)
def test_any_mixture_of_lines_is_answered_or_refused(lines: list[str]) -> None:
    try:
        offer = read_offer("\r\n".join(lines))
    except BadOffer:
        return
    SessionDescription.parse(write_answer(offer, LOCAL))


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_answered_or_refused(text: str) -> None:
    for offer in (text, sdp(AUDIO) + text):
        try:
            answer = write_answer(read_offer(offer), LOCAL)
        except BadOffer:
            continue
        assert answer.count("m=audio 9") == 1
