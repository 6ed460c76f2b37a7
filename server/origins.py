"""Where a request comes from: its address behind trusted proxies, its Host, its Origin. Pure functions over headers."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from server.limits import network_of

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)


class WrongHost(ValueError):
    """The Host header is missing, doubled, malformed or not one of ours."""


class WrongOrigin(ValueError):
    """The Origin header names a page that may not talk to us."""


@dataclass(frozen=True, slots=True)
class Came:
    """What is known of a request before any byte of it is believed."""

    address: str
    secure: bool
    host: str

    @property
    def network(self) -> str:
        return network_of(self.address)

    @property
    def own_origin(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}"


class Gate:
    """The deployment's lists: hosts we answer for, origins that may open sockets, proxies whose word counts.

    A host without a port stands for any port. Raises ValueError for a proxy that is no address or network.
    """

    def __init__(self, hosts: tuple[str, ...], origins: tuple[str, ...], trusted_proxies: tuple[str, ...]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)
        self._proxies = tuple(ip_network(proxy) for proxy in trusted_proxies)

    def came(self, peer: str, hosts: list[str], forwarded_for: list[str], proto: list[str], *, tls: bool) -> Came:
        """Raises WrongHost. X-Forwarded-* count only when the peer itself is a trusted proxy."""
        host = self.check_host(hosts)
        if not self._trusted(peer):
            return Came(peer, tls, host)
        return Came(self._client(peer, forwarded_for), tls or proto == ["https"], host)

    def check_host(self, hosts: list[str]) -> str:
        """The one Host header, in lower case. Raises WrongHost."""
        if len(hosts) != 1:
            raise WrongHost("one Host header is needed")
        host = hosts[0].lower()
        parts = _HOST.fullmatch(host)
        if parts is None or (host not in self._hosts and parts.group(1) not in self._hosts):
            raise WrongHost("not a host of this server")
        return host

    def check_origin(self, origins: list[str], came: Came, *, needed: bool) -> None:
        """Exact comparison, no patterns. An absent Origin passes unless `needed` (a cookie speaks for someone);
        `null` never passes. Raises WrongOrigin."""
        if not origins:
            if needed:
                raise WrongOrigin("an Origin header is needed with a cookie")
            return
        if len(origins) != 1 or (origins[0] != came.own_origin and origins[0] not in self._origins):
            raise WrongOrigin("this origin may not open a socket here")

    def _trusted(self, address: str) -> bool:
        try:
            at = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(at in proxy for proxy in self._proxies)

    def _client(self, peer: str, forwarded_for: list[str]) -> str:
        """From the right, the first address that is no trusted proxy: what stands left of it anybody can write."""
        address = peer
        for part in reversed([part.strip() for line in forwarded_for for part in line.split(",")]):
            try:
                address = str(ip_address(part))
            except ValueError:
                return address
            if not self._trusted(address):
                return address
        return address
