"""What `openline doctor` says of a coturn that shares a secret with us: does it take our credentials, and is it shut
towards the networks that it stands in."""

import asyncio
import ssl
import time

from server.doctor_net import PATIENCE_S, parse_ice
from server.findings import Finding
from sessions.turn import TurnServers, credentials
from sessions.turn_probe import TurnAnswer, probe

_UNAUTHORIZED = 401
_REACH = "check OPENLINE_TURN_URLS and that the firewall lets it through"
_SETUP = "deploy/coturn/README.md"


async def turn(servers: TurnServers) -> list[Finding]:
    """One finding for each address, all asked at once."""
    return list(await asyncio.gather(*(_one(servers, url) for url in servers.urls)))


async def _one(servers: TurnServers, url: str) -> Finding:
    access = credentials(servers, "doctor", "doctor", "user", now_ms=time.time_ns() // 1_000_000)
    try:
        scheme, host, port, transport = parse_ice(url)
        async with asyncio.timeout(PATIENCE_S):
            return judge(url, await probe(host, port, access, transport=transport, tls=scheme == "turns"))
    except ssl.SSLCertVerificationError as error:
        text = f"{url}: browsers won't trust its certificate: {error.verify_message}"
        return Finding("fail", "turn", text, f"give coturn a certificate for that name (cert and pkey, {_SETUP})")
    except (OSError, TimeoutError, ValueError) as error:
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s"
    return Finding("fail", "turn", f"{url}: {text}", _REACH)


def judge(url: str, answer: TurnAnswer) -> Finding:
    """What that means."""
    if answer.refused == _UNAUTHORIZED:
        way_out = f"the same secret belongs into its static-auth-secret and into OPENLINE_TURN_SECRET_FILE ({_SETUP})"
        return Finding("fail", "turn", f"{url}: does not take our credentials", way_out)
    if answer.refused:
        way_out = "read what coturn's log says of it"
        return Finding("fail", "turn", f"{url}: gives no allocation (code {answer.refused})", way_out)
    if answer.sends_to:
        text = f"{url}: sends what strangers hand it to {', '.join(answer.sends_to)}"
        return Finding("fail", "turn", text, f"deny private networks as deploy/coturn/turnserver.conf does ({_SETUP})")
    return Finding("ok", "turn", f"{url}: takes our credentials, sends nothing into private networks")
