"""Where a one-use sign-in link leads, and the mails that bring one."""

from typing import Final
from urllib.parse import urlencode

from ground.clock import SystemClock
from ground.sql import Database
from identity.accounts import INVITED_S, Kind, Write
from identity.links import TTL_S, Links
from identity.tokens import Member
from server.config import Config
from server.mail_texts import chosen, written

SIGN_IN_PATH = "/sign-in"
_DAYS: Final = INVITED_S // 86_400
_MINUTES: Final = TTL_S // 60


async def sign_in_url(
    db: Database, base: str, pool: str, role: Member, subject: str, name: str = "", *, ttl_s: int = TTL_S
) -> str:
    """A link below `base` that signs `subject` in, once, within `ttl_s` seconds."""
    token = await Links(db).create(pool, role, subject, name, now=SystemClock().now_ms(), ttl_s=ttl_s)
    return url_of(base, token, pool, role)


def url_of(base: str, token: str, pool: str, role: Member = "user") -> str:
    """The link of a token; with `pool` and `role` its page offers another way when the token is no good.

    It stands behind the #: browsers send it to no server, no log and no Referer; the page posts it.
    """
    asked = {"pool": pool} if role == "user" else {"pool": pool, "role": role}
    return f"{base.rstrip('/')}{SIGN_IN_PATH}?{urlencode(asked)}#{token}"


def base_of(config: Config) -> str:
    """Where people reach this server. Never what a request says: its Host may be anybody's."""
    return config.base_url or f"http://localhost:{config.port}"


def mails(config: Config, pool: str, pool_name: str, *wanted: str, role: Member = "user") -> Write:
    """What writes the mails of `pool`; `wanted` are language tags, of the browser for example, for whoever has no
    language yet."""
    base = base_of(config)

    def write(kind: Kind, language: str, token: str, name: str) -> tuple[str, str]:
        link = url_of(base, token, pool, role) if token else f"{base}{SIGN_IN_PATH}?{urlencode({'pool': pool})}&new=1"
        count = _DAYS if kind == "invitation" else _MINUTES
        return written(chosen(language, *wanted), kind, pool=pool_name, link=link, name=name, count=count)

    return write
