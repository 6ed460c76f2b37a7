"""Where a worker may send to: pure rules about the addresses that a browser comes from.

The candidates in an offer are not used at all. A browser checks our addresses by itself, and each check that carries
the right password shows where it can be reached (a peer-reflexive candidate, RFC 8445, 7.3.1.3). So no list, no name
and no address that a client writes down can make us send a single packet anywhere.
"""

import ipaddress

MAX_SOURCES = 16
"""From how many addresses one browser may come; each costs us a few checks."""

Address = tuple[str, int]


def may_reach(host: str, allow_private: bool) -> bool:
    """Whether we send to an address: public ones only, and those of one's own network where the settings say so."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    if found.is_multicast or found.is_unspecified or str(found) == "255.255.255.255":
        return False
    return allow_private or found.is_global


class Sources:
    """The addresses that one browser may come from: the first few that may be reached."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._hosts: dict[str, bool] = {}
        self._taken: set[Address] = set()

    def may_come(self, address: Address) -> bool:
        """Whether who sends from an address is listened to at all: one that was taken, or may still be."""
        return address in self._taken or (len(self._taken) < MAX_SOURCES and self._may_reach(address[0]))

    def _may_reach(self, host: str) -> bool:
        """Remembers a few answers."""
        known = self._hosts.get(host)
        if known is None:
            known = may_reach(host, self._allow_private)
            if len(self._hosts) < MAX_SOURCES:
                self._hosts[host] = known
        return known

    def take(self, address: Address) -> bool:
        """Whether an address that showed the right password is one of the first `MAX_SOURCES`."""
        if self.may_come(address):
            self._taken.add(address)
        return address in self._taken
