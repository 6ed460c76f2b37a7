"""Where a one-use sign-in link leads."""

from ground.clock import SystemClock
from ground.sql import Database
from identity.links import TTL_S, Links
from identity.tokens import Member

SIGN_IN_PATH = "/sign-in"


async def sign_in_url(
    db: Database, base: str, pool: str, role: Member, subject: str, name: str = "", *, ttl_s: int = TTL_S
) -> str:
    """A link below `base` that signs `subject` in, once, within `ttl_s` seconds.

    The token stands behind the #: browsers send it to no server, no log and no Referer; the page posts it.
    """
    token = await Links(db).create(pool, role, subject, name, now=SystemClock().now_ms(), ttl_s=ttl_s)
    return f"{base.rstrip('/')}{SIGN_IN_PATH}#{token}"
