"""Offers of browsers and our answers (SDP, RFC 8866; JSEP, RFC 9429): pure. One audio section, Opus, bundled.

Nothing of an offer is taken over but what stands in `Offer`; candidates and header extensions are not even read.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LENGTH = 32_000
"""Characters of an offer; a browser's with audio and video has about 7,000."""
MAX_SECTIONS = 16
MAX_FINGERPRINTS = 4
PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP")
KEPT_PARAMETERS = ("minptime", "useinbandfec", "usedtx")
"""What an offer says of Opus and we ask of its encoder in turn."""
ANSWERED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}

PAYLOAD_TYPES = {*range(64), *range(96, 128)}
"""The others can't be told from RTCP on the same port (RFC 5761, 4)."""

_WORD = r"[\w!#$%&'*+.^`{|}~/-]{1,64}"
_SECTION = re.compile(rf"m=(?P<kind>{_WORD}) \d{{1,5}}(?:/\d+)? (?P<protocol>{_WORD})(?P<formats>(?: {_WORD}){{1,64}})")
_MID = re.compile(_WORD)
_ICE_CHARACTERS = {
    "ice-ufrag": re.compile(r"[\w+/]{4,256}", re.ASCII),
    "ice-pwd": re.compile(r"[\w+/]{22,256}", re.ASCII),
}
_FINGERPRINT = re.compile(r"(sha-\d{1,3}) ((?:[0-9A-F]{2}:){15,63}[0-9A-F]{2})", re.IGNORECASE)
_OPUS = re.compile(r"(\d{1,3}) opus/48000/2", re.IGNORECASE)
_PARAMETER = re.compile(r"(\w+)=(\d{1,6})", re.ASCII)


class BadOffer(ValueError):
    """An offer that can't be answered; says which part of it."""


class Section(NamedTuple):
    """One `m=` section."""

    kind: str
    protocol: str
    formats: str
    attributes: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str:
        return next((value for key, value in self.attributes if key == name), "")

    def each(self, name: str) -> Iterator[str]:
        return (value for key, value in self.attributes if key == name)


class Offer(NamedTuple):
    """What is left of an offer."""

    sections: tuple[Section, ...]
    audio: int
    """Which of the sections is answered."""
    bundled: bool
    username: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    payload_type: int
    parameters: str
    direction: str


class Local(NamedTuple):
    """What an answer tells about us."""

    username: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]
    ssrc: int


def read_offer(sdp: str) -> Offer:
    """What we need of an offer. Raises `BadOffer`."""
    if len(sdp) > MAX_LENGTH:
        raise BadOffer("it is too long")
    session, sections = _sections(sdp.splitlines())
    found = next(((i, pt) for i, s in enumerate(sections) if (pt := _opus(s)) is not None), None)
    if found is None:
        raise BadOffer("it has no audio in Opus")
    at, payload_type = found
    audio = _with_defaults(sections[at], session)
    if ("rtcp-mux", "") not in audio.attributes or audio.first("setup") not in ("actpass", "passive"):
        raise BadOffer("rtcp-mux or a passive DTLS side is missing")
    return Offer(
        sections=sections,
        audio=at,
        bundled=any(value.split(" ")[0] == "BUNDLE" for value in session.each("group")),
        username=_checked(audio, "ice-ufrag"),
        password=_checked(audio, "ice-pwd"),
        fingerprints=_fingerprints(audio),
        payload_type=payload_type,
        parameters=_parameters(audio, payload_type),
        direction=next((key for key, _ in audio.attributes if key in ANSWERED), "sendrecv"),
    )


def _sections(lines: Iterable[str]) -> tuple[Section, tuple[Section, ...]]:
    """The session's own attributes as a section, then the `m=` sections."""
    heads: list[re.Match[str] | None] = [None]
    attributes: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        if line.startswith("m="):
            head = _SECTION.fullmatch(line.rstrip())
            if head is None or len(heads) > MAX_SECTIONS:
                raise BadOffer("a section can't be read, or there are too many")
            heads.append(head)
            attributes.append([])
        elif line.startswith("a="):
            name, _, value = line[2:].rstrip().partition(":")
            attributes[-1].append((name, value))
    session = Section("", "", "", tuple(attributes[0]))
    return session, tuple(
        Section(head["kind"], head["protocol"], head["formats"].strip(), tuple(own))
        for head, own in zip(heads, attributes, strict=True)
        if head is not None and _has_good_mid(own)
    )


