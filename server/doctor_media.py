"""What `openline doctor` says of media workers: whether there are any where audio can't do without, and whether
browsers elsewhere can come to them."""

import socket
from contextlib import closing, suppress
from ipaddress import ip_address

from directory.expert import Expert, Pool
from directory.profiles import Profiles
from directory.rates import rate_of
from ground.checkup import schema_revisions
from ground.sql import Database
from ground.store import Store
from server.config import Config
from server.embedded_run import at_hand
from server.findings import Finding
from sessions.media.workers import Listed, Workers

SUBJECT = "media workers"
ADDRESSES = "media addresses"
_OUTSIDE = ("192.0.2.1", 9)
"""Where nobody is (RFC 5737); nothing is sent there."""


async def media(config: Config) -> Finding:
    """Raises what store and database raise."""
    async with at_hand(config) as ready:
        store = await Store.open(ready.store)
        try:
            listed = await Workers(store).listed()
        finally:
            await store.close()
    return judge(listed, await _needing(config), config)


def reach(config: Config) -> list[Finding]:
    """What keeps browsers elsewhere from the media workers that this server starts; nothing, as far as can be seen."""
    media = config.media
    if config.is_reached_here_only or not media.workers or media.announce or media.private:
        return []
    told = media.hosts or _own_address()
    if not told or any(ip_address(address).is_global for address in told):
        return []
    text = f"browsers are told to send their sound to {', '.join(told)}, in a private network"
    way_out = "set OPENLINE_MEDIA_ANNOUNCE to the outside address (OPENLINE_MEDIA_PRIVATE=1: all are inside)"
    return [Finding("warn", ADDRESSES, text, way_out)]


def _own_address() -> tuple[str, ...]:
    """From which of our addresses the system would send to the outside; none where it can't."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as out, suppress(OSError):
        out.connect(_OUTSIDE)
        return (str(out.getsockname()[0]),)
    return ()


async def _needing(config: Config) -> list[str]:
    """The pools in which some expert's audio goes through a media worker."""
    current, head = await schema_revisions(config.database)
    if current != head:
        return []
    database = await Database.open(config.database)
    try:
        profiles = Profiles(database)
        return [pool.pool for pool in await profiles.pools() if needs(pool, await profiles.experts(pool.pool))]
    finally:
        await database.close()


def needs(pool: Pool, experts: list[Expert]) -> bool:
    """Whether some of the pool's audio costs something, is recorded, or comes by telephone."""
    options = pool.options
    always = options.bridge_audio or options.recording
    return any(
        "phone" in expert.modes or ("audio" in expert.modes and (always or rate_of(expert, "audio", options) > 0))
        for expert in experts
    )


def judge(listed: list[Listed], needing: list[str], config: Config) -> Finding:
    """What that means."""
    if listed:
        carries, most = sum(one.carries for one in listed), sum(one.most for one in listed)
        text = f"{len(listed)} there, with {carries} of {most} sessions"
        full = carries >= most
        return Finding("warn" if full else "ok", SUBJECT, text, "start another: openline media --help" if full else "")
    if not needing:
        return Finding("ok", SUBJECT, "none there, and no pool needs one: free audio flows from browser to browser")
    starts = f"start the server, which starts {config.media.workers}, or" if config.media.workers else "start one:"
    text = f"none there, but audio of {', '.join(needing[:3])} has to flow through one"
    return Finding("warn", SUBJECT, text, f"{starts} openline media (see openline media --help)")
