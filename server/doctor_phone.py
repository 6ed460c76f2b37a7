"""What `openline doctor` says of telephones: whether those that pools offer can be called at all."""

import asyncio
import ssl
from pathlib import Path

from directory.profiles import Profiles
from ground.checkup import schema_revisions
from ground.sql import Database
from ground.store import Store
from server.config import Config
from server.embedded_run import at_hand
from server.findings import Finding
from sessions.media.workers import Listed, Workers
from sessions.phone.trunk import Trunk
from sessions.phone.trunk_probe import probe
from sessions.speech.speech import OFF

SUBJECT = "telephones"
SPEECH = "speech"
TRUNK = "sip trunk"
PATIENCE_S = 3.0
_WAYS = "OPENLINE_SIP_TRUNK or OPENLINE_ARI"


async def phones(config: Config) -> list[Finding]:
    """Nothing where nobody offers them. Raises what store and database raise."""
    calling, silent = await _pools(config)
    if not (calling or silent or config.phone.calls):
        return []
    async with at_hand(config) as ready:
        store = await Store.open(ready.store)
        try:
            listed = await Workers(store).listed()
        finally:
            await store.close()
    return judge(listed, calling, silent, config)


async def _pools(config: Config) -> tuple[list[str], list[str]]:
    """The pools that call numbers, and those whose experts offer sessions by telephone that nobody is called for."""
    current, head = await schema_revisions(config.database)
    if current != head:
        return [], []
    database = await Database.open(config.database)
    try:
        profiles = Profiles(database)
        pools = await profiles.pools()
        calling = [pool.pool for pool in pools if pool.options.phone_regions]
        others = [pool.pool for pool in pools if not pool.options.phone_regions]
        offering = [p for p in others if any("phone" in one.modes for one in await profiles.experts(p))]
    finally:
        await database.close()
    return calling, offering


def _speech(listed: list[Listed], config: Config) -> Finding:
    """Whether codes and announcements are said."""
    silent = sum(1 for one in listed if one.lines and not one.speaks)
    if config.phone.speech == OFF:
        return Finding("ok", SPEECH, "turned off: numbers are confirmed by keys, announcements are tones")
    if not silent:
        return Finding("ok", SPEECH, "codes and announcements are said in words")
    text = f"media workers that can't speak: {silent}. Numbers are confirmed by keys there, announcements are tones"
    return Finding("warn", SPEECH, text, "install espeak-ng beside them (OPENLINE_SPEECH=off: leave it so)")


async def trunk(trunk: Trunk) -> Finding:
    """Whether the trunk is there, as seen from this machine. Trunks may keep quiet to who only asks, so that no answer
    is no failure."""
    way_out = "check OPENLINE_SIP_TRUNK (host, port, transport), and that the firewall lets it through"
    if trunk.ca and not _is_file(trunk.ca):
        return Finding("fail", TRUNK, f"there is no file {trunk.ca}", "name another as ca in OPENLINE_SIP_TRUNK")
    try:
        async with asyncio.timeout(PATIENCE_S):
            status = await probe(trunk)
        return Finding("ok", TRUNK, f"{trunk.at} answers over {trunk.transport} ({status})")
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "no TLS"
        text = f"{trunk.at}: its certificate is not trusted, so no call goes out: {why}"
        return Finding("fail", TRUNK, text, "name its authority's file as ca in OPENLINE_SIP_TRUNK")
    except (OSError, TimeoutError, ValueError) as error:
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s, to who only asks at least"
    return Finding("warn", TRUNK, f"{trunk.at}: {text}", way_out)


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def judge(listed: list[Listed], calling: list[str], silent: list[str], config: Config) -> list[Finding]:
    """What that means."""
    found, lines = [], sum(worker.lines for worker in listed)
    if silent:
        text = f"experts of {', '.join(silent[:3])} offer sessions by telephone, but the pool calls no country"
        found.append(Finding("warn", SUBJECT, text, f"openline pool set {silent[0]} --phone-region DE"))
    if lines:
        found += [Finding("ok", SUBJECT, f"{lines} lines are free"), _speech(listed, config)]
    elif config.phone.calls:
        text = "no line is free: no media worker with a telephone is there, or all of its lines are taken"
        found.append(Finding("warn", SUBJECT, text, "start the server, or see the log of openline media"))
    elif calling:
        text = f"{', '.join(calling[:3])} calls numbers, but nothing says how"
        found.append(Finding("warn", SUBJECT, text, f"set {_WAYS} for the media workers (see openline media --help)"))
    return found