def _has_good_mid(attributes: list[tuple[str, str]]) -> bool:
    if all(_MID.fullmatch(value) for key, value in attributes if key == "mid"):
        return True
    raise BadOffer("a section has no proper mid")


def _opus(section: Section) -> int | None:
    """The payload type of Opus in a section that we can answer."""
    if section.kind != "audio" or section.protocol not in PROTOCOLS:
        return None
    listed = section.formats.split(" ")
    types = (match[1] for value in section.each("rtpmap") if (match := _OPUS.fullmatch(value)))
    return next((int(one) for one in types if one in listed and int(one) in PAYLOAD_TYPES), None)


def _with_defaults(section: Section, session: Section) -> Section:
    """Attributes of the session hold for a section that doesn't say otherwise."""
    own = {key for key, _ in section.attributes}
    added = tuple((key, value) for key, value in session.attributes if key not in own)
    return section._replace(attributes=section.attributes + added)


def _checked(section: Section, name: str) -> str:
    value = section.first(name)
    if not _ICE_CHARACTERS[name].fullmatch(value):
        raise BadOffer(f"{name} is missing or malformed")
    return value


def _fingerprints(section: Section) -> tuple[tuple[str, str], ...]:
    lines = list(section.each("fingerprint"))
    found = [match for line in lines if (match := _FINGERPRINT.fullmatch(line))]
    if not lines or len(found) != len(lines) or len(lines) > MAX_FINGERPRINTS:
        raise BadOffer("a fingerprint is missing or malformed")
    return tuple((match[1].lower(), match[2].upper()) for match in found)


def _parameters(section: Section, payload_type: int) -> str:
    prefix = f"{payload_type} "
    text = next((value.removeprefix(prefix) for value in section.each("fmtp") if value.startswith(prefix)), "")
    pairs = (match for part in text.split(";") if (match := _PARAMETER.fullmatch(part.strip())))
    return ";".join(match[0] for match in pairs if match[1] in KEPT_PARAMETERS)


def write_answer(offer: Offer, local: Local) -> str:
    """Our answer: the audio section, every other one refused."""
    lines = ["v=0", f"o=- {local.ssrc} 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    mid = offer.sections[offer.audio].first("mid")
    if offer.bundled and mid:
        lines.append(f"a=group:BUNDLE {mid}")
    for at, section in enumerate(offer.sections):
        lines += _accepted(offer, local) if at == offer.audio else _refused(section)
    return "\r\n".join(lines) + "\r\n"


def _refused(section: Section) -> list[str]:
    mid = section.first("mid")
    lines = [f"m={section.kind} 0 {section.protocol} {section.formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{mid}"] if mid else lines


def _accepted(offer: Offer, local: Local) -> list[str]:
    section, payload_type = offer.sections[offer.audio], offer.payload_type
    mid = section.first("mid")
    return [
        f"m=audio 9 {section.protocol} {payload_type}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-mux",
        *([f"a=mid:{mid}"] if mid else []),
        f"a={ANSWERED[offer.direction]}",
        "a=msid:openline sound",
        f"a=rtpmap:{payload_type} opus/48000/2",
        *([f"a=fmtp:{payload_type} {offer.parameters}"] if offer.parameters else []),
        f"a=ice-ufrag:{local.username}",
        f"a=ice-pwd:{local.password}",
        *(f"a=fingerprint:{name} {value}" for name, value in local.fingerprints),
        "a=setup:active",
        *(f"a=candidate:{candidate}" for candidate in local.candidates),
        "a=end-of-candidates",
        f"a=ssrc:{local.ssrc} cname:openline",
    ]
