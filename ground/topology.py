"""Where a pool lives: which node of the store answers for it.

One standalone server, the primary that sentinels name, or the cluster node that holds the pool's slot. The
cluster's map is kept here, so that a pool's calls go out as one plain pipeline and a moved slot is no error.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection, ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot

from ground import keys

CONNECT_S = 3.0
_OPTIONS: dict[str, Any] = {
    # The client must not repeat a command by itself: a repeated command has a doubled effect.
    "retry_on_error": [],
    "socket_connect_timeout": CONNECT_S,
    "socket_timeout": None,
    "health_check_interval": 0,
    # Answers are packed maps of our own; RESP2 is the smaller and older of the two framings.
    "protocol": 2,
}
COMMANDS_MAX = 64
LISTENERS_MAX = 10_000
"""Each pool that a process follows holds a connection for good, so followers have a connection pool of their own."""


def _options(most: int = COMMANDS_MAX) -> dict[str, Any]:
    return {**_OPTIONS, "max_connections": most, "retry": Retry(NoBackoff(), 0)}


class Topology(Protocol):
    """The nodes of one store."""

    def node(self, pool: str) -> Redis:
        """The node that answers for `pool` as far as is known."""
        ...

    def listener(self, pool: str) -> Redis:
        """The same node, for a connection that is kept to listen on."""
        ...

    async def primaries(self) -> list[Redis]:
        """Every node that takes writes."""
        ...

    async def refresh(self) -> None:
        """Look again who is where (after a MOVED answer or a lost connection)."""
        ...

    async def aclose(self) -> None: ...


class OneNode:
    """A standalone server, or the primary behind sentinels (whose client asks them at each new connection)."""

    def __init__(self, client: Redis, listener: Redis, sentinels: Sequence[Redis] = ()) -> None:
        self._client = client
        self._listener = listener
        self._sentinels = sentinels

    def node(self, pool: str) -> Redis:
        return self._client

    def listener(self, pool: str) -> Redis:
        return self._listener

    async def primaries(self) -> list[Redis]:
        return [self._client]

    async def refresh(self) -> None:
        for client in (self._client, self._listener):
            await _forget_idle(client.connection_pool)

    async def aclose(self) -> None:
        for client in (self._client, self._listener, *self._sentinels):
            await client.aclose()


async def _forget_idle(pool: ConnectionPool) -> None:
    """Close the connections that nobody uses.

    Not by the pool's own `disconnect`: it closes a little later what is idle now, and somebody's call may have taken
    that meanwhile.
    """
    idle: list[AbstractConnection] = pool._available_connections[:]
    pool._available_connections.clear()
    await asyncio.gather(*(connection.disconnect() for connection in idle), return_exceptions=True)


class ClusterNodes:
    """A cluster: the map of slots, read from any node that answers."""

    def __init__(self, seeds: list[tuple[str, int]], options: dict[str, Any]) -> None:
        self._seeds = seeds
        self._options = options
        self._clients: dict[tuple[str, int], Redis] = {}
        self._listeners: dict[tuple[str, int], Redis] = {}
        self._ranges: list[tuple[int, int, tuple[str, int]]] = []

    def _client(self, address: tuple[str, int]) -> Redis:
        if address not in self._clients:
            self._clients[address] = Redis(host=address[0], port=address[1], **_options(), **self._options)
        return self._clients[address]

    def node(self, pool: str) -> Redis:
        return self._client(self._address(pool))

    def listener(self, pool: str) -> Redis:
        address = self._address(pool)
        if address not in self._listeners:
            host, port = address
            self._listeners[address] = Redis(host=host, port=port, **_options(LISTENERS_MAX), **self._options)
        return self._listeners[address]

    def _address(self, pool: str) -> tuple[str, int]:
        slot = key_slot(keys.prefix(pool).encode())
        return next((address for first, last, address in self._ranges if first <= slot <= last), self._seeds[0])

    async def primaries(self) -> list[Redis]:
        if not self._ranges:
            await self.refresh()
        return [self._client(address) for address in dict.fromkeys(r[2] for r in self._ranges)]

    async def refresh(self) -> None:
        known = [*self._clients, *self._seeds]
        for i, address in enumerate(dict.fromkeys(known)):
            try:
                slots = await self._client(address).execute_command("CLUSTER SLOTS")
            except Exception:
                if i == len(set(known)) - 1:
                    raise
                continue
            self._ranges = _ranges(slots, address[0])
            return

    async def aclose(self) -> None:
        for client in (*self._clients.values(), *self._listeners.values()):
            await client.aclose()


def _ranges(slots: Any, asked: str) -> list[tuple[int, int, tuple[str, int]]]:
    """The map out of a CLUSTER SLOTS answer; a node that doesn't know its own host is the one that was asked.

    redis-py turns the answer into {(first, last): {"primary": (host, port, ...)}}; else a list.
    """
    if isinstance(slots, dict):
        rows = [(first, last, entry["primary"][0], entry["primary"][1]) for (first, last), entry in slots.items()]
    else:
        rows = [(row[0], row[1], row[2][0], row[2][1]) for row in slots]
    found = []
    for first, last, host, port in rows:
        name = host.decode() if isinstance(host, bytes) else host
        found.append((int(first), int(last), (name or asked, int(port))))
    return found


def _addresses(netloc: str, default_port: int) -> list[tuple[str, int]]:
    hosts = netloc.rpartition("@")[2].split(",")
    pairs = [host.rpartition(":") if ":" in host else (host, "", str(default_port)) for host in hosts]
    return [(name, int(port)) for name, _, port in pairs]


def _credentials(netloc: str) -> dict[str, Any]:
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return {k: v for k, v in (("username", user), ("password", password)) if v}


def topology(url: str) -> Topology:
    """The topology behind an address.

    redis://, rediss://, valkey://, valkeys://, unix:// (one server); redis+sentinel://host:port,.../service;
    redis+cluster://host:port,... ; rediss+cluster:// with TLS. Raises ValueError for any other.
    """
    scheme, given, _ = url.partition("://")
    parts = urlsplit(url)
    if given and scheme in ("redis", "rediss", "valkey", "valkeys", "unix"):
        plain = url.replace("valkey", "redis", 1) if scheme.startswith("valkey") else url
        parse_url(plain)
        return OneNode(Redis.from_url(plain, **_options()), Redis.from_url(plain, **_options(LISTENERS_MAX)))
    login = _credentials(parts.netloc)
    if scheme == "redis+sentinel":
        service = parts.path.strip("/") or "mymaster"
        sentinel = Sentinel(_addresses(parts.netloc, 26379), sentinel_kwargs={"socket_timeout": CONNECT_S})
        master = cast(Redis, sentinel.master_for(service, **_options(), **login))
        listener = cast(Redis, sentinel.master_for(service, **_options(LISTENERS_MAX), **login))
        return OneNode(master, listener, sentinel.sentinels)
    if scheme in ("redis+cluster", "rediss+cluster"):
        return ClusterNodes(_addresses(parts.netloc, 6379), {**login, "ssl": scheme.startswith("rediss")})
    raise ValueError(f"not a store address: {scheme}://")
