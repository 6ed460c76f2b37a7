"""`openline doctor`: asks the store, the database and the network, and says what is wrong and what to do.

Every question has a deadline, so that a dead address costs seconds, never the answer to the other questions.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from billing.deposits.processor import Processor, ProcessorDown, ProcessorRefused, Settings
from ground.checkup import schema_revisions, store_facts
from ground.embedded import NoStoreBinary, binary
from server import doctor_folders, doctor_media, doctor_net, doctor_phone, doctor_turn
from server.config import Config, without_password
from server.embedded_run import at_hand
from server.findings import Finding, judge_clock, judge_python, judge_schema, judge_store
from server.paying import processor_of

PATIENCE_S = 5.0


async def examine(config: Config, environ: Mapping[str, str]) -> list[Finding]:
    """All findings, in the order in which they are best read."""
    found = [judge_python(sys.version_info[:3])]
    if config.embedded:
        found.append(_embedded_binary())
    found += await _guard("store", _store_address(config), lambda: _store(config))
    found += await _guard("database", without_password(config.database), lambda: _database(config))
    if not any(one.verdict == "fail" for one in found):  # else that is what there is to say
        found.append(await _media(config))
        found += await _phones(config)
    found += doctor_media.reach(config)
    if config.phone.trunk:
        found.append(await doctor_phone.trunk(config.phone.trunk))
    found += doctor_folders.folders(config)
    found.append(await doctor_net.port(config.host, config.port))
    for server in config.ice_servers:
        for url in server.urls:
            found.append(await doctor_net.ice(url))
    if config.turn:
        found += await doctor_turn.turn(config.turn)
    if settings := processor_of(config):
        found.append(await _processor(settings))
    if address := environ.get("OPENLINE_SMTP_URL"):
        found.append(await doctor_net.smtp(address))
    else:
        way_out = "set OPENLINE_SMTP_URL, OPENLINE_MAIL_FROM and OPENLINE_BASE_URL, or let the operator read them"
        found.append(Finding("warn", "smtp", "no mail server: mails wait in the outbox", way_out))
    return found


def _store_address(config: Config) -> str:
    return "the embedded store" if config.embedded else without_password(config.store)


def _embedded_binary() -> Finding:
    try:
        return Finding("ok", "embedded store", f"runs {binary()}")
    except NoStoreBinary as error:
        return Finding("fail", "embedded store", "no binary for this machine", f"{error}; or name a store with --store")


async def _guard(subject: str, where: str, ask: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """The findings of `ask`, or that there was no answer."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return [Finding("ok", subject, f"{where} answers"), *await ask()]
    except TimeoutError:
        text = f"{where} did not answer within {PATIENCE_S:.0f} s"
    except Exception as error:  # whatever a driver raises: the doctor reports it and goes on
        text = f"{where}: {without_password(str(error).splitlines()[0] if str(error) else type(error).__name__)}"
    return [Finding("fail", subject, text, f"check the address (--{subject}), the network and the password")]


async def _store(config: Config) -> list[Finding]:
    async with at_hand(config) as ready:
        nodes = await store_facts(ready.store)
        clock = judge_clock(nodes[-1].time_ms, time.time_ns() // 1_000_000)
    # A cluster's primaries mostly agree; what they say alike is said once.
    return [*dict.fromkeys(found for facts in nodes for found in judge_store(facts)), clock]


async def _media(config: Config) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await doctor_media.media(config)
    except Exception as error:  # as in `_guard`
        way_out = "ask again; what is said of store and database comes first"
        return Finding("fail", doctor_media.SUBJECT, f"not known: {type(error).__name__}", way_out)


async def _phones(config: Config) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await doctor_phone.phones(config)
    except Exception as error:  # as in `_guard`
        way_out = "ask again; what is said of store and database comes first"
        return [Finding("fail", doctor_phone.SUBJECT, f"not known: {type(error).__name__}", way_out)]


async def _processor(settings: Settings) -> Finding:
    processor = Processor(settings, time.time)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await processor.check()
    except (ProcessorDown, ProcessorRefused, TimeoutError):
        way_out = "check OPENLINE_STRIPE_KEY, OPENLINE_STRIPE_API and the network"
        return Finding("fail", "card processor", f"{settings.api} does not answer, or not to this key", way_out)
    finally:
        await processor.close()
    return Finding("ok", "card processor", f"{settings.api} answers and takes the key")


async def _database(config: Config) -> list[Finding]:
    current, head = await schema_revisions(config.database)
    return [judge_schema(current, head)]
