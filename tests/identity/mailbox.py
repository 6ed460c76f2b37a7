"""What tests of identity need of mail: a writer whose text is the token, and a look into the outbox."""

from ground.sql import Database
from identity.accounts import Kind
from mail.outbox import Kept, Outbox


def write(kind: Kind, language: str, token: str, name: str) -> tuple[str, str]:
    return f"{kind} {language} {name}", token


async def mails(db: Database, pool: str = "demo") -> list[Kept]:
    """The mails of a pool, the oldest first."""
    found, _more = await Outbox(db).page(pool)
    return found[::-1]


async def last_token(db: Database, pool: str = "demo", to: str = "") -> str:
    """The link of the last mail in a pool, to an address if one is given."""
    return [mail for mail in await mails(db, pool) if to in ("", mail.to)][-1].text
