"""How much one connection, one member and one address may ask. Pure: time is an argument (seconds, monotonic)."""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

MESSAGE_BYTES: Final = 64 * 1024
FRAGMENTS: Final = 64
QUEUED_MESSAGES: Final = 32


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a second on average."""

    burst: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The door's bounds. Seconds, and counts."""

    hello_s: float = 15.0
    command_s: float = 15.0
    close_s: float = 5.0
    stall_s: float = 5.0
    # An expert whose cable was pulled must not look present for longer than 15 s, and 5 s of that are the pool's
    # `presence_grace_ms`, one the sweep's; a guest only costs memory.
    member_ping_s: float = 4.0
    member_silence_s: float = 9.0
    guest_ping_s: float = 20.0
    guest_silence_s: float = 40.0
    connections: int = 50_000
    connections_per_address: int = 200
    connections_per_member: int = 8
    bad_messages: int = 5
    bad_window_s: float = 60.0
    # A client that goes on and on while it is refused for its rate is cut off.
    refusals_before_close: int = 100
    frames: Rate = Rate(400, 200)
    per_connection: Rate = Rate(100, 20)
    per_member: Rate = Rate(200, 40)
    handshakes_per_address: Rate = Rate(200, 50)
    sign_ins_per_address: Rate = Rate(20, 0.5)
    passwords_per_account: Rate = Rate(10, 10 / 3600)


class Bucket:
    """A token bucket."""

    __slots__ = ("at", "tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self.tokens = rate.burst
        self.at = now

    def take(self, rate: Rate, now: float, cost: int = 1) -> float:
        """0 when it may, and `cost` tokens are gone; else the seconds until it may."""
        self.tokens = min(rate.burst, self.tokens + (now - self.at) * rate.per_s)
        self.at = now
        if self.tokens < cost:
            return (cost - self.tokens) / rate.per_s
        self.tokens -= cost
        return 0.0

    def is_full(self, rate: Rate, now: float) -> bool:
        return self.tokens + (now - self.at) * rate.per_s >= rate.burst


class Buckets:
    """One bucket per name (an address, a member), at most `room`: who was seen longest ago is forgotten first, and
    that is someone whose bucket has long been full again unless more than `room` names are busy at once."""

    def __init__(self, rate: Rate, room: int = 100_000) -> None:
        self._rate = rate
        self._room = room
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str, now: float, cost: int = 1) -> float:
        """0 when `name` may; else the seconds until it may."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._rate, now)
            if len(self._buckets) > self._room:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket.take(self._rate, now, cost)

    def sweep(self, now: float, most: int = 1000) -> None:
        """Forget those that are full again, from the oldest on."""
        for _ in range(min(most, len(self._buckets))):
            name, bucket = next(iter(self._buckets.items()))
            if not bucket.is_full(self._rate, now):
                return
            del self._buckets[name]

    def __len__(self) -> int:
        return len(self._buckets)


class Counted:
    """How many each name holds now, up to `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[str, int] = {}

    def enter(self, name: str) -> bool:
        """False, and nothing is held, when `name` holds as many as it may."""
        held = self._held.get(name, 0)
        if held >= self.most:
            return False
        self._held[name] = held + 1
        return True

    def leave(self, name: str) -> None:
        held = self._held.get(name, 0)
        if held > 1:
            self._held[name] = held - 1
        else:
            self._held.pop(name, None)

    def held(self, name: str) -> int:
        return self._held.get(name, 0)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which one household has whole."""
    try:
        at = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(at, IPv4Address):
        return str(at)
    return str(at.ipv4_mapped) if at.ipv4_mapped else str(ip_network((at, 64), strict=False))


def is_own_machine(address: str) -> bool:
    """Loopback and unix sockets: a proxy of ours that is not named, a bench, a test. Counting them as one client
    would lock everybody out together."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == ""
