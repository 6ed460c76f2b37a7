"""Every key of the live store, spelled once. The loader writes the same spelling into the Lua (`K.line(p, expert)`).

All keys of a pool carry the hash tag `{pool}`: they lie in one slot, so that one call can change them together.
"""

PREFIX = "ol:{%s}"

PLAIN = (
    "head",  # hash: epoch, seq, at (time of the last entry), n (id counter)
    "settings",  # string: the pool's settings, packed
    "journal",  # stream of entries, id <seq>-0
    "live",  # sharded channel: the same entries, and whispers
    "deadlines",  # sorted set: "<kind>:<id>" by due time
    "experts",  # hash: expert → packed record
    "tickets",  # hash: ticket → packed record, until done
    "offers",  # hash: offer → packed record, while ringing
    "sessions",  # hash: session → packed record, until an hour after the end
    "users",  # hash: user → ticket
    "workers",  # hash: media worker → packed record, in the pool of all workers
    "carried",  # hash: media worker → packed list of sessions
    "present",  # hash: "<side>:<member>" → packed list of processes
    "ordinals",  # hash: expert → the last ordinal given in their line
    "stats",  # hash: counters joined, served, left, unexplained
    "leader",  # hash: process, until, token
)
OF_ONE = (
    "line",  # sorted set of one expert: ticket by ordinal
    "held",  # set of one process: "<side>:<member>"
    "op",  # string: the packed answer of one operation
    "chat",  # list of one session: packed messages
)


def prefix(pool: str) -> str:
    """The prefix all keys of `pool` start with; it is the one key handed to every function."""
    return PREFIX % pool


def key(pool: str, name: str, of: str = "") -> str:
    """The key `name` of `pool`, for the object `of` where each has its own. Raises KeyError for an unknown name."""
    if name in PLAIN and not of:
        return f"{prefix(pool)}:{name}"
    if name in OF_ONE and of:
        return f"{prefix(pool)}:{name}:{of}"
    raise KeyError(name)


def lua() -> str:
    """The same table as Lua source: `K.name(p)` and `K.name(p, id)`."""
    lines = ["local K = {}"]
    lines += [f'function K.{name}(p) return p .. ":{name}" end' for name in PLAIN]
    lines += [f'function K.{name}(p, id) return p .. ":{name}:" .. id end' for name in OF_ONE]
    return "\n".join(lines) + "\n"
