"""The tickets that were used. One is kept until it would be over anyhow."""

import sqlalchemy as sa

from ground.ids import new_id
from ground.sql import Tx, metadata, put_once

used_tickets = sa.Table(
    "used_tickets",
    metadata,
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("used_by", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
sa.Index(None, used_tickets.c.until)


async def use(tx: Tx, ticket: str, until: int) -> bool:
    """True for the first who uses it."""
    use = new_id("use")
    await put_once(tx, used_tickets, [{"ticket": ticket, "used_by": use, "until": until}])
    query = sa.select(used_tickets.c.used_by).where(used_tickets.c.ticket == ticket)
    return (await tx.execute(query)).scalar() == use


async def tidy(tx: Tx, now: int) -> None:
    """Forget those that are over."""
    await tx.execute(sa.delete(used_tickets).where(used_tickets.c.until < now))
