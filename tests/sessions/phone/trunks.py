"""Trunks for tests: on loopback, where a peer is called by its address."""

from sessions.phone.trunk import Trunk, trunk_of
from tests.ports import LOOPBACK


def loopback(options: str = "", *, secret: str = "", port: int = 9) -> Trunk:
    """A trunk at a port of this machine; with port 9 there is none, only peers by their addresses."""
    text = f"sip:openline@{LOOPBACK}:{port};local={LOOPBACK};addresses=yes{options}"
    trunk = trunk_of({"OPENLINE_SIP_TRUNK": text, "OPENLINE_SIP_SECRET": secret})
    assert trunk
    return trunk
